import type { NewRun, RunBatch } from '#services/spell-runner/runs/commit.ts'
import type { Committable } from '#services/spell-runner/runs/committer.ts'
import type { Channel } from '#services/spell-runner/runs/publisher.ts'

/** Entries of a run that were committed together, and the numbers of the events that they are. */
export interface Committed {
  readonly first: number
  readonly texts: readonly string[]
  readonly events: readonly number[]
}

/** A run that is told what to write; it is stored with its first entry. */
export class DrivenRun implements Committable {
  readonly channel: Channel
  readonly #onCommitted: (committed: Committed) => void
  #texts: string[] = []
  #events: number[] = []
  #taken: Committed = { first: 1, texts: [], events: [] }
  /** The number of the entry that was added last. */
  last = 0

  constructor(channel: Channel, onCommitted: (committed: Committed) => void) {
    this.channel = channel
    this.#onCommitted = onCommitted
  }

  add(event: number, text: string): void {
    const seq = ++this.last
    const position = `{"seq":${seq},"at":${Date.now()},"kind":"node.log","node":"say","activation":"0123456789abcdef"`
    this.#texts.push(`${position},"level":"info","text":"${text}"}`)
    this.#events.push(event)
  }

  take(limit: number): RunBatch | undefined {
    const { run } = this.channel
    const [texts, events] = [this.#texts.splice(0, limit), this.#events.splice(0, limit)]
    if (texts.length === 0) return undefined
    const previous = this.last - this.#texts.length - texts.length
    this.#taken = { first: previous + 1, texts, events }
    const make = previous === 0 ? this.#make() : undefined
    return { run, attempt: 1, previous, texts, make, change: undefined, state: [], blobs: [] }
  }

  /** Whether there is more than was taken. */
  get isWaiting(): boolean {
    return this.#texts.length > 0
  }

  committed(): void {
    this.#onCommitted(this.#taken)
  }

  refused(): never {
    throw new Error(`the entries of ${this.channel.run} were refused`)
  }

  unfit(error: unknown): never {
    throw error
  }

  #make(): NewRun {
    const { owner, spell } = this.channel
    return {
      ...{ owner, spell, revision: 1, draft: null, library: '{}', limits: '{}', mode: '{}', inputs: '{}' },
      ...{ session: '', keeps_state: false, started_at: Date.now() },
    }
  }
}
