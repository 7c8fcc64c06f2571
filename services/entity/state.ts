import { foldName } from './names.ts'

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** What an entity is at a time, without its relations. */
export interface EntityState {
  readonly kind: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly about: string
  readonly attributes: JsonObject
}

/** What one change sets; null removes an attribute. */
export interface Patch {
  readonly kind?: string
  readonly name?: string
  readonly aliases?: readonly string[]
  readonly about?: string
  readonly attributes?: JsonObject
}

/** A change of what an entity is. */
export interface StateChange {
  readonly version: number
  readonly at: number
  readonly patch: Patch
}

const NOTHING: EntityState = { kind: '', name: '', aliases: [], about: '', attributes: {} }

/** The state after each change, in the order of `at`, and of the changes where that is the same. Before its first kind or name is told, it has the first that is. */
export function foldChanges(
  changes: readonly StateChange[],
): readonly { readonly change: StateChange; readonly state: EntityState }[] {
  const ordered = changes.toSorted((a, b) => a.at - b.at || a.version - b.version)
  const kind = ordered.find(({ patch }) => patch.kind !== undefined)?.patch.kind ?? ''
  const name = ordered.find(({ patch }) => patch.name !== undefined)?.patch.name ?? ''
  let state: EntityState = { ...NOTHING, kind, name }
  return ordered.map(change => ({ change, state: (state = applyPatch(state, change.patch)) }))
}

/** The state with a patch. */
export function applyPatch(state: EntityState, { attributes, ...rest }: Patch): EntityState {
  const next = { ...state, ...rest }
  const merged = new Map(Object.entries(state.attributes))
  for (const [key, value] of Object.entries(attributes ?? {}))
    if (value === null) merged.delete(key)
    else merged.set(key, value)
  return { ...next, aliases: withoutRepeats(next), attributes: Object.fromEntries(merged) }
}

/** The part of a patch that makes a state another one. */
export function reducePatch(state: EntityState, patch: Patch): Patch {
  const after = applyPatch(state, patch)
  const changed = Object.entries(patch.attributes ?? {}).filter(
    ([key, value]) => !isSame(value, (Object.hasOwn(state.attributes, key) ? state.attributes[key] : null) ?? null),
  )
  return {
    ...(after.kind === state.kind ? {} : { kind: after.kind }),
    ...(after.name === state.name ? {} : { name: after.name }),
    ...(patch.aliases === undefined || isSame(after.aliases, state.aliases) ? {} : { aliases: patch.aliases }),
    ...(after.about === state.about ? {} : { about: after.about }),
    ...(changed.length === 0 ? {} : { attributes: Object.fromEntries(changed) }),
  }
}

/** The fields that a patch sets: `name`, `attributes.city`. */
export function fieldsOf({ attributes = {}, ...rest }: Patch): readonly string[] {
  return [...Object.keys(rest), ...Object.keys(attributes).map(key => `attributes.${key}`)]
}

/** What removes all attributes but those that are given. */
export function replacing(state: EntityState, attributes: JsonObject): JsonObject {
  const removed = Object.keys(state.attributes).map(key => [key, null] as const)
  return Object.fromEntries([...removed, ...Object.entries(attributes)])
}

/** Other names, each once, and not its name again. */
function withoutRepeats({ name, aliases }: Pick<EntityState, 'name' | 'aliases'>): readonly string[] {
  const seen = new Set([foldName(name)])
  return aliases.filter(alias => {
    const folded = foldName(alias)
    return !seen.has(folded) && seen.add(folded)
  })
}

/** Whether two JSON values say the same, whatever the order of their keys. */
export function isSame(one: Json, other: Json): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [a, b] = [Object.entries(one), new Map(Object.entries(other))]
  return a.length === b.size && a.every(([key, value]) => b.has(key) && isSame(value, b.get(key) ?? null))
}
