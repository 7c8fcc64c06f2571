import type { NodeDocument, Note, StateDeclaration, Wire } from '#graph/document.ts'
import type { ReportedNode } from '../importer.ts'
import type { FlowEnd, Helper } from './flow.ts'
import type { Piece } from './piece.ts'
import { textOf } from './piece.ts'
import { place } from './place.ts'
import type { RivetGraph, RivetNode } from './project.ts'

/** Where a node of Rivet is: its id here, whether flow starts it, and its outputs as `node.socket`. */
export interface Place {
  readonly id: string
  readonly isAction: boolean
  readonly outputs: Readonly<Record<string, string>>
}

/** A node of Rivet, made. */
export interface Built {
  readonly node: RivetNode
  readonly id: string
  readonly piece: Piece
  /** What must have fired before it runs; of one that is evaluated when asked, before its value counts. */
  readonly needs: readonly FlowEnd[]
}

/** A graph as a document's parts. */
export interface ConvertedGraph {
  readonly nodes: Readonly<Record<string, NodeDocument>>
  readonly wires: readonly Wire[]
  readonly state: Readonly<Record<string, StateDeclaration>>
  readonly notes: readonly Note[]
  readonly report: readonly ReportedNode[]
  readonly remarks: readonly string[]
  /** Names of outputs that a run may leave out. */
  readonly unsure: ReadonlySet<string>
  /** Where Rivet's nodes are here, by their ids. */
  readonly places: ReadonlyMap<string, Place>
}

/** What a conversion has made so far. */
export interface Parts {
  readonly graph: RivetGraph
  readonly built: readonly Built[]
  /** But for those of the pieces. */
  readonly wires: readonly Wire[]
  readonly helpers: readonly Helper[]
  readonly remarks: readonly string[]
  readonly unsure: ReadonlySet<string>
  /** Nodes that stand for the graph's inputs, by name. */
  readonly inputs: ReadonlyMap<string, string>
}

/** Puts the parts together. */
export function assemble({ graph, built, helpers, remarks, unsure, inputs, ...parts }: Parts): ConvertedGraph {
  const wires = [...built.flatMap(({ piece }) => piece.wires ?? []), ...parts.wires]
  const ends = new Set(wires.map(([from]) => from))
  const { nodes, shift } = place(graph, built, helpers, id => ends.has(`${id}.out`))
  return {
    nodes,
    wires: [...new Map(wires.map(wire => [wire.join('\n'), wire])).values()],
    state: Object.assign({}, ...built.map(({ piece }) => piece.state ?? {})) as Record<string, StateDeclaration>,
    notes: built
      .flatMap(({ piece }) => piece.notes ?? [])
      .map(note => (note.at ? { ...note, at: shift(note.at) } : note)),
    report: built.flatMap(one => reportOf(one, inputs)),
    remarks: [...remarks, ...remarksOn(built)],
    unsure,
    places: new Map(built.map(one => [one.node.id, toPlace(one, inputs)])),
  }
}

function remarksOn(built: readonly Built[]): readonly string[] {
  const comments = built.filter(({ piece }) => piece.notes).length
  return [
    ...(comments === 1 ? ['1 comment is a note on the canvas here'] : []),
    ...(comments > 1 ? [`${comments} comments are notes on the canvas here`] : []),
    ...built.flatMap(({ node, id }) =>
      node.isDisabled ? [`"${node.title}" (${id}) is disabled: it and what follows from it alone never run`] : [],
    ),
  ]
}

/** The node that stands for one of Rivet: of several for one input, the first. */
function standingFor({ node, id, piece }: Built, inputs: ReadonlyMap<string, string>): string | undefined {
  if (Object.hasOwn(piece.nodes, id)) return id
  return (
    Object.keys(piece.nodes)[0] ??
    (node.type === 'graphInput' ? inputs.get(textOf(node.data, 'id') || 'input') : undefined)
  )
}

function reportOf(built: Built, inputs: ReadonlyMap<string, string>): ReportedNode[] {
  const { node, piece } = built
  const standing = standingFor(built, inputs)
  if (standing === undefined || piece.notes || node.isDisabled) return []
  return [{ node: standing, component: node.type, outcome: piece.outcome, note: piece.note ?? '' }]
}

function toPlace(built: Built, inputs: ReadonlyMap<string, string>): Place {
  const { id, piece } = built
  const outputs = Object.entries(piece.outputs).map(([port, { end }]) => [port, end] as const)
  return {
    id: standingFor(built, inputs) ?? id,
    isAction: piece.flow !== undefined,
    outputs: Object.fromEntries(outputs),
  }
}
