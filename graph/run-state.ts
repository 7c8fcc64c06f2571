import type { StateDeclaration } from './document.ts'
import type { Json, JsonObject } from './json.ts'

/** The spell's state as one run sees it (rule 13). */
export class RunState {
  readonly #values = new Map<string, Json>()
  readonly #changed = new Set<string>()

  /** Starts from what was read, and from what the document declares where nothing was. */
  open(read: JsonObject, declared: Readonly<Record<string, StateDeclaration>>): void {
    for (const [key, value] of Object.entries(read)) this.#values.set(key, value)
    for (const [key, { initial }] of Object.entries(declared))
      if (initial !== undefined && !this.#values.has(key)) this.#values.set(key, initial)
  }

  get(key: string): Json | undefined {
    return this.#values.get(key)
  }

  all(): JsonObject {
    return Object.fromEntries(this.#values)
  }

  /** Lets an activation's changes take effect. */
  commit(writes: ReadonlyMap<string, Json> | undefined): void {
    if (!writes) return
    for (const [key, value] of writes) {
      this.#values.set(key, value)
      this.#changed.add(key)
    }
  }

  /** The changed keys with their last values. */
  changes(): JsonObject {
    return Object.fromEntries([...this.#changed].map(key => [key, this.#values.get(key) ?? null]))
  }
}
