import type { Timeline } from '#graph/timeline.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Range } from './window.ts'

/** Nodes that have lanes, in the order of their first work; with what is inside of a sub-spell below its node. */
export function lanesOf({ spans }: Timeline, words: string, titleOf: (node: string) => string): readonly string[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const all = inOrder([...spans.keys()])
  if (wanted.length === 0) return all
  return all.filter(node => {
    const text = `${node} ${titleOf(node)}`.toLowerCase()
    return wanted.every(word => text.includes(word))
  })
}

function inOrder(nodes: readonly string[]): readonly string[] {
  if (nodes.every(node => !node.includes('/'))) return nodes
  const inside = new Map<string, string[]>()
  for (const node of nodes) {
    const parent = node.slice(0, Math.max(0, node.lastIndexOf('/')))
    const list = inside.get(parent)
    if (list) list.push(node)
    else inside.set(parent, [node])
  }
  const visit = (parent: string): string[] => (inside.get(parent) ?? []).flatMap(node => [node, ...visit(node)])
  const found = visit('')
  // What came without its sub-spell node stays at the end.
  const known = new Set(found)
  return [...found, ...nodes.filter(node => !known.has(node))]
}

/** What a lane is called: a node's own title, indented below the sub-spell that it is inside of. */
export function laneTitle(document: SpellDocument | undefined, node: string): string {
  return document?.nodes[node]?.title ?? node.split('/').at(-1) ?? node
}

/** The time that a run takes, up to now. */
export function rangeOf({ entries }: Timeline): Range {
  const from = entries[0]?.at ?? 0
  return { from, to: Math.max(from + 1, entries.at(-1)?.at ?? from) }
}

/** The last entry at or before a time. */
export function entryAt({ entries }: Timeline, at: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.at ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return low
}
