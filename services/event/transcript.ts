import type { TranscriptResponse } from '#gen/spellmesh/event/v1/event.ts'
import { lineOf, toEvent } from './event.ts'
import type { Transcript } from './request.ts'
import { ANSWER_BYTES } from './store.ts'
import type { EventStore, Measured } from './store.ts'
import { FRAME_TOKENS } from './tokens.ts'

/** The last messages that fit, whole ones, oldest first. One that is too long ends it: what is before it would be out of its context. */
export async function readLast(
  owner: string,
  { filter, tokens, limit }: Transcript,
  store: Pick<EventStore, 'newest' | 'many'>,
): Promise<TranscriptResponse> {
  const newest = await store.newest(owner, filter, limit + 1)
  const fitting = newest.slice(0, howMany(newest.slice(0, limit), tokens)).toReversed()
  const { rows: events } = await store.many(
    owner,
    fitting.map(({ id }) => id),
  )
  return {
    events: events.map(toEvent),
    text: events.map(lineOf).join('\n'),
    tokens: events.reduce((sum, row) => sum + row.tokens + FRAME_TOKENS, 0),
    more: newest.length > fitting.length,
  }
}

/** An answer holds each text twice. */
const MOST_BYTES = ANSWER_BYTES * 0.8

function howMany(newest: readonly Measured[], mostTokens: number): number {
  let [tokens, bytes] = [0, 0]
  const first = newest.findIndex(one => {
    tokens += one.tokens + FRAME_TOKENS
    bytes += one.bytes
    return tokens > mostTokens || bytes > MOST_BYTES
  })
  return first < 0 ? newest.length : first
}
