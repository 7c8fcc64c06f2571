import type { SpellDocument } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { Converted, ImportOptions, Original, Slot } from '../importer.ts'
import { slotsAt, valueAt, withAt } from '../slots.ts'

/** Keys of a node's data that may be absent where nothing was set. */
const KEYS = [
  'name',
  'defaultValue',
  'fewshot',
  'code',
  '_var',
  'separator',
  'temp',
  'temperature',
  'maxTokens',
  'stop',
  'modelName',
  'model',
  'interval',
  'match',
  'replace',
  'delimiter',
  'value',
]

/** A document of Thoth or Magick, for the way back. */
export function reteOriginal(
  value: Json,
  convert: (document: unknown, options?: ImportOptions) => Converted,
): Original {
  const under = isObject(value) && isObject(value['chain']) ? 'chain' : 'graph'
  const keys = Object.keys((valueAt(value, [under, 'nodes']) ?? {}) as object)
  // The report tells of nodes in the order in which the document has them.
  const nodes = new Map(convert(value).report.nodes.map(({ node }, index) => [node, keys[index] ?? ''] as const))
  const keyOf = (node: string) => {
    const owner = [...nodes.keys()]
      .filter(id => node === id || node.startsWith(`${id}-`))
      .toSorted((a, b) => b.length - a.length)[0]
    return owner === undefined ? undefined : nodes.get(owner)
  }
  return {
    value,
    convert: (document, knowsModels): SpellDocument => convert(document, knowsModels ? {} : { models: [] }).document,
    slots(document, path, node) {
      if (node === undefined) return ownSlots(document, path)
      const key = keyOf(node)
      return key === undefined ? [] : slotsAt(document, [under, 'nodes', key, 'data'], KEYS)
    },
    move(document, node, [x, y]) {
      const key = nodes.get(node)
      const path = [under, 'nodes', key ?? '', 'position']
      const at = valueAt(document, path)
      if (key === undefined || !Array.isArray(at)) return undefined
      const [left, top] = at.map(Number)
      return withAt(document, path, [(left ?? 0) + x, (top ?? 0) + y])
    },
    write: document => document,
  }
}

/** The name, and values of the state; those that are new, too. */
function ownSlots(document: Json, path: string): readonly Slot[] {
  const under =
    isObject(valueAt(document, ['gameState'])) || !isObject(valueAt(document, ['state'])) ? 'gameState' : 'state'
  const state = valueAt(document, [under]) ?? {}
  const [, key] = /^state\.([^.]+)$/.exec(path) ?? []
  const put = (to: Json) =>
    isObject(to) && to['initial'] !== undefined && key !== undefined
      ? withAt(document, [under], { ...(isObject(state) ? state : {}), [key]: to['initial'] })
      : document
  return [
    ...slotsAt(document, ['name'], []),
    ...slotsAt(document, [under], []),
    ...(key === undefined ? [] : [{ value: undefined, put }]),
  ]
}
