import type { Activation } from './activation.ts'
import type { NodeContext, NodeServices, Sandbox } from './define.ts'
import { finish, fractionOf } from './hash.ts'
import type { Json, JsonObject, Values } from './json.ts'
import type { LogLevel } from './journal.ts'
import type { PlanNode } from './plan.ts'

/** What a context needs of the engine. */
export interface ContextHost {
  readonly run: string
  readonly user: string
  readonly seed: number
  readonly host: {
    now(): number
    sleep(ms: number, signal: AbortSignal): Promise<void>
    readonly services: NodeServices
    readonly sandbox: Sandbox
    readonly fetch: NodeContext['fetch']
  }
  readonly state: { get(key: string): Json | undefined; all(): JsonObject }
  log(activation: Activation, node: PlanNode, level: LogLevel, text: string, value: Json | undefined): void
  chunk(activation: Activation, offset: number, text: string, fraction: number | undefined): void
}

/** Of nodes whose `run` does not take it. */
const NO_CONTEXT = Object.freeze({}) as NodeContext

/** The context of one attempt, where the node looks at it: to make one takes as long as a small node. */
export function contextOf(engine: ContextHost, activation: Activation, node: PlanNode): NodeContext {
  return node.wantsContext ? new Context(engine, activation, node) : NO_CONTEXT
}

/** The context of one attempt. Its members are getters: they cost nothing until asked for, and may be taken apart. */
export class Context implements NodeContext {
  readonly #engine: ContextHost
  readonly #activation: Activation
  readonly #node: PlanNode
  readonly #turn: number

  constructor(engine: ContextHost, activation: Activation, node: PlanNode) {
    this.#engine = engine
    this.#activation = activation
    this.#node = node
    this.#turn = activation.turn
  }

  get config(): JsonObject {
    return this.#node.config
  }
  get node(): string {
    return this.#node.id
  }
  get run(): string {
    return this.#engine.run
  }
  get user(): string {
    return this.#engine.user
  }
  get signal(): AbortSignal {
    return (this.#activation.controller ??= new AbortController()).signal
  }
  get services(): NodeServices {
    return this.#engine.host.services
  }
  get sandbox(): Sandbox {
    return this.#engine.host.sandbox
  }
  get fetch(): NodeContext['fetch'] {
    return this.#engine.host.fetch
  }
  get idempotencyKey(): string {
    return `${this.#engine.run}:${this.#activation.id}`
  }
  get state(): NodeContext['state'] {
    const activation = this.#activation
    return {
      get: key => (activation.writes?.has(key) ? activation.writes.get(key) : this.#engine.state.get(key)),
      set: (key, value) => {
        if (this.#isCurrent()) (activation.writes ??= new Map()).set(key, value)
      },
      all: () => ({ ...this.#engine.state.all(), ...(activation.writes && Object.fromEntries(activation.writes)) }),
    }
  }
  get log() {
    return (level: LogLevel, text: string, value?: Json): void => {
      if (this.#isCurrent()) this.#engine.log(this.#activation, this.#node, level, text, value)
    }
  }
  get token() {
    return (text: string): void => {
      if (!this.#isCurrent() || text === '') return
      this.#engine.chunk(this.#activation, this.#activation.streamed, text, undefined)
      this.#activation.streamed += text.length
    }
  }
  get progress() {
    return (fraction: number, text = ''): void => {
      if (this.#isCurrent()) this.#engine.chunk(this.#activation, 0, text, Math.min(1, Math.max(0, fraction)))
    }
  }
  get random() {
    return (): number => {
      const { high, low } = this.#activation
      const drawn = finish(this.#engine.seed + Math.imul(++this.#activation.drawn, 0x85ebca6b))
      return fractionOf(high ^ Math.imul(low, 0x9e3779b1) ^ drawn)
    }
  }
  get now() {
    return (): number => this.#engine.host.now()
  }
  get sleep() {
    return (ms: number): Promise<void> => this.#engine.host.sleep(ms, this.signal)
  }

  get emitted(): number {
    return this.#activation.emitted
  }
  get given(): Values {
    const { frame, node } = this.#activation
    return frame.latest(node)
  }

  /** A node may hold on to its context after its end: nothing it does then counts. */
  #isCurrent(): boolean {
    return this.#activation.turn === this.#turn
  }
}
