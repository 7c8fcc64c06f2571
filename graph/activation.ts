import type { Frame } from './frame.ts'
import { toHex } from './hash.ts'
import type { RunAnswered, RunWaiting } from './journal.ts'
import type { Json, Values } from './json.ts'
import type { PlanNode } from './plan.ts'

/** What an activation waits for, as `run.waiting` tells it. */
export type Waits = Pick<RunWaiting, 'reason' | 'prompt' | 'form' | 'until'>
/** What ended its wait, as `run.answered` tells it. */
export type Answer = Pick<RunAnswered, 'choice' | 'outputs' | 'value'>

/** One time that a node runs. Its identity follows from its cause alone, never from when it happened. */
export class Activation {
  readonly node: PlanNode
  readonly frame: Frame
  readonly high: number
  readonly low: number
  /** The node whose flow output caused it. */
  readonly cause: PlanNode | undefined
  /** The flow input it came in by. */
  readonly socket: string
  /** What the cause gave when it fired: it may have given something else since. */
  readonly given: Values
  #id: string | undefined
  /** What it was started with. */
  inputs: Values | undefined
  /** 1, 2 …: of the retry policy. */
  attempt = 1
  /** Emissions recorded so far. */
  emitted = 0
  /** Changes of state that take effect with its end. */
  declare writes: Map<string, Json> | undefined
  /** Random numbers drawn. */
  drawn = 0
  /** Characters streamed. */
  streamed = 0
  declare controller: AbortController | undefined
  /** Raised with each attempt: an answer to an earlier one is ignored. */
  turn = 0
  /** Between a failed attempt and the next. */
  backingOff = false
  /** What it waits for outside the run; undefined: nothing. */
  declare waits: Waits | undefined
  declare answer: Answer | undefined
  /** A source that is fed from outside. */
  declare listening: true | undefined
  /** A breakpoint stopped before it: not again. */
  declare passed: boolean | undefined

  constructor(
    node: PlanNode,
    frame: Frame,
    high: number,
    low: number,
    cause: PlanNode | undefined,
    socket: string,
    given: Values,
  ) {
    this.node = node
    this.frame = frame
    this.high = high
    this.low = low
    this.cause = cause
    this.socket = socket
    this.given = given
  }

  /** As entries name it: 16 hex digits. */
  get id(): string {
    return (this.#id ??= toHex(this.high, this.low))
  }

  /** The node's id as entries name it: with the path of sub-spells around it. */
  get path(): string {
    return this.frame.prefix === '' ? this.node.id : this.frame.prefix + this.node.id
  }
}
