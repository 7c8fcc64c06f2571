import { splitEnd } from '#graph/check.ts'
import type { NodeDocument, SpellDocument, Wire } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { checkLimits, JSON_LIMITS, parseDocument } from '#graph/parse.ts'
import type { ImportOptions, Importer, ReportedNode } from './importer.ts'
import { ImportError } from './importer.ts'
import { isChain, readChain } from './rete/chain.ts'
import type { Chain, ReteEdge, ReteNode } from './rete/chain.ts'
import { COMPONENTS } from './rete/components.ts'
import type { Making, Piece } from './rete/piece.ts'

export default {
  format: 'thoth',
  title: 'Thoth (2022) and Magick (2023)',
  recognises: isChain,
  convert(document, options = {}) {
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
  },
} satisfies Importer

interface Made {
  readonly node: ReteNode
  readonly id: string
  readonly piece: Piece
}

function toPieces(chain: Chain, options: ImportOptions, notes: string[]): Map<string, Made> {
  const entries = chain.nodes.filter(({ component }) => /^(module )?trigger in$/i.test(component))
  const first = entries.toSorted((a, b) => (a.at?.[1] ?? 0) - (b.at?.[1] ?? 0))[0]
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
 * Thoth also ran a node without a trigger when somebody needed its value. Here such a node is put into the flow, before whoever needs it.
 */
function chainUntriggered(pieces: ReadonlyMap<string, Made>, wires: readonly Wire[], notes: string[]): readonly Wire[] {
  let current = [...wires]
  const owner = new Map(
    [...pieces.values()].flatMap(made => Object.keys(made.piece.nodes).map(id => [id, made] as const)),
  )
  const ownerOf = (end: string) => owner.get(splitEnd(end).node)
  // Those that are needed by others which are untriggered themselves come later, before them.
  for (let round = 0; round < pieces.size; round++) {
    const next = [...pieces.values()].find(
      ({ piece }) =>
        piece.flow && !current.some(([, to]) => to === piece.flow?.in) && consumerWithFlow(piece, current, ownerOf),
    )
    if (!next?.piece.flow) break
    const { in: into, out } = next.piece.flow
    const consumer = consumerWithFlow(next.piece, current, ownerOf)
    const target = consumer && entryOf(consumer)
    if (!target) break
    current = [...current.map(([from, to]): Wire => (to === target ? [from, into] : [from, to])), [out, target]]
    notes.push(
      `"${next.node.component}" (${next.node.id}) had no trigger: it runs right before "${consumer.node.component}" (${consumer.node.id}), which needs it`,
    )
  }
  return current
}

/** The first node downstream that is triggered and reads, directly or through others, what this piece gives. */
function consumerWithFlow(
  piece: Piece,
  wires: readonly Wire[],
  ownerOf: (end: string) => Made | undefined,
): Made | undefined {
  const seen = new Set<Made>()
  let edge = new Set(Object.values(piece.outputs).filter(end => end !== piece.flow?.out))
  while (edge.size > 0) {
    const reached = wires.filter(([from]) => edge.has(from)).flatMap(([, to]) => ownerOf(to) ?? [])
    const found = reached.find(
      made => made.piece !== piece && entryOf(made) !== undefined && wires.some(([, to]) => to === entryOf(made)),
    )
    if (found) return found
    const fresh = reached.filter(made => !seen.has(made) && made.piece !== piece)
    for (const made of fresh) seen.add(made)
    edge = new Set(fresh.flatMap(made => Object.values(made.piece.outputs)))
  }
  return undefined
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
