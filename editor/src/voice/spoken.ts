import type { Entry } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { mediaOf } from '../media/media.ts'

/** Something that a spell says aloud. */
export interface Spoken {
  readonly seq: number
  readonly node: string
  readonly audio: Json
  /** The words, where the node told them. */
  readonly text: string
}

/** The type of a node that speaks, and the output that it does so with. */
const SPEAKER = 'speech/speak'

/**
 * What a spell says in the entries after `after`, in order. `typeOf`: the type of a node by its path. `interruptedAt`: the entry with which somebody has
 * interrupted; what was being made then is not said any more.
 */
export function spokenIn(
  entries: readonly Entry[],
  after: number,
  typeOf: (path: string) => string | undefined,
  interruptedAt = 0,
): readonly Spoken[] {
  return entries.slice(after).flatMap(entry => {
    if (entry.kind !== 'node.ended' || typeOf(entry.node) !== SPEAKER) return []
    const audio = entry.outputs['audio']
    if (mediaOf(audio)?.kind !== 'audio') return []
    if (interruptedAt > 0 && beganAt(entries, entry) < interruptedAt) return []
    const text = entry.outputs['text']
    return [{ seq: entry.seq, node: entry.node, audio: audio as Json, text: typeof text === 'string' ? text : '' }]
  })
}

function beganAt(entries: readonly Entry[], end: Extract<Entry, { kind: 'node.ended' }>): number {
  const start = entries.findLast(
    entry =>
      entry.kind === 'node.started' &&
      entry.seq < end.seq &&
      entry.activation === end.activation &&
      entry.node === end.node,
  )
  return start?.seq ?? end.seq
}
