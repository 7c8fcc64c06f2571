import type { Session } from '../session/context.ts'

/** One server-sent event. */
export interface StreamEvent {
  readonly name: string
  readonly text: string
}

/** Reads server-sent events from pieces of text, wherever they are cut. Comments and unknown fields are skipped. */
export function createEventReader(): (piece: string) => readonly StreamEvent[] {
  let rest = ''
  return piece => {
    rest += piece
    const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/)
    rest = blocks.pop() ?? ''
    return blocks.flatMap(block => {
      let name = 'message'
      const lines: string[] = []
      for (const line of block.split(/\r\n|\n|\r/)) {
        const [, field = '', value = ''] = /^(\w+):? ?(.*)$/.exec(line) ?? []
        if (field === 'event') name = value
        if (field === 'data') lines.push(value)
      }
      return lines.length > 0 ? [{ name, text: lines.join('\n') }] : []
    })
  }
}

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

export interface Follower {
  onEvent(name: string, value: unknown): void
  /** It listens (again): what happened meanwhile has to be asked for. */
  onOpen(): void
}

/** Follows a stream of server-sent events until the returned function is called; a broken one is opened anew. */
export function followEvents(session: Session, path: string, { onEvent, onOpen }: Follower): () => void {
  const ending = new AbortController()
  const { signal } = ending
  const follow = async () => {
    let pause = FIRST_PAUSE_MS
    while (!signal.aborted) {
      try {
        await listen(session, path, signal, onEvent, () => {
          pause = FIRST_PAUSE_MS
          onOpen()
        })
      } catch {
        // The panels say what they cannot load; this one comes back by itself.
      }
      await pauseFor(pause * (0.5 + Math.random()), signal)
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
    }
  }
  void follow()
  return () => ending.abort()
}

async function listen(
  { token }: Session,
  path: string,
  signal: AbortSignal,
  onEvent: Follower['onEvent'],
  onOpen: () => void,
): Promise<void> {
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${await token()}` }
  const answer = await fetch(path, { headers, signal })
  if (!answer.ok || !answer.body) throw new Error(`${path} was answered by ${answer.status}`)
  onOpen()
  const read = createEventReader()
  const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read())
    for (const { name, text } of read(piece.value)) onEvent(name, JSON.parse(text))
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
