import type { Schema } from './define.ts'
import type { Json, JsonObject } from './json.ts'

/** What a node or a run reports of its failure. */
export interface Failure {
  /** Upper-case word, e.g. `NO_VALUE`, `TIMEOUT`, `UNAVAILABLE`, `INTERNAL`. */
  readonly code: string
  readonly message: string
  /** The node that failed, where one did. */
  readonly node?: string
}

interface Base {
  /** 1, 2, 3 …: gapless within a run. */
  readonly seq: number
  /** Milliseconds since 1970. Of entries that are written in one go, up to eight share a reading of the clock. */
  readonly at: number
}

interface Activated extends Base {
  readonly node: string
  /** 16 hex digits, derived from the activation's cause: the same in every replay. */
  readonly activation: string
  /** The scope it runs in; absent: the run's own. 16 hex digits. */
  readonly scope?: string
}

export interface RunStarted extends Base {
  readonly kind: 'run.started'
  readonly run: string
  readonly spell: string
  readonly revision: number
  readonly inputs: JsonObject
  /** The spell's state as it was read at the start. */
  readonly state: JsonObject
  readonly seed: number
  /** The `flow/start` it began at, by name or node; absent: the usual ones. */
  readonly startAt?: string
  /** The run that it branched off, and after which entry of it. */
  readonly fork?: { readonly run: string; readonly seq: number }
}
/** Written for a node that does not answer at once, and before any `unsafe` one; a node that answers at once has only its end. */
export interface NodeStarted extends Activated {
  readonly kind: 'node.started'
  /** 1, 2 …: of the retry policy. Absent: 1. */
  readonly attempt?: number
}
/** A pure node was evaluated for the activation named here (its consumer's). */
export interface NodeValue extends Activated {
  readonly kind: 'node.value'
  readonly outputs: JsonObject
}
/** A node gave one of several results. */
export interface NodeEmitted extends Activated {
  readonly kind: 'node.emitted'
  /** 0, 1, 2 … within the activation. */
  readonly index: number
  readonly outputs: JsonObject
  readonly pulses: readonly string[]
}
export interface NodeEnded extends Activated {
  readonly kind: 'node.ended'
  readonly outputs: JsonObject
  /** Flow outputs that fired. */
  readonly pulses: readonly string[]
  readonly usage?: Usage
  /** It did not run: its result was known from before. */
  readonly cached?: boolean
  /** With `cached`: a person has set the result, and the inputs were not even read. */
  readonly pinned?: boolean
}
export interface Usage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly model?: string
  /** US dollars. */
  readonly cost?: number
}
export interface NodeFailed extends Activated {
  readonly kind: 'node.failed'
  readonly attempt: number
  readonly error: Failure
  /** False: it is tried again. True: its `error` output fires, or the run fails. */
  readonly final: boolean
  /** With `final`: the flow outputs that fired. */
  readonly pulses?: readonly string[]
}
export interface NodeLogged extends Activated {
  readonly kind: 'node.log'
  readonly level: LogLevel
  readonly text: string
  readonly value?: Json
}
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
/** Takes effect with the end of its activation. */
export interface StateChanged extends Activated {
  readonly kind: 'state.changed'
  readonly key: string
  readonly value: Json
}
/** A scope node opened a child scope: an iteration, or a sub-spell call. */
export interface ScopeOpened extends Activated {
  readonly kind: 'scope.opened'
  /** The new scope. `activation`, `node` and `scope` are the scope node's. */
  readonly opened: string
  readonly index: number
  /** What the scope node shows inside: `item`, `index` … or the sub-spell's inputs. */
  readonly values: JsonObject
}
/**
 * The activation waits for something outside the run. `interrupted`: it must not be repeated without a person's word, and nobody knows how far it came.
 * `question`: it asks a person. `time`: it waits for a moment.
 */
export interface RunWaiting extends Activated {
  readonly kind: 'run.waiting'
  readonly reason: 'interrupted' | 'question' | 'time'
  readonly prompt?: string
  /** JSON Schema of the answer. */
  readonly form?: Schema
  /** When it goes on without an answer, milliseconds since 1970. */
  readonly until?: number
}
/**
 * What ended a wait. `retry`, `use` (these outputs) and `fail` decide about an interrupted node; `answer` and `expired` end the others. `dropped`: nobody
 * wants to know any more, because what was around it has failed.
 */
export interface RunAnswered extends Activated {
  readonly kind: 'run.answered'
  readonly choice: AnswerChoice
  /** Of `use`. */
  readonly outputs?: JsonObject
  /** Of `answer`. */
  readonly value?: Json
}
export type AnswerChoice = 'retry' | 'use' | 'fail' | 'answer' | 'expired' | 'dropped'
/** From here on no activation starts; what is at work ends and is recorded. */
export interface RunPaused extends Base {
  readonly kind: 'run.paused'
  readonly reason: 'asked' | 'breakpoint' | 'step'
  /** The node that is about to run, of a breakpoint or a step; with the path of sub-spells. */
  readonly before?: string
}
/** It goes on; of a run that was not paused: it has other breakpoints from here on. */
export interface RunResumed extends Base {
  readonly kind: 'run.resumed'
  /** Up to the next activation only. */
  readonly step?: true
  /** Paths of the nodes to pause before from here on. Absent: as before. */
  readonly breakpoints?: readonly string[]
}
interface Terminal extends Base {
  /** This entry's own number: the run has entries 1 to lastSeq. */
  readonly lastSeq: number
  /** The digest of entries 1 to lastSeq, where the journal keeps one; of this entry, the text without the digest. */
  readonly digest?: string
}
export interface RunCompleted extends Terminal {
  readonly kind: 'run.completed'
  readonly outputs: JsonObject
  /** The keys of the state that changed, with their last values. */
  readonly state: JsonObject
}
export interface RunFailed extends Terminal {
  readonly kind: 'run.failed'
  readonly error: Failure
}
export interface RunCancelled extends Terminal {
  readonly kind: 'run.cancelled'
  readonly reason: string
  /** Of a played run, which ends no other way: its outputs, and the keys of the state that changed. */
  readonly outputs?: JsonObject
  readonly state?: JsonObject
}

/** One durable event of a run. */
export type Entry =
  | RunStarted
  | NodeStarted
  | NodeValue
  | NodeEmitted
  | NodeEnded
  | NodeFailed
  | NodeLogged
  | StateChanged
  | ScopeOpened
  | RunWaiting
  | RunAnswered
  | RunPaused
  | RunResumed
  | RunCompleted
  | RunFailed
  | RunCancelled

/** An entry that ends the run. */
export type TerminalEntry = RunCompleted | RunFailed | RunCancelled

/** Whether nothing comes after this entry. */
export function isTerminal(entry: Entry): entry is TerminalEntry {
  return entry.kind === 'run.completed' || entry.kind === 'run.failed' || entry.kind === 'run.cancelled'
}

/** A piece of streamed text or a progress report; never journaled, the latest wins, the node's end carries the whole. */
export interface Chunk {
  readonly node: string
  readonly activation: string
  /** Characters of text before this piece, or 0 for progress. */
  readonly offset: number
  readonly text: string
  /** 0 to 1, for progress. */
  readonly fraction?: number
}
