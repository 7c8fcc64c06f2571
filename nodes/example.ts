import type { Json, JsonObject } from '#graph/json.ts'

/**
 * An example of a node type: a small spell that a stranger learns the node from, and what comes of it. One file each, beside the node:
 * `text/join.example.json`. `examples.test.ts` runs every one.
 */
export interface NodeExample {
  readonly title: string
  /** What one sees, in a sentence. */
  readonly about: string
  /** A `spell/1` document. */
  readonly spell: JsonObject
  /** Beside the defaults of its inputs. */
  readonly inputs: JsonObject
  /** Exactly these, but for those that are `recorded`: they differ from run to run. */
  readonly outputs: JsonObject
  readonly recorded?: readonly string[]
  /** What a person answers, in order. */
  readonly answers?: readonly { readonly node: string; readonly value: Json }[]
  /** What is sent to its sources, one after the other; then the run is stopped. */
  readonly messages?: readonly { readonly name: string; readonly message: Json }[]
  /** It hears what is told while it runs, which nobody tells again: such a run is not taken up in the middle. */
  readonly live?: boolean
  /** The spells that it uses, by name: `spell/1` documents. */
  readonly library?: Readonly<Record<string, JsonObject>>
  /** What the web answers: `GET https://…` → status and value. The addresses stand for ones of your own. */
  readonly web?: Readonly<Record<string, { readonly status: number; readonly json: Json }>>
}
