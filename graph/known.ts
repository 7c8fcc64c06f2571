import type { Activation } from './activation.ts'
import type { Usage } from './journal.ts'
import type { Json, Values } from './json.ts'
import type { PlanNode } from './plan.ts'

/** How an activation ended, where it did. */
export interface KnownEnd {
  readonly outputs: Values
  readonly pulses: readonly string[]
  readonly usage?: Usage
}

/** What an activation gave in an earlier run. */
export interface KnownResult {
  readonly emissions: readonly KnownEnd[]
  /** Undefined: it had not ended. */
  readonly end: KnownEnd | undefined
  /** Changes of the state that took effect with its end. */
  readonly writes: readonly (readonly [key: string, value: Json])[]
}

/** Results kept between runs, for nodes that the document marks with `reuse`. */
export interface ResultStore {
  get(key: string): Promise<KnownEnd | undefined>
  put(key: string, end: KnownEnd): void
}

/** What must be the same for a result to be the same. */
export function resultKey({ node, inputs }: Activation): string {
  return JSON.stringify([node.type.type, node.type.version ?? 1, node.config, inputs])
}

/** What an earlier run knows of an activation; {@link recall} makes it. */
export type Recall = (activation: string, path: string, node: PlanNode, inputs: Values) => KnownResult | undefined
