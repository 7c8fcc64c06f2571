import type { NodeContext, NodeServices, Sandbox } from './define.ts'
import { Engine } from './engine.ts'
import type { Answer, Waits } from './activation.ts'
import type { Chunk, Entry, Failure, TerminalEntry } from './journal.ts'
import type { Json, JsonObject, Values } from './json.ts'
import type { Recall, ResultStore } from './known.ts'
import type { Limits } from './limits.ts'
import type { Plan } from './plan.ts'

/** What the engine reaches the world through. */
export interface RunHost {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after this time; rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Resolves after the event loop has turned: the engine lets others work at least every 5 ms. */
  turn(): Promise<void>
  readonly services: NodeServices
  readonly sandbox: Sandbox
  readonly fetch: NodeContext['fetch']
  /** Results kept between runs, for nodes with `reuse`. */
  readonly results?: ResultStore
}

/** An activation about to run, or a pure node about to be evaluated for one, with what it reads. */
export interface Observed {
  readonly activation: string
  /** With the path of sub-spells around it. */
  readonly node: string
  readonly scope?: string | undefined
  readonly inputs: Values
  /** Number of the last entry before it. */
  readonly seq: number
}

export interface RunOptions {
  readonly run: string
  readonly spell: string
  readonly revision: number
  /** Id of the user whose run it is. */
  readonly user: string
  readonly plan: Plan
  /** As {@link checkInputs} answers them. */
  readonly inputs: Values
  /** The spell's state now. */
  readonly state?: JsonObject
  /** A whole number: what `ctx.random` derives from. */
  readonly seed: number
  /** Begin at this `flow/start` only: its name, or the node's id. */
  readonly startAt?: string
  /** Of a run that branches off another: which, and after which entry. What was at work there then is simply run here. */
  readonly fork?: { readonly run: string; readonly seq: number }
  /** Outputs to give in place of running a node, by its path. */
  readonly pins?: Readonly<Record<string, Pin>>
  /** Results of an earlier run to take over. */
  readonly recall?: Recall
  /** Paths of nodes to pause before. */
  readonly breakpoints?: Iterable<string>
  /** What has been recorded so far: it is followed to its end, then the run goes on for real. */
  readonly journal?: readonly Entry[]
  /** Takes every new entry, in order, as it happens. Must not throw. */
  append(entry: Entry): void
  /** The digest of the journal up to this terminal entry (which has none yet). Absent: it gets none. */
  digest?(terminal: TerminalEntry): string
  /** Resolves when this entry cannot be lost any more: awaited before an `unsafe` or `keyed` node runs. */
  durable?(seq: number): Promise<void>
  chunk?(chunk: Chunk): void
  observe?(observed: Observed): void
  readonly host: RunHost
  readonly limits?: Partial<Limits>
}

/** What a node gives in place of running. */
export interface Pin {
  readonly outputs: JsonObject
  /** Flow outputs to fire. Absent: the usual ones. */
  readonly pulses?: readonly string[]
}

/** Something a run waits for. */
export interface WaitingFor extends Waits {
  readonly activation: string
  /** With the path of sub-spells around it. */
  readonly node: string
}

/**
 * What a run is about. `working`: something is ready or at work. All others go on from outside only and can be put aside meanwhile: `paused`;
 * `waiting` for an answer or a moment; `listening` for messages.
 */
export type Standing = 'working' | 'paused' | 'waiting' | 'listening' | 'ended'

/** A run at work. What it is asked may be refused with a {@link RunRefusal}: then nothing has changed. */
export interface Run {
  /** The entry that ended it. Rejects only for a {@link DivergenceError} or a bug. */
  readonly done: Promise<TerminalEntry>
  /** Number of the last entry. */
  readonly seq: number
  readonly standing: Standing
  /** Whether no activation starts at the moment. */
  readonly paused: boolean
  /** Resolves when the journal it began with has been followed to its end: only then it can be asked anything but to end. */
  readonly live: Promise<void>
  /** Whether what it is asked takes effect within the call. Else it does after some turns of the event loop. */
  readonly admits: boolean
  /** All that it waits for. */
  readonly waits: readonly WaitingFor[]
  /** When the first of its waits is over without an answer, milliseconds since 1970. */
  readonly wakesAt: number | undefined
  /** Ends it as cancelled, unless it has ended. */
  cancel(reason: string): void
  /** Ends it as failed, unless it has ended: for limits that only the host can see. */
  fail(failure: Failure): void
  /** Stops starting anything, unless it is paused. */
  pause(): void
  /** Goes on, unless it is not paused. `step`: up to the next activation. */
  play(step?: boolean): void
  /** From now on these, in place of those it had. Of a paused run: from when it is played. */
  setBreakpoints(nodes: Iterable<string>): void
  /** Ends a wait (`run.waiting`). */
  answer(activation: string, answer: Answer): void
  /** Sends a message to the sources of this name. */
  send(name: string, message: Json): void
  /** Starts nothing more, and notes nothing of it: what is at work ends and is recorded, then the run can be abandoned with nothing interrupted. */
  hold(): void
  /** Whether something is at work that costs or does something outside: it had better end before the run is abandoned. */
  readonly isBusy: boolean
  /** Stops working at once and appends nothing more; what was recorded can be resumed elsewhere. */
  abandon(): void
}

/** Starts a run, or resumes one from its journal. Works at once, within this call, as far as nodes answer at once. */
export function startRun(options: RunOptions): Run {
  const engine = new Engine(options)
  engine.start()
  return engine
}
