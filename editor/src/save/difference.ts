import type { SpellDocument } from '#graph/document.ts'

/** One difference of two versions: a field of a node, a wire, or of the spell. */
export interface Difference {
  readonly where: string
  readonly mine: string
  readonly theirs: string
}

/** What differs, by node and field. */
export function differencesOf(mine: SpellDocument, theirs: SpellDocument): readonly Difference[] {
  const found: Difference[] = []
  const note = (where: string, a: unknown, b: unknown) => {
    const [one, other] = [show(a), show(b)]
    if (one !== other) found.push({ where, mine: one, theirs: other })
  }
  note('name', mine.name, theirs.name)
  note('description', mine.description, theirs.description)
  for (const id of new Set([...Object.keys(mine.nodes), ...Object.keys(theirs.nodes)])) {
    const [a, b] = [mine.nodes[id], theirs.nodes[id]]
    if (!a || !b) {
      found.push({ where: id, mine: a ? a.type : '—', theirs: b ? b.type : '—' })
      continue
    }
    for (const field of ['type', 'title', 'retry', 'at'] as const) note(`${id} · ${field}`, a[field], b[field])
    for (const group of ['config', 'values'] as const) {
      for (const key of new Set([...Object.keys(a[group] ?? {}), ...Object.keys(b[group] ?? {})]))
        note(`${id} · ${key}`, a[group]?.[key], b[group]?.[key])
    }
  }
  const wires = (document: SpellDocument) => new Set(document.wires.map(wire => wire.join(' → ')))
  const [a, b] = [wires(mine), wires(theirs)]
  for (const wire of new Set([...a, ...b]))
    if (a.has(wire) !== b.has(wire))
      found.push({ where: `wire ${wire}`, mine: a.has(wire) ? 'there' : '—', theirs: b.has(wire) ? 'there' : '—' })
  note('state', mine.state, theirs.state)
  note('notes', mine.notes, theirs.notes)
  return found
}

function show(value: unknown): string {
  return value === undefined ? '—' : typeof value === 'string' ? value : JSON.stringify(value)
}
