// The session protocol `spellmesh.v1`: JSON-RPC 2.0 in WebSocket text frames. Types only the wire knows; see docs/protocol.md.
import type { Chunk, Entry } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import type { Problem } from '#graph/document.ts'

/** The WebSocket subprotocol, and the path it is served on. */
export const SUBPROTOCOL = 'spellmesh.v1'
export const SESSION_PATH = '/v1/session'

/** A spell as REST and the session show it. */
export interface SpellRecord {
  readonly id: string
  readonly revision: number
  readonly name: string
  readonly description: string
  readonly createdAt: number
  readonly updatedAt: number
  /** A `spell/1` document; absent in lists. */
  readonly document?: JsonObject
}

export type RunStatus = 'running' | 'paused' | 'waiting' | 'completed' | 'failed' | 'cancelled'

/** A run as REST and the session show it. */
export interface RunRecord {
  readonly id: string
  readonly spellId: string
  readonly spellRevision: number
  readonly status: RunStatus
  readonly inputs: JsonObject
  readonly outputs: JsonObject
  readonly error?: { readonly code: string; readonly message: string; readonly node: string }
  readonly lastSeq: number
  readonly digest: string
  readonly attempt: number
  readonly startedAt: number
  /** 0 until ended. */
  readonly endedAt: number
  /** The run that it branched off, and after which entry; empty and 0, or absent: none. */
  readonly forkedFrom?: string
  readonly forkedAt?: number
}

/** What a node is to give in place of running. */
export interface PinRecord {
  readonly outputs: JsonObject
  /** Flow outputs to fire. Absent: the usual ones. */
  readonly pulses?: readonly string[]
}

/** How a run is started, beside its inputs. */
export interface RunOptions {
  /** What becomes of it when the socket is gone. Absent: `cancel`, after a while. */
  readonly onDetach?: 'finish' | 'cancel'
  /** In place of the stored state of the spell; nothing is stored then. */
  readonly state?: JsonObject
  readonly limits?: {
    readonly activations?: number
    readonly wallClockMs?: number
    readonly tokens?: number
    /** US dollars. */
    readonly cost?: number
  }
  /** Begin at this `flow/start` only: its name, or its node's id. */
  readonly startAt?: string
  /** By node. */
  readonly pins?: Readonly<Record<string, PinRecord>>
  /** Nodes to pause before. */
  readonly breakpoints?: readonly string[]
}

/** What ends something that a run waits for. */
export interface AnswerRecord {
  readonly activation: string
  /** Absent: `answer`, to a question. Of an interrupted node: `retry`, `use` or `fail`. Of a wait for a moment: `expired`. */
  readonly choice?: 'answer' | 'retry' | 'use' | 'fail' | 'expired'
  readonly value?: Json
  /** Of `use`. */
  readonly outputs?: JsonObject
}

/** Where a client stands in a run. */
export interface Position {
  readonly run: string
  readonly attempt: number
  readonly seq: number
  /** The run's spell. Where it is named, resuming takes one step less. */
  readonly spell?: string
}

/** What the client calls: method → parameters and result. */
export interface Calls {
  'session.connect': {
    params: {
      ticket?: string
      token?: string
      client: { name: string; version: string }
      resume?: readonly Position[]
      open?: readonly string[]
    }
    result: {
      session: string
      user: string
      /** Answers to `open`, in order: the spell, or why not. */
      opened: readonly ({ spell: SpellRecord; runs: readonly RunRecord[] } | { spell: string; error: RpcError })[]
      /** Answers to `resume`, in order. What was missed follows as `run.entry`, or as `run.resync`. */
      resumed: readonly ({ run: string; lastSeq: number; ended: boolean } | { run: string; error: RpcError })[]
      limits: { frameBytes: number; commandsPerSecond: number; openSpells: number; ackEntries: number; ackMs: number }
    }
  }
  /** Asks whether the server is still there. */
  'session.ping': { params: Record<string, never>; result: Record<string, never> }
  'session.refresh': { params: { ticket?: string; token?: string }; result: { expiresInMs: number } }
  'spell.open': {
    params: { spell: string; revision?: number }
    result: { spell: SpellRecord; runs: readonly RunRecord[] }
  }
  /** Gives the session an unsaved document (null: back to the stored one). */
  'spell.edit': { params: { spell: string; draft: JsonObject | null }; result: { problems: readonly Problem[] } }
  'spell.close': { params: { spell: string }; result: Record<string, never> }
  /** The session watches the run from its first entry on. A spell that is not open is opened. */
  'run.start': {
    params: { spell: string; inputs?: JsonObject; options?: RunOptions }
    /** `ignoredPins`: those of nodes that are not there. */
    result: { run: RunRecord; ignoredPins: readonly string[] }
  }
  /**
   * Starts a run that branches off another of this user: after entry `seq`, or (without) with all of its results that apply. The spell is the session's, with its draft.
   * `from`: this node and what depends on it run anew. The session watches it from its first entry on.
   */
  'run.fork': {
    params: {
      run: string
      seq?: number
      from?: string
      options?: Pick<RunOptions, 'onDetach' | 'limits' | 'pins' | 'breakpoints'>
    }
    /** `followed`: the journal up to `seq` is its beginning. `recalled`: results were taken over one by one. */
    result: { run: RunRecord; ignoredPins: readonly string[]; how: 'followed' | 'recalled' }
  }
  'run.pause': { params: { run: string }; result: Record<string, never> }
  /** `step`: up to the next activation. `breakpoints`: in place of those it has. */
  'run.play': {
    params: { run: string; step?: boolean; breakpoints?: readonly string[] }
    result: Record<string, never>
  }
  'run.answer': { params: { run: string } & AnswerRecord; result: Record<string, never> }
  /** To the sources of a played run that go by this name. */
  'run.send': { params: { run: string; name: string; message: Json }; result: Record<string, never> }
  'run.cancel': { params: { run: string }; result: Record<string, never> }
  'run.watch': { params: { run: string; after?: number }; result: { run: RunRecord } }
  'run.unwatch': { params: { run: string }; result: Record<string, never> }
  'run.ack': { params: { run: string; seq: number }; result: Record<string, never> }
}
export type CallName = keyof Calls

/** What the server notifies of. */
export interface Notifications {
  /** An entry over the frame limit comes without `entry`: the client reads it from `GET /v1/runs/{run}/entries`. */
  'run.entry': { run: string; attempt: number; seq: number; entry?: Entry }
  'run.chunk': Chunk & { run: string }
  /** Each second for an active run that is watched; and once when a run of an open spell starts elsewhere. */
  'run.head': { run: string; spell: string; attempt: number; seq: number }
  /** Nothing more comes for this run until the client watches it again, from the position of `GET /v1/runs/{run}/state`. */
  'run.resync': { run: string; reason: string }
  'session.expiring': { inMs: number }
  'session.drain': { reconnectAfterMs: number }
  'session.revoked': Record<string, never>
  'spell.changed': { spell: string; revision: number; by: string }
}
export type NotificationName = keyof Notifications

/** A JSON-RPC error. `data.reason` is a gRPC status name in upper case, or one of the protocol's own: `NOT_CONNECTED`, `RATE`, `UNKNOWN_METHOD`. */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data: {
    readonly reason: string
    readonly retry: boolean
    readonly field?: string
    readonly problems?: readonly Problem[]
  }
}

/** WebSocket close codes. */
export const CLOSE = {
  drain: 1012,
  protocol: 4400,
  expired: 4401,
  forbidden: 4403,
  slow: 4008,
  tooBig: 4009,
  overloaded: 4013,
  rate: 4029,
} as const
