import type { Json, JsonObject, Values } from './json.ts'
import type { LogLevel, Usage } from './journal.ts'

/** Types of data sockets. `array<T>` names its element. */
export type DataType = BaseType | `array<${BaseType}>`
type BaseType =
  | 'any'
  | 'string'
  | 'number'
  | 'boolean'
  | 'object'
  | 'array'
  | 'image'
  | 'audio'
  | 'file'
  | 'document'
  | 'message'
  | 'event'
  | 'embedding'

/** A data socket. */
export interface Socket {
  readonly type: DataType
  readonly title?: string
  readonly about?: string
  /** An input: without a value the node fails. */
  readonly required?: boolean
  /** An input: used where nothing is wired or the producer has not run. */
  readonly default?: Json
  /** An input of a scope node that is read inside each child scope: before its body runs, or after. */
  readonly pull?: 'before' | 'after'
  /** An output of a scope node that only its child scopes see. */
  readonly inside?: boolean
}
export type Sockets = Readonly<Record<string, Socket>>

/** All sockets of a node under one config. Every node but a pure one also has the flow output `error` and the data output `failure`. */
export interface NodeSockets {
  readonly inputs: Sockets
  readonly outputs: Sockets
  readonly flow: { readonly in: readonly string[]; readonly out: readonly string[] }
}

/** The subset of JSON Schema that describes a config: enough to check it and to draw a form from it. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean'
  readonly title?: string
  readonly description?: string
  readonly default?: Json
  readonly enum?: readonly Json[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  /** How the editor shows a string: `template`, `code`, `model`, `regex`, `multiline`, `spell`. */
  readonly format?: string
}

export type NodeKind = 'pure' | 'action' | 'source' | 'scope' | 'join'
/** `pure`: recompute freely. `idempotent`: may be retried with the same key. `unsafe`: never repeated without a person's word. */
export type Effect = 'pure' | 'idempotent' | 'unsafe'

/** Clients of the services, by name. `nodes/services.ts` declares them; the graph itself knows none. */
export interface NodeServices {}

/**
 * Runs user code in a process without credentials or network. `code` is the text of an expression that gives a function, which may be async: it is called
 * with `args`, and what it returns is answered as JSON (`undefined` as null). Rejects with a {@link NodeFailure}: `CODE_ERROR` with what the code threw
 * and where, `TIMEOUT`, `MEMORY`.
 */
export interface Sandbox {
  run(code: string, args: readonly Json[], options: { signal: AbortSignal; timeoutMs?: number }): Promise<Json>
}

/** All that a node may touch. */
export interface NodeContext<Config = JsonObject> {
  /** Checked against the node type's schema, with its defaults filled in. */
  readonly config: Config
  /** The node's id in the document. */
  readonly node: string
  readonly run: string
  /** Id of the user whose run this is. */
  readonly user: string
  /** Aborts when the run is cancelled or fails elsewhere, and at the attempt's timeout. */
  readonly signal: AbortSignal
  readonly services: NodeServices
  readonly sandbox: Sandbox
  /** The guarded client for requests to the outside. */
  readonly fetch: (
    url: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string; signal?: AbortSignal },
  ) => Promise<{
    status: number
    headers: Record<string, string>
    text(): Promise<string>
  }>
  /** The spell's state: reads see this run's writes; writes take effect with the node's end. */
  readonly state: { get(key: string): Json | undefined; set(key: string, value: Json): void; all(): JsonObject }
  /** The same for every attempt at this activation. */
  readonly idempotencyKey: string
  log(level: LogLevel, text: string, value?: Json): void
  /** Streams the next piece of the text that the node's end will carry as a whole. */
  token(text: string): void
  /** Tells how far the node is: 0 to 1. */
  progress(fraction: number, text?: string): void
  /** 0 ≤ x < 1, from the run's seed: the same in every attempt and replay. */
  random(): number
  now(): number
  /** Resolves after this time, rejects when the signal aborts. */
  sleep(ms: number): Promise<void>
  /** Results of this activation that are recorded already: a generator that `continues` goes on after them. */
  readonly emitted: number
  /** The latest outputs of this node where it runs, as they are recorded: what a generator that `continues` gave last. Large ones are references. */
  readonly given: Values
}

/** What a run waits for, outside of it: a person's answer, or only that time passes. */
export interface Wait {
  /** What a person is asked, Markdown. */
  readonly prompt?: string
  /** The shape of the answer. Absent: nobody is asked. */
  readonly form?: Schema
  /** When it is over without an answer, milliseconds since 1970. Absent: never. */
  readonly until?: number
}

/** How a wait came to its end. */
export type WaitEnd = { readonly kind: 'answered'; readonly value: Json } | { readonly kind: 'expired' }

/** What a node answers. */
export interface NodeResult {
  /** Values by output socket. An absent one keeps what it had. */
  readonly outputs?: Values
  /** Flow outputs to fire. Absent: `out` (an emission: `each`; a generator's end: `done`) where the node has it. */
  readonly pulse?: string | readonly string[]
  readonly usage?: Usage
  /** Not a result yet: the run waits, costs nothing meanwhile, and then asks the type's `afterWait`. */
  readonly wait?: Wait
}

/** Several results, then the last one. */
export type NodeEmissions = AsyncGenerator<NodeResult, NodeResult | undefined | void>
export type NodeAnswer = NodeResult | undefined | void | Promise<NodeResult | undefined | void> | NodeEmissions

/** How a scope node runs its body: one child scope after the other, or several at once. */
export interface ScopeDriver {
  /** Child scopes open at the same time; at least 1. */
  readonly concurrency: number
  /** What child scope `index` sees of the scope node, or undefined when there are no more. `previous`: what the one before left in the `after` inputs. */
  next(index: number, previous: Values | undefined): Values | undefined
  /** With the `before` inputs as read inside the child scope: whether its body runs. False ends the loop. */
  enter?(values: Values): boolean
  /** The scope node's own result, from the `after` inputs of every child scope in order of index. */
  end(results: readonly Values[]): NodeResult
}

/** A node type. One file each under `nodes/`; its name is its path. */
export interface NodeDefinition<Inputs = any, Config = any> {
  /** Raised when the meaning of a config changes; absent: 1. */
  readonly version?: number
  readonly title: string
  /** What it does, one or two sentences of Markdown. */
  readonly about: string
  readonly kind: NodeKind
  /** Absent: `pure` for pure nodes, `unsafe` for all others. */
  readonly effect?: Effect
  /**
   * Of an `idempotent` action or source: what it calls outside knows its key. One key must stand for one request, so its inputs are stored before it runs:
   * after a crash it asks the same again.
   */
  readonly keyed?: boolean
  /** A lucide icon name, e.g. `git-branch`. */
  readonly icon?: string
  readonly config?: Schema
  readonly inputs?: Sockets
  readonly outputs?: Sockets
  readonly flow?: { readonly in?: readonly string[]; readonly out?: readonly string[] }
  /** Further sockets that follow from the config. Must accept any config. */
  derive?(config: Config): {
    inputs?: Sockets
    outputs?: Sockets
    flow?: { in?: readonly string[]; out?: readonly string[] }
  }
  /** More than the schema can say of a config: messages by path below `config`, e.g. `{ path: 'template', message: '…' }`. */
  check?(config: Config): readonly { path: string; message: string }[]
  /** Pure, action and source nodes. May throw {@link NodeFailure}. One that declares only `inputs` is given no context. */
  run?(inputs: Inputs, context: NodeContext<Config>): NodeAnswer
  /** The result of an activation whose wait is over. */
  afterWait?(end: WaitEnd, inputs: Inputs, context: NodeContext<Config>): NodeAnswer
  /** A source fed from outside: what a message sent to it under its name (`config.name`, else its id) gives. A {@link NodeFailure} refuses the message. */
  receive?(message: Json, config: Config): NodeResult
  /** Its generator begins after the results that are recorded already ({@link NodeContext.emitted}), instead of repeating them. */
  readonly continues?: boolean
  /** Scope nodes. */
  scope?(inputs: Inputs, context: NodeContext<Config>): ScopeDriver
  /** Join nodes: whether all wires into `in` must have fired, or any one. */
  waitsFor?(config: Config): 'all' | 'any'
  /** What the engine itself does for this type. */
  readonly role?: 'start' | 'input' | 'output' | 'exit' | 'sub-spell'
}

/** A node type with its name. */
export interface NodeType extends NodeDefinition {
  readonly type: string
}
/** All known node types by name. */
export type Registry = ReadonlyMap<string, NodeType>

/** Declares a node type; types its inputs by its static sockets and its config by its schema. */
export function defineNode<const I extends Sockets = {}, const C extends Schema = { type: 'object' }>(
  definition: Omit<NodeDefinition<InputsOf<I>, ConfigOf<C>>, 'inputs' | 'config'> & {
    readonly inputs?: I
    readonly config?: C
  },
): NodeDefinition {
  return definition as NodeDefinition
}

/** A failure that a node reports of itself: its code and message reach the user as they are. */
export class NodeFailure extends Error {
  readonly code: string
  /** Whether another attempt could succeed. */
  readonly retry: boolean
  constructor(code: string, message: string, options: { retry?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.retry = options.retry ?? true
  }
}

interface ValueOf {
  any: Json
  string: string
  number: number
  boolean: boolean
  object: JsonObject
  array: readonly Json[]
}
type TypeOf<T extends DataType> = T extends keyof ValueOf
  ? ValueOf[T]
  : T extends `array<${infer E}>`
    ? readonly (E extends keyof ValueOf ? ValueOf[E] : Json)[]
    : Json
type InputsOf<I extends Sockets> = {
  readonly [K in keyof I]: I[K] extends { required: true } | { default: Json }
    ? TypeOf<I[K]['type']>
    : TypeOf<I[K]['type']> | undefined
} & { readonly [other: string]: Json | undefined }

type ConfigOf<C extends Schema> = C extends { properties: infer P extends Readonly<Record<string, Schema>> }
  ? {
      readonly [K in keyof P]: P[K] extends { default: Json }
        ? PropertyOf<P[K]>
        : C extends { required: readonly (infer R)[] }
          ? K extends R
            ? PropertyOf<P[K]>
            : PropertyOf<P[K]> | undefined
          : PropertyOf<P[K]> | undefined
    }
  : JsonObject
type PropertyOf<S extends Schema> = S extends { enum: readonly (infer E)[] }
  ? E
  : S['type'] extends 'string'
    ? string
    : S['type'] extends 'number' | 'integer'
      ? number
      : S['type'] extends 'boolean'
        ? boolean
        : S['type'] extends 'array'
          ? readonly (S extends { items: infer T extends Schema } ? PropertyOf<T> : Json)[]
          : S['type'] extends 'object'
            ? JsonObject
            : Json
