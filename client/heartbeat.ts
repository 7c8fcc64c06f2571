/** How long a connection may be silent before it is asked, and how long the answer may take; in milliseconds. */
export interface HeartbeatTimes {
  readonly silenceMs: number
  readonly answerMs: number
}

export const HEARTBEAT: HeartbeatTimes = { silenceMs: 20_000, answerMs: 10_000 }

/** Finds out that a connection has died without a word: after silence it asks, and gives up when nothing comes. Begins at once. */
export interface Heartbeat {
  /** Something came. */
  heard(): void
  stop(): void
}

export function createHeartbeat(
  { silenceMs, answerMs }: HeartbeatTimes,
  ask: () => void,
  giveUp: () => void,
): Heartbeat {
  let heardAt = Date.now()
  let timer: ReturnType<typeof setTimeout>
  const listen = (ms: number) => {
    timer = setTimeout(() => {
      const leftMs = heardAt + silenceMs - Date.now()
      if (leftMs > 0) return listen(leftMs)
      // A computer that slept finds its clock far ahead: the question decides, not the time that has passed.
      const askedAt = Date.now()
      ask()
      timer = setTimeout(() => (heardAt < askedAt ? giveUp() : listen(silenceMs)), answerMs)
    }, ms)
  }
  listen(silenceMs)
  return {
    heard() {
      heardAt = Date.now()
    },
    stop: () => clearTimeout(timer),
  }
}
