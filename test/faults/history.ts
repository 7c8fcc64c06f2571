// What is written down while faults happen: by each client, by the servers outside, and by the database, which is the oracle.

/** What one client's application was told, and what came over its wires, in order. */
export type ClientEvent =
  /** The application was told of entries: their numbers and texts. */
  | { readonly kind: 'told'; readonly run: string; readonly seq: number; readonly text: string }
  /** The application was told that the run has ended and was verified. */
  | { readonly kind: 'completed'; readonly run: string; readonly lastSeq: number; readonly digest: string }
  /** A new connection is open. */
  | { readonly kind: 'connected'; readonly connection: number }
  /** A frame `run.entry`. No text: the entry does not fit the frame. */
  | {
      readonly kind: 'frame'
      readonly connection: number
      readonly run: string
      readonly attempt: number
      readonly seq: number
      readonly text: string | undefined
    }
  /** A frame `run.resync`, or that the client asks for the run from a position of its own: what came before counts no more. */
  | { readonly kind: 'anew'; readonly connection: number; readonly run: string }
  /** A command was confirmed. */
  | { readonly kind: 'confirmed'; readonly run: string; readonly command: Command; readonly activation?: string }

export type Command = 'start' | 'pause' | 'answer' | 'cancel' | 'fork'

export interface ClientHistory {
  readonly client: string
  readonly user: string
  readonly events: readonly ClientEvent[]
}

/** A run as it is in the database. */
export interface StoredRun {
  readonly id: string
  readonly owner: string
  readonly spell: string
  readonly status: string
  readonly attempt: number
  readonly lastSeq: number
  readonly digest: string
  readonly ended: boolean
  /** The texts of its entries, 1 first. */
  readonly texts: readonly string[]
}

/** What the database held at one moment. */
export interface Sample {
  /** Milliseconds, of a clock that nobody sets. */
  readonly at: number
  readonly runs: ReadonlyMap<string, StoredRun>
  /** Runs that are `running` and nobody holds a lease for. */
  readonly orphans: readonly string[]
}

/** Something that was asked of a server outside. */
export interface Effect {
  readonly kind: 'completion' | 'send'
  readonly key: string
  readonly request: string
  /** Whether the whole answer was handed over. */
  answered: boolean
}

/** What a process said on standard error. */
export interface Said {
  readonly process: string
  readonly line: string
}

/** All of it. */
export interface History {
  readonly clients: readonly ClientHistory[]
  readonly samples: readonly Sample[]
  readonly effects: readonly Effect[]
  readonly said: readonly Said[]
  /** Users by name: their ids. */
  readonly users: ReadonlyMap<string, string>
  /** What the state of spells must add up to, by spell: the number of completed runs that each add one. */
  readonly counters: ReadonlyMap<string, { readonly expected: number; readonly found: number }>
}

/** The last sample: what is there in the end. */
export function finalSample({ samples }: History): Sample {
  const last = samples.at(-1)
  if (!last) throw new Error('the database was never looked at')
  return last
}
