import type { ReactNode } from 'react'
import type { Json, Values } from '#graph/json.ts'
import { positionOf, runOf } from '../run/store.ts'
import { CitationChips } from './chips.tsx'
import { citationsAmong } from './citations.ts'
import { citationsBefore, citedIn, isNumbered } from './earlier.ts'

const MOST = 3

/** On a card: the sources that its node gave, or that its text refers to. */
export function CardSources({
  page,
  id,
  outputs,
  said,
}: {
  readonly page: string
  readonly id: string
  readonly outputs: Values
  /** The answer on the card; undefined: it is none. */
  readonly said: Json | undefined
}): ReactNode {
  const own = citationsAmong(outputs)
  const citations = own.length > 0 || !isNumbered(said) ? own : citedIn(said, knownTo(page, id))
  return citations.length > 0 && <CitationChips citations={citations} most={MOST} />
}

/** They are in the journal before the text is: the card need not follow the run for them. */
function knownTo(page: string, id: string) {
  const { activations, timeline, ...run } = runOf(page)
  const position = positionOf({ ...run, timeline })
  const last = activations.at(id, activations.count(id, position) - 1, position)
  return citationsBefore(timeline.entries, last?.lastSeq ?? position)
}
