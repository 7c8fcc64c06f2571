import type { Chunk, Entry, Failure } from '#graph/journal.ts'

interface Stream {
  /** Not shown yet. */
  text: string
  ended: boolean
  /** What its next line begins with; empty while it is in the middle of one. */
  head: string
}

/**
 * Shows what a run says while it goes on: console lines, and text as it streams, each with its node in front. Of nodes that stream at the same time one is
 * shown live; the others follow when it has ended.
 */
export class Console {
  readonly #write: (text: string) => void
  /** What streams, by activation; the first is on the screen. */
  readonly #streams = new Map<string, Stream>()

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  chunk({ activation, node, text, fraction }: Chunk): void {
    if (fraction !== undefined) {
      if (text !== '') this.#line(`${node}: ${Math.round(fraction * 100)} % ${text}`)
      return
    }
    const stream = this.#streams.get(activation) ?? { text: '', ended: false, head: `${node}: ` }
    this.#streams.set(activation, stream)
    stream.text += text
    this.#show()
  }

  entry(entry: Entry): void {
    if (entry.kind === 'node.log') {
      const value = entry.value === undefined ? '' : ` ${JSON.stringify(entry.value)}`
      this.#line(`${entry.node}: ${entry.level === 'info' ? '' : `${entry.level}: `}${entry.text}${value}`)
    } else if (entry.kind === 'node.ended' || entry.kind === 'node.failed') this.#finish(entry)
    else if ('lastSeq' in entry) this.end()
  }

  #finish(entry: Extract<Entry, { kind: 'node.ended' | 'node.failed' }>): void {
    const stream = this.#streams.get(entry.activation)
    if (stream) stream.ended = true
    this.#show()
    if (entry.kind === 'node.failed' && !entry.final)
      this.#line(`${entry.node}: attempt ${entry.attempt} failed and is repeated: ${entry.error.message}`)
  }

  #show(): void {
    for (const [activation, stream] of this.#streams) {
      if (stream.text !== '') {
        this.#write(stream.head + stream.text)
        stream.head = stream.text = ''
      }
      if (!stream.ended) return
      if (stream.head === '') this.#write('\n')
      this.#streams.delete(activation)
    }
  }

  /** A line of its own: what streams goes on below it. */
  #line(text: string): void {
    const [first] = this.#streams
    if (first && first[1].head === '') {
      this.#write('\n')
      first[1].head = '… '
    }
    this.#write(`${text}\n`)
  }

  /** Nothing streams any more. */
  end(): void {
    for (const stream of this.#streams.values()) stream.ended = true
    this.#show()
  }
}

/** A failure in a sentence. */
export function describeFailure({ code, message, node }: Failure): string {
  return `failed: ${code}${node === undefined ? '' : ` in node "${node}"`}: ${message}`
}
