import type { Log } from './log.ts'

/** How a process ends: drain first, then what services registered, then what the host opened; each last registered first. */
export interface Lifetime {
  /** Aborts when the end begins. */
  readonly draining: AbortSignal
  /** What a service does before the end, within the drain time. */
  onStop(owner: string, stop: () => Promise<void> | void): void
  /** What the host closes afterwards, always. */
  onClose(owner: string, close: () => Promise<void> | void): void
  /** Ends; never rejects. The second call waits for the first. */
  stop(): Promise<void>
}

interface Step {
  readonly owner: string
  readonly run: () => Promise<void> | void
}

/** Begins a lifetime whose drain takes at most `drainMs`. */
export function createLifetime(log: Log, drainMs: number): Lifetime {
  const controller = new AbortController()
  const stops: Step[] = []
  const closes: Step[] = []
  let ended: Promise<void> | undefined

  const end = async () => {
    controller.abort()
    const late = AbortSignal.timeout(drainMs)
    for (const step of stops.toReversed()) await runStep(step, log, late)
    for (const step of closes.toReversed()) await runStep(step, log)
  }

  return {
    draining: controller.signal,
    onStop: (owner, run) => void stops.push({ owner, run }),
    onClose: (owner, run) => void closes.push({ owner, run }),
    stop: () => (ended ??= end()),
  }
}

async function runStep({ owner, run }: Step, log: Log, late?: AbortSignal): Promise<void> {
  const done = Promise.resolve()
    .then(run)
    .catch((error: unknown) => log.error({ error, owner }, 'stopping failed'))
  if (!late) return done
  let onLate = () => {}
  const lateness = new Promise<void>(resolve => {
    onLate = () => {
      log.warn({ owner }, 'stopping took longer than the drain time')
      resolve()
    }
    if (late.aborted) setImmediate(onLate)
    else late.addEventListener('abort', onLate)
  })
  await Promise.race([done, lateness])
  late.removeEventListener('abort', onLate)
}
