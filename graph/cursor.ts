import type { Entry } from './journal.ts'

/** The journal does not follow from this plan: the spell, its inputs or the engine changed. */
export class DivergenceError extends Error {
  readonly seq: number
  constructor(seq: number, message: string) {
    super(`the journal diverges at entry ${seq}: ${message}`)
    this.seq = seq
  }
}

/** Reads a journal from its first entry on. Checks that numbers are gapless. */
export class Cursor {
  readonly #entries: readonly Entry[]
  #position = 0

  constructor(entries: readonly Entry[]) {
    this.#entries = entries
  }

  peek(): Entry | undefined {
    return this.#entries[this.#position]
  }

  /** Takes the next entry, which must be there. */
  take(): Entry {
    const entry = this.#entries[this.#position]
    if (!entry) throw new DivergenceError(this.#position + 1, 'there is no such entry')
    if (entry.seq !== this.#position + 1) throw new DivergenceError(this.#position + 1, `found number ${entry.seq}`)
    this.#position++
    return entry
  }

  /** Entries taken. */
  get taken(): number {
    return this.#position
  }
}

/** A replay that must not go on for real has come to the end of its journal. */
export class JournalExhausted extends Error {}
