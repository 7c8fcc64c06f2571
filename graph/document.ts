import type { Json, JsonObject } from './json.ts'

/** The name and version of the format. */
export const FORMAT = 'spell/1'

/** A wire: `["<node>.<output socket>", "<node>.<input socket>"]`. Whether it is flow or data follows from its sockets. */
export type Wire = readonly [from: string, to: string]

/** How a failing node is tried again (rule 7). Back-off doubles from `delayMs`, with full jitter. */
export interface RetryPolicy {
  /** All attempts together; 1 means no retry. */
  readonly attempts?: number
  readonly delayMs?: number
  /** Per attempt; 0 or absent: none but the run's own. */
  readonly timeoutMs?: number
}

/** One node of a spell. */
export interface NodeDocument {
  /** `group/name`: the file of the node type. */
  readonly type: string
  /** Version of the node type that the config was written for; absent: 1. */
  readonly version?: number
  readonly title?: string
  readonly config?: JsonObject
  /** Literals for inputs that are not wired. */
  readonly values?: JsonObject
  readonly retry?: RetryPolicy
  /** Whether results are kept, and given again for the same type, config and inputs, in later runs as well. */
  readonly reuse?: boolean
  /** Position on the canvas, in pixels: x right, y down. */
  readonly at?: readonly [number, number]
}

/** Where a key of the spell's state lives: this run, the browser session, or the user's copy of the spell. */
export type StateScope = 'run' | 'session' | 'spell'

/** A declared key of the state. An undeclared key has scope `spell` and no initial value. */
export interface StateDeclaration {
  readonly scope?: StateScope
  readonly initial?: Json
}

/** A note on the canvas, Markdown. */
export interface Note {
  readonly text: string
  readonly at?: readonly [number, number]
  readonly size?: readonly [number, number]
}

/** A spell: what people draw, what is stored, what runs. JSON, with stable key order on save. */
export interface SpellDocument {
  readonly format: typeof FORMAT
  readonly name: string
  readonly description: string
  readonly nodes: Readonly<Record<string, NodeDocument>>
  readonly wires: readonly Wire[]
  readonly state: Readonly<Record<string, StateDeclaration>>
  readonly notes: readonly Note[]
  /** What the document was imported from, kept for lossless re-export. */
  readonly origin?: { readonly format: string; readonly document: Json }
}

/** One thing that is wrong with a document, an input or a request. */
export interface Problem {
  /** Where, e.g. `nodes.say.config.template` or `wires[2]`. */
  readonly path: string
  /** What is wrong and what was expected; lower case, no full stop. */
  readonly message: string
  /** The node concerned, where there is one. */
  readonly node?: string
}
