import { parse, stringify } from 'yaml'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { Original, Slot } from '../importer.ts'
import { ImportError } from '../importer.ts'
import { slotsAt, valueAt, withAt } from '../slots.ts'
import { convertProject } from './convert.ts'

/** Keys of a node's data that may be absent where nothing was set. */
const KEYS = [
  'text',
  'promptText',
  'defaultValue',
  'model',
  'temperature',
  'maxTokens',
  'stop',
  'joinString',
  'delimiter',
  'delay',
  'url',
  'body',
  'code',
  'value',
]

/** A project of Rivet, for the way back. What is changed in its sub-spells is not in there: they are spells of their own. */
export function rivetOriginal(kept: Json): Original {
  const text = typeof kept === 'string' ? kept : Array.isArray(kept) ? kept.join('') : undefined
  const value = text === undefined ? kept : (parse(text, { logLevel: 'error', uniqueKeys: false }) as Json)
  const [main] = convertProject(value, { family: '' })
  const base = isObject(valueAt(value, ['data', 'nodes'])) ? ['data'] : ['data', 'graphs', main.graph.id]
  const ids = new Map(Array.from(main.places, ([foreign, { id }]) => [id, foreign] as const))
  const keyOf = (document: Json, foreign: string) =>
    Object.entries(nodesOf(document, base)).find(
      ([key, node]) =>
        key.startsWith(`[${foreign}]:`) || (isObject(node) && node['id'] === foreign && !key.startsWith('[')),
    )?.[0]
  const comments = main.graph.nodes.filter(({ type }) => type === 'comment').map(({ id }) => id)
  const dataOf = (document: Json, foreign: string) => {
    const key = keyOf(document, foreign)
    return key === undefined ? [] : slotsAt(document, [...base, 'nodes', key, 'data'], KEYS)
  }
  return {
    value,
    // The other spells keep their names where this one gets another.
    convert: (document, knowsModels) =>
      convertProject(document, { family: main.document.name, ...(knowsModels ? {} : { models: [] }) })[0].document,
    slots(document, path, node) {
      if (node === undefined)
        return path.startsWith('notes')
          ? comments.flatMap(id => dataOf(document, id))
          : [
              ...slotsAt(document, ['data', 'metadata'], []),
              ...slotsAt(document, [...base, 'metadata'], ['description']),
            ]
      const owner = [...ids.keys()]
        .filter(id => node === id || node.startsWith(`${id}-`))
        .toSorted((a, b) => b.length - a.length)[0]
      const foreign = owner === undefined ? undefined : ids.get(owner)
      if (foreign === undefined) return []
      return [...dataOf(document, foreign), ...titleOf(document, base, keyOf(document, foreign), foreign)]
    },
    move(document, node, by) {
      const foreign = ids.get(node)
      const key = foreign === undefined ? undefined : keyOf(document, foreign)
      return key === undefined ? undefined : moved(document, [...base, 'nodes', key, 'visualData'], by)
    },
    write: document =>
      text === undefined ? document : document === value ? text : stringify(document, null, { indent: 2 }),
  }
}

function nodesOf(document: Json, base: readonly string[]): JsonObject {
  const nodes = valueAt(document, [...base, 'nodes'])
  if (!isObject(nodes)) throw new ImportError([{ path: [...base, 'nodes'].join('.'), message: 'expected an object' }])
  return nodes
}

/** `x/y/width/…`. */
function moved(document: Json, path: readonly string[], [x, y]: readonly [number, number]): Json | undefined {
  const place = valueAt(document, path)
  if (typeof place !== 'string') return undefined
  const [left = '', top = '', ...rest] = place.split('/')
  const sum = [Number.parseFloat(left) + x, Number.parseFloat(top) + y]
  return sum.every(Number.isFinite) ? withAt(document, path, [...sum, ...rest].join('/')) : undefined
}

/** Version 4 has the title in the node's key, and beside every edge to it. */
function titleOf(document: Json, base: readonly string[], key: string | undefined, id: string): readonly Slot[] {
  const named = /^(\[[^\]]+\]:\S+ )"([^]*)"$/.exec(key ?? '')
  if (key === undefined) return []
  if (!named) return slotsAt(document, [...base, 'nodes', key, 'title'], [])
  const [, head = '', title = ''] = named
  const put = (to: Json) => {
    if (typeof to !== 'string' || to === '') return document
    const nodes = Object.entries(nodesOf(document, base)).map(([one, node]) => [
      one === key ? `${head}"${to}"` : one,
      relabelled(node, `->"${title}" ${id}/`, `->"${to}" ${id}/`),
    ])
    return withAt(document, [...base, 'nodes'], Object.fromEntries(nodes) as JsonObject)
  }
  return [
    { value: title, put },
    { value: undefined, put },
  ]
}

function relabelled(node: Json | undefined, before: string, after: string): Json {
  if (!isObject(node) || !Array.isArray(node['outgoingConnections'])) return node ?? null
  const edges = (node['outgoingConnections'] as readonly Json[]).map(edge =>
    typeof edge === 'string' && edge.includes(before) ? edge.replace(before, () => after) : edge,
  )
  return { ...node, outgoingConnections: edges }
}
