import type { NodeDocument, SpellDocument } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'

/** One thing in which a spell differs from what its original would be imported as. */
export interface Difference {
  /** As in `nodes.say.config.template`. */
  readonly path: string
  readonly node?: string
  readonly before: Json | undefined
  readonly after: Json | undefined
  /** Why it can have no place in any original. */
  readonly reason?: string
}

/**
 * Lists them, without places on the canvas. There are two ways to import the same original, with the models that it names and without: what is as in
 * either of them does not differ.
 */
export function differences(
  spell: SpellDocument,
  [first, second]: readonly [SpellDocument, SpellDocument],
): readonly Difference[] {
  const found: Difference[] = []
  compare('name', spell.name, [first.name, second.name], undefined, found)
  compare('description', spell.description, [first.description, second.description], undefined, found)
  for (const id of new Set([...Object.keys(first.nodes), ...Object.keys(spell.nodes)]))
    compareNodes(id, nodeOf(spell, id), [nodeOf(first, id), nodeOf(second, id)], found)
  compareWires(spell, first, found)
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json
  compare('state', plain(spell.state), [plain(first.state), plain(second.state)], undefined, found)
  const texts = ({ notes }: SpellDocument) => notes.map(({ text }) => text)
  compare('notes', texts(spell), [texts(first), texts(second)], undefined, found)
  return found
}

function nodeOf({ nodes }: SpellDocument, id: string): NodeDocument | undefined {
  return Object.hasOwn(nodes, id) ? nodes[id] : undefined
}

function compareNodes(
  id: string,
  now: NodeDocument | undefined,
  [first, second]: readonly [NodeDocument | undefined, NodeDocument | undefined],
  found: Difference[],
): void {
  const path = `nodes.${id}`
  if (!now || !first) {
    const reason = now ? 'it is new' : 'it was removed, and stays in the original'
    if (now || first) found.push({ path, node: id, before: undefined, after: undefined, reason })
    return
  }
  // What could not run here was kept under another type.
  const type = now.type === `missing/${first.type}` ? first.type : now.type
  const plain = (node: NodeDocument) => {
    const { at: _, ...rest } = node
    return JSON.parse(JSON.stringify(rest)) as Json
  }
  compare(path, plain({ ...now, type }), [plain(first), plain(second ?? first)], id, found)
}

function compareWires({ wires }: SpellDocument, { wires: before }: SpellDocument, found: Difference[]): void {
  const show = ([from, to]: readonly [string, string]) => `${from} → ${to}`
  const [now, then] = [new Set(wires.map(show)), new Set(before.map(show))]
  const add = (path: string, reason: string) => found.push({ path, before: undefined, after: undefined, reason })
  for (const wire of now) if (!then.has(wire)) add(`the wire ${wire}`, 'it is new')
  for (const wire of then) if (!now.has(wire)) add(`the wire ${wire}`, 'it was removed, and stays in the original')
}

/** Down to single values; lists of different lengths as a whole. */
function compare(
  path: string,
  now: Json | undefined,
  [first, second]: readonly [Json | undefined, Json | undefined],
  node: string | undefined,
  found: Difference[],
): void {
  if (isSame(now, first) || isSame(now, second)) return
  const own = node === undefined ? {} : { node }
  if (isObject(now) && isObject(first)) {
    const other = isObject(second) ? second : first
    for (const key of new Set([...Object.keys(first), ...Object.keys(now)]))
      compare(`${path}.${key}`, at(now, key), [at(first, key), at(other, key)], node, found)
  } else if (Array.isArray(now) && Array.isArray(first) && now.length === first.length) {
    const other = Array.isArray(second) && second.length === now.length ? (second as readonly Json[]) : first
    now.forEach((value: Json, index) =>
      compare(`${path}[${index}]`, value, [first[index] as Json, other[index] as Json], node, found),
    )
  } else found.push({ path, ...own, before: first, after: now })
}

function at(object: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Whether two values are the same, whatever the order of their keys. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one: Json, index) => isSame(one, b[index] as Json))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && isSame(a[key], b[key]))
}
