import { splitEnd } from '#graph/check.ts'
import type { SpellDocument } from '#graph/document.ts'
import { wireId } from '../document/edits.ts'
import { registry } from '../registry.ts'
import type { CardNode } from './node-card.tsx'
import { colourOf, handlesOf, socketKind, socketsFor } from './types.ts'
import type { WireEdge } from './wire.tsx'

/** The document as React Flow draws it. Cards and wires that did not change are the same objects as before. */
export interface Model {
  readonly cards: readonly CardNode[]
  readonly wires: readonly WireEdge[]
}

/** Makes models of successive documents of one tab. */
export function createModeller(tab: string): (document: SpellDocument) => Model {
  let cards = new Map<string, CardNode>()
  let wires = new Map<string, WireEdge>()
  return document => {
    const { wired, ghosts } = ends(document)
    const nextCards = new Map<string, CardNode>()
    Object.entries(document.nodes).forEach(([id, node], index) => {
      const before = cards.get(id)
      const data = { tab, node, wired: wired.get(id)?.join('\n') ?? '', ghosts: ghosts.get(id)?.join('\n') ?? '' }
      const [x, y] = node.at ?? [(index % 6) * 280, Math.floor(index / 6) * 180]
      const same =
        before && before.data.node === node && before.data.wired === data.wired && before.data.ghosts === data.ghosts
      nextCards.set(id, same ? before : { id, type: 'card', position: { x, y }, data })
    })
    const nextWires = new Map<string, WireEdge>()
    for (const wire of document.wires) {
      const id = wireId(wire)
      const [from, to] = [splitEnd(wire[0]), splitEnd(wire[1])]
      if (!document.nodes[from.node] || !document.nodes[to.node]) continue
      const data = wireData(document, tab, from, to)
      const before = wires.get(id)
      const same =
        before?.data &&
        before.data.colour === data.colour &&
        before.data.broken === data.broken &&
        before.data.flow === data.flow &&
        before.sourceHandle === data.from &&
        before.targetHandle === data.to
      nextWires.set(
        id,
        same
          ? before
          : {
              id,
              type: 'wire',
              source: from.node,
              sourceHandle: data.from,
              target: to.node,
              targetHandle: data.to,
              data,
            },
      )
    }
    cards = nextCards
    wires = nextWires
    return { cards: [...cards.values()], wires: [...wires.values()] }
  }
}

type End = ReturnType<typeof splitEnd>

/** Sockets that wires stand at, and those of them that the nodes do not have. */
function ends(document: SpellDocument) {
  const wired = new Map<string, string[]>()
  const ghosts = new Map<string, string[]>()
  const note = (side: 'in' | 'out', { node, socket }: End) => {
    const at = document.nodes[node]
    if (!at) return
    const name = `${side}:${socket}`
    const list = wired.get(node)
    if (!list) wired.set(node, [name])
    else if (!list.includes(name)) list.push(name)
    if (socketKind(socketsFor(registry, at), side, socket)) return
    const lost = ghosts.get(node)
    if (!lost) ghosts.set(node, [name])
    else if (!lost.includes(name)) lost.push(name)
  }
  for (const [from, to] of document.wires) {
    note('out', splitEnd(from))
    note('in', splitEnd(to))
  }
  return { wired, ghosts }
}

function wireData(document: SpellDocument, tab: string, from: End, to: End): NonNullable<WireEdge['data']> {
  const [source, target] = [document.nodes[from.node], document.nodes[to.node]]
  const [outs, ins] = [source && socketsFor(registry, source), target && socketsFor(registry, target)]
  const [start, end] = handlesOf(outs, ins, from.socket, to.socket)
  const out = outs && socketKind(outs, 'out', start)
  const into = ins && socketKind(ins, 'in', end)
  const lost = !out ? from.socket : !into ? to.socket : ''
  return {
    ...{ tab, from: start, to: end },
    flow: out?.flow ?? false,
    colour: out && !out.flow ? colourOf(out.type) : 'var(--wire)',
    broken: lost ? `There is no socket “${lost}” any more` : '',
  }
}
