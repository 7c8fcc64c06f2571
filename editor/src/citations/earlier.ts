import type { Entry } from '#graph/journal.ts'
import { citationsAmong, citedParts } from './citations.ts'
import type { Citation } from './citations.ts'

/** The citations that a run gave last, up to entry `seq`: what the numbers of a text refer to that comes without any. */
export function citationsBefore(entries: readonly Entry[], seq: number): readonly Citation[] {
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index]
    if (!entry || entry.seq > seq || (entry.kind !== 'node.ended' && entry.kind !== 'node.emitted')) continue
    const found = citationsAmong(entry.outputs)
    if (found.length > 0) return found
  }
  return []
}

const NUMBERED = /\[\d{1,3}[\],;\s]/

/** Whether a text may refer to anything. */
export function isNumbered(text: unknown): text is string {
  return typeof text === 'string' && NUMBERED.test(text)
}

/** Those that a text refers to, each once, in the order of their numbers. */
export function citedIn(text: string, citations: readonly Citation[]): readonly Citation[] {
  const cited = new Set(citedParts(text, citations).flatMap(part => ('citation' in part ? [part.citation] : [])))
  return citations.filter(one => cited.has(one))
}
