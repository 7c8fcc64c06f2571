import type { JsonObject } from '#graph/json.ts'

const key = (spell: string) => `spellmesh.inputs.${spell}`

/** What a spell's inputs were when it was run by hand last. */
export function remembered(spell: string): JsonObject {
  try {
    return (JSON.parse(localStorage.getItem(key(spell)) ?? '{}') as JsonObject | null) ?? {}
  } catch {
    return {}
  }
}

/** Keeps them for the next time. */
export function remember(spell: string, inputs: JsonObject): void {
  if (Object.keys(inputs).length > 0) localStorage.setItem(key(spell), JSON.stringify(inputs))
}

const suggested = new Map<string, JsonObject>()

/** What a tab's spell may be tried with, where nobody has run it yet. */
export function suggestInputs(tab: string, inputs: JsonObject): void {
  suggested.set(tab, inputs)
}
export function suggestedFor(tab: string): JsonObject {
  return suggested.get(tab) ?? {}
}
