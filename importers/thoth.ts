import { splitEnd } from '#graph/check.ts'
import type { NodeDocument, SpellDocument, Wire } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { checkLimits, JSON_LIMITS, parseDocument } from '#graph/parse.ts'
import type { Converted, ImportOptions, Importer, ReportedNode } from './importer.ts'
import { ImportError } from './importer.ts'
import { reteOriginal } from './rete/original.ts'
import { isChain, readChain } from './rete/chain.ts'
import type { Chain, ReteEdge, ReteNode } from './rete/chain.ts'
import { COMPONENTS } from './rete/components.ts'
import { textOf } from './rete/piece.ts'
import type { Making, Piece } from './rete/piece.ts'

export default {
  format: 'thoth',
  title: 'Thoth (2022) and Magick (2023)',
  recognises: isChain,
  convert,
  original: kept => reteOriginal(kept, convert),
} satisfies Importer

function convert(document: unknown, options: ImportOptions = {}): Converted {
  // The original is kept two levels down.
  const limits = checkLimits(document, { ...JSON_LIMITS, depth: JSON_LIMITS.depth - 2 })
  if (limits.length > 0) throw new ImportError(limits)
  const chain = readChain(document)
  const notes = [...chain.notes]
  const pieces = toPieces(chain, options, notes)
  const wires = chain.edges.flatMap(edge => toWire(edge, pieces, notes))
  const triggered = chainUntriggered(
    pieces,
    [...wires, ...[...pieces.values()].flatMap(({ piece }) => piece.wires ?? [])],
    notes,
  )
  const nodes = place([...pieces.values()])
  const parsed = parseDocument(toDocument(chain, nodes, triggered, document as Json))
  if (!parsed.document) throw new ImportError(parsed.problems)
  return {
    document: parsed.document,
    report: { format: 'thoth', nodes: [...pieces.values()].map(toReport), notes },
  }
}

interface Made {
  readonly node: ReteNode
  readonly id: string
  readonly piece: Piece
}

function toPieces(chain: Chain, options: ImportOptions, notes: string[]): Map<string, Made> {
  const first = entryOfAll(chain)
  const ins = Map.groupBy(chain.edges, ({ to }) => to)
  const outs = Map.groupBy(chain.edges, ({ from }) => from)
  return new Map(
    chain.nodes.map(node => {
      const id = `${slugOf(node.component)}-${node.id}`
      const making: Making = {
        id,
        node,
        usedInputs: [...new Set(ins.get(node.id)?.map(({ input }) => input))],
        usedOutputs: [...new Set(outs.get(node.id)?.map(({ output }) => output))],
        isFirst: node === first,
        model: named => toModel(named, options, notes),
      }
      return [node.id, { node, id, piece: makerOf(node.component)?.(making) ?? missing(making) }]
    }),
  )
}

/** Where a run begins: at the topmost trigger; in Magick, that has none, at the default input. */
function entryOfAll({ nodes, edges }: Chain): ReteNode | undefined {
  const triggering = new Set(edges.filter(({ output }) => output === 'trigger').map(({ from }) => from))
  const entries = nodes.filter(({ component }) => /^(module )?trigger in$/i.test(component))
  const inputs = nodes.filter(({ id, component }) => /^(universal )?input$/i.test(component) && triggering.has(id))
  const named = inputs.filter(({ data }) => /\bdefault$/i.test(textOf(data, 'inputType', 'name')))
  const among = entries.length > 0 ? entries : named.length > 0 ? named : inputs
  return among.toSorted((a, b) => (a.at?.[1] ?? 0) - (b.at?.[1] ?? 0))[0]
}

function slugOf(component: string): string {
  return (
    component
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 30) || 'node'
  )
}

/** By name; whatever calls itself an output is one. */
function makerOf(component: string) {
  const name = component.trim().toLowerCase()
  if (Object.hasOwn(COMPONENTS, name)) return COMPONENTS[name]
  return /output/i.test(component) ? COMPONENTS['output'] : undefined
}

/** Kept with all its data, shown, and never run. */
function missing({ id, node, usedInputs, usedOutputs }: Making): Piece {
  return {
    nodes: { [id]: { type: `missing/${node.component.slice(0, 100) || 'unnamed'}`, config: node.data } },
    inputs: Object.fromEntries(usedInputs.map(name => [name, `${id}.${name}`])),
    outputs: Object.fromEntries(usedOutputs.map(name => [name, `${id}.${name}`])),
    outcome: 'missing',
    note: `there is nothing here that does what "${node.component}" does: the node is kept with its data, and the spell cannot run until it is replaced`,
  }
}

/** A model that is listed here, else the default one, and then the report says so. */
function toModel(
  named: Json | undefined,
  { models, defaultModel = 'the default model' }: ImportOptions,
  notes: string[],
): { model: string; note: string } {
  if (typeof named !== 'string' || named === '') return { model: '', note: '' }
  const known = !models || models.some(model => model === named || model.slice(model.indexOf('/') + 1) === named)
  if (known) return { model: named, note: '' }
  const note = `nobody lists the model "${named}" here: ${defaultModel} is used instead`
  if (!notes.includes(note)) notes.push(note)
  return { model: '', note }
}

function toWire({ from, output, to, input }: ReteEdge, pieces: ReadonlyMap<string, Made>, notes: string[]): Wire[] {
  const [source, target] = [own(pieces.get(from)?.piece.outputs, output), own(pieces.get(to)?.piece.inputs, input)]
  if (source !== undefined && target !== undefined) return [[source, target]]
  notes.push(
    `the edge ${from}.${output} → ${to}.${input} was left out: ${source === undefined ? `"${pieces.get(from)?.node.component}" has no output "${output}"` : `"${pieces.get(to)?.node.component}" has no input "${input}"`} here`,
  )
  return []
}

function own(sockets: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  return sockets && Object.hasOwn(sockets, name) ? sockets[name] : undefined
}

/**
 * Thoth also ran a node without a trigger when somebody needed its value. Here such a node is put into the flow, before whoever needs it; and what it
 * needs itself before that.
 */
function chainUntriggered(pieces: ReadonlyMap<string, Made>, wires: readonly Wire[], notes: string[]): readonly Wire[] {
  const all = [...pieces.values()]
  const owners = new Map(all.flatMap(made => Object.keys(made.piece.nodes).map(id => [id, made] as const)))
  const producers = Map.groupBy(
    wires.flatMap(([from, to]) => {
      const [source, target] = [owners.get(splitEnd(from).node), owners.get(splitEnd(to).node)]
      return source && target && source !== target && to !== entryOf(target) ? [{ source, target }] : []
    }),
    ({ target }) => target,
  )
  const into = Map.groupBy(wires, ([, to]) => to)
  const needs = (consumer: Made) =>
    untriggered(consumer, made => producers.get(made)?.map(({ source }) => source) ?? [], into)
  for (const first of all) {
    if (!into.has(entryOf(first) ?? '')) continue
    const path = [{ made: first, needed: needs(first), next: 0 }]
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { made } = top
      const needed = top.needed[top.next++]
      const target = entryOf(made)
      if (!needed?.piece.flow || target === undefined) path.pop()
      else if (!into.has(needed.piece.flow.in)) {
        const { in: entry, out } = needed.piece.flow
        into.set(entry, into.get(target)?.map(([from]): Wire => [from, entry]) ?? [])
        into.set(target, [[out, target]])
        path.push({ made: needed, needed: needs(needed), next: 0 })
        notes.push(
          `"${needed.node.component}" (${needed.node.id}) had no trigger: it runs right before "${made.node.component}" (${made.node.id}), which needs it`,
        )
      }
    }
  }
  return [...into.values()].flat()
}

/** What a piece reads, directly or through others that need no trigger, and that must be triggered but is not. */
function untriggered(
  consumer: Made,
  producersOf: (made: Made) => readonly Made[],
  into: ReadonlyMap<string, unknown>,
): readonly Made[] {
  const found = new Set<Made>()
  const seen = new Set([consumer])
  const open = [consumer]
  for (let made = open.pop(); made; made = open.pop()) {
    for (const source of producersOf(made)) {
      if (seen.has(source)) continue
      seen.add(source)
      if (!source.piece.flow) open.push(source)
      else if (!into.has(source.piece.flow.in)) found.add(source)
    }
  }
  return [...found]
}

/** Where flow enters a piece. */
function entryOf({ piece }: Made): string | undefined {
  return piece.flow?.in ?? own(piece.inputs, 'trigger')
}

const APART = 150

/** Nodes with their places: as they were, moved to begin at the corner. */
function place(made: readonly Made[]): Record<string, NodeDocument> {
  const points = made.flatMap(({ node }) => (node.at ? [node.at] : []))
  const [left, top] = [Math.min(0, ...points.map(([x]) => x)), Math.min(0, ...points.map(([, y]) => y))]
  return Object.fromEntries(
    made.flatMap(({ node, piece }, row) =>
      Object.entries(piece.nodes).map(([id, document], index): [string, NodeDocument] => {
        const [x, y] = node.at ?? [left, top + row * APART]
        return [id, { ...document, at: [Math.round(x - left), Math.round(y - top + index * APART)] }]
      }),
    ),
  )
}

function toDocument(
  { name, state }: Chain,
  nodes: Record<string, NodeDocument>,
  wires: readonly Wire[],
  origin: Json,
): SpellDocument {
  return {
    format: 'spell/1',
    name: name.slice(0, 200) || 'Imported spell',
    description: '',
    nodes,
    wires: [...new Map(wires.map(wire => [wire.join('\n'), wire])).values()],
    state: Object.fromEntries(Object.entries(state).map(([key, initial]) => [key, { initial }])),
    notes: [],
    origin: { format: 'thoth', document: origin },
  }
}

function toReport({ node, id, piece }: Made): ReportedNode {
  return { node: id, component: node.component, outcome: piece.outcome, note: piece.note ?? '' }
}
