import type { NodeSockets, NodeType } from '#graph/define.ts'
import { socketsOfType } from '#graph/registry.ts'
import { fitOf } from '#graph/sockets.ts'
import type { SocketKind } from '../canvas/types.ts'
import { registry } from '../registry.ts'

/** Groups of the palette, in their order, with what people call them. */
const GROUPS: readonly (readonly [group: string, title: string])[] = [
  ['flow', 'Flow'],
  ['source', 'Sources'],
  ['chat', 'Chat'],
  ['ai', 'AI'],
  ['document', 'Documents'],
  ['memory', 'Memory'],
  ['entity', 'Entities'],
  ['search', 'Search'],
  ['event', 'Events'],
  ['speech', 'Speech'],
  ['huggingface', 'Hugging Face'],
  ['text', 'Text'],
  ['data', 'Data'],
  ['logic', 'Logic'],
  ['math', 'Math'],
  ['time', 'Time'],
  ['random', 'Random'],
  ['web', 'Web'],
  ['state', 'State'],
  ['cache', 'Cache'],
  ['code', 'Code'],
  ['debug', 'Debug'],
]

/** The groups that node types are in: those that are not listed come last, by their own names. */
export function groups(): readonly (readonly [group: string, title: string])[] {
  const listed = new Set(GROUPS.map(([group]) => group))
  const others = new Set([...registry.keys()].map(type => type.split('/')[0] ?? '').filter(one => !listed.has(one)))
  return [...GROUPS, ...[...others].map(one => [one, one] as const)]
}

/** All node types that fit the words, the best first. */
export function findTypes(words: string): readonly NodeType[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const all = [...registry.values()]
  if (wanted.length === 0) return all
  return all
    .map(type => ({ type, score: scoreOf(type, wanted) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || a.type.title.localeCompare(b.type.title))
    .map(({ type }) => type)
}

function scoreOf({ type, title, about }: NodeType, words: readonly string[]): number {
  let score = 0
  for (const word of words) {
    const name = title.toLowerCase()
    if (name.startsWith(word)) score += 8
    else if (name.includes(word)) score += 5
    else if (type.includes(word)) score += 3
    else if (about.toLowerCase().includes(word)) score += 1
    else return 0
  }
  return score
}

/** The socket of a type that a wire could go on to, from an output (`source`) or an input (`target`); undefined: there is none. */
export function fittingSocket(type: NodeType, from: SocketKind, side: 'source' | 'target'): string | undefined {
  const sockets: NodeSockets = socketsOfType(type, undefined)
  if (from.flow) return side === 'source' ? sockets.flow.in[0] : sockets.flow.out.find(name => name !== 'error')
  const candidates = Object.entries(side === 'source' ? sockets.inputs : sockets.outputs).filter(
    ([name]) => name !== 'failure',
  )
  const fits = candidates.filter(([, socket]) =>
    side === 'source' ? fitOf(from.type, socket.type) : fitOf(socket.type, from.type),
  )
  return (fits.find(([, socket]) => socket.type === from.type) ?? fits[0])?.[0]
}
