import type { NodeContext, NodeServices, Sandbox } from './define.ts'
import { Engine } from './engine.ts'
import type { Chunk, Entry, Failure, TerminalEntry } from './journal.ts'
import type { JsonObject, Values } from './json.ts'
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
  /** What has been recorded so far: it is followed to its end, then the run goes on for real. */
  readonly journal?: readonly Entry[]
  /** Takes every new entry, in order, as it happens. Must not throw. */
  append(entry: Entry): void
  /** The digest of the journal up to this terminal entry (which has none yet). Absent: it gets none. */
  digest?(terminal: TerminalEntry): string
  /** Resolves when this entry cannot be lost any more: awaited before an `unsafe` node runs. */
  durable?(seq: number): Promise<void>
  chunk?(chunk: Chunk): void
  observe?(observed: Observed): void
  readonly host: RunHost
  readonly limits?: Partial<Limits>
}

/** A run at work. */
export interface Run {
  /** The entry that ended it. Rejects only for a {@link DivergenceError} or a bug. */
  readonly done: Promise<TerminalEntry>
  /** Number of the last entry. */
  readonly seq: number
  /** Whether all that is left waits for a person. */
  readonly parked: boolean
  /** Ends it as cancelled, unless it has ended. */
  cancel(reason: string): void
  /** Ends it as failed, unless it has ended: for limits that only the host can see. */
  fail(failure: Failure): void
  /** Decides about an interrupted `unsafe` node (`run.waiting`). Answers whether there was such a one. */
  answer(activation: string, choice: 'retry' | 'use' | 'fail', outputs?: JsonObject): boolean
  /** Stops working at once and appends nothing more; what was recorded can be resumed elsewhere. */
  abandon(): void
}

/** Starts a run, or resumes one from its journal. Works at once, within this call, as far as nodes answer at once. */
export function startRun(options: RunOptions): Run {
  const engine = new Engine(options)
  engine.start()
  return engine
}
