import type { NodeDocument } from '#graph/document.ts'
import type { Helper } from './flow.ts'
import type { Piece } from './piece.ts'
import type { RivetGraph, RivetNode } from './project.ts'

/** What stands for a node, and whose place it takes. */
export interface Placed {
  readonly node: RivetNode
  readonly id: string
  readonly piece: Piece
}

type Point = readonly [number, number]

const ROOM_FOR_START = 240
const APART = 110

/** Nodes with their places: as they were, moved to begin at the corner; what is there beside a node below it. */
export function place(
  graph: RivetGraph,
  placed: readonly Placed[],
  helpers: readonly Helper[],
  isUsed: (id: string) => boolean,
): { readonly nodes: Readonly<Record<string, NodeDocument>>; readonly shift: (point: Point) => Point } {
  const points = graph.nodes.flatMap(({ at }) => (at ? [at] : []))
  const [left, top] = [Math.min(0, ...points.map(([x]) => x)), Math.min(0, ...points.map(([, y]) => y))]
  const room = isUsed('start') ? ROOM_FOR_START : 0
  const shift = ([x, y]: Point): Point => [Math.round(x - left + room), Math.round(y - top)]
  const owners = new Map(
    placed.flatMap(({ id, piece }) => [id, ...Object.keys(piece.nodes)].map(key => [key, id] as const)),
  )
  const beside = Map.groupBy(helpers, one => owners.get(one.beside) ?? one.beside)
  const nodes: Record<string, NodeDocument> = {}
  if (isUsed('start')) nodes['start'] = { type: 'flow/start', at: [0, 0] }
  if (isUsed('never')) nodes['never'] = { type: 'flow/join', title: 'Never', config: { mode: 'all' }, at: [0, APART] }
  placed.forEach(({ node, id, piece }, row) => {
    const [x, y] = shift(node.at ?? [left, top + row * APART])
    const extra = (beside.get(id) ?? []).map(one => [one.id, one.node] as const)
    ;[...Object.entries(piece.nodes), ...extra].forEach(([key, one], index) => {
      nodes[key] = { ...one, at: [x + (index % 2) * 40, y + index * APART] }
    })
  })
  for (const one of helpers) nodes[one.id] ??= { ...one.node, at: shift([left, top]) }
  return { nodes, shift }
}
