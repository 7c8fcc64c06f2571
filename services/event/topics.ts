import type { Heard, PublishRequest, SubscribeRequest } from '#gen/spellmesh/event/v1/event.ts'
import { isToken } from '#mesh/bus.ts'
import { newId } from '#mesh/ids.ts'
import { checkText, checkTime, createRefusals, readData } from './request.ts'

const VALUE_BYTES = 256 * 1024
const KEPT_BYTES = 64 * 1024
const SENDER_CHARACTERS = 256
const MOST_TOPICS = 64

/** What is told to whoever listens. */
export interface Told {
  readonly id: string
  readonly topic: string
  /** A JSON text. */
  readonly value: string
  readonly sender: string
  readonly keep: boolean
}

/** Throws INVALID_ARGUMENT with every bad field. */
export function readPublish({ id, topic, value, sender, keep }: PublishRequest): Told {
  const refusals = createRefusals()
  checkToken('topic', topic, refusals)
  if (id !== '') checkToken('id', id, refusals)
  checkText('sender', sender, SENDER_CHARACTERS, refusals)
  if (keep && value.length > KEPT_BYTES && value.length <= VALUE_BYTES)
    refusals.refuse('value', `has ${value.length} bytes: expected at most ${KEPT_BYTES} of one that is kept`)
  const text = readData(value, 'value', VALUE_BYTES, refusals)
  refusals.end()
  return { id: id === '' ? newId('evt') : id, topic, value: text === '' ? 'null' : text, sender, keep }
}

/** What is listened to. */
export interface Heeded {
  /** None: all. */
  readonly topics: readonly string[]
  /** The last one that was heard before. */
  readonly after: Heard | undefined
}

/** Throws INVALID_ARGUMENT with every bad topic and what else is wrong. */
export function readSubscribe({ topics, after }: SubscribeRequest): Heeded {
  const refusals = createRefusals()
  if (topics.length > MOST_TOPICS)
    refusals.refuse('topics', `${topics.length} topics: expected at most ${MOST_TOPICS}, or none for all`)
  for (const [index, topic] of topics.slice(0, MOST_TOPICS).entries()) checkToken(`topics[${index}]`, topic, refusals)
  if (after) checkTime('after.at', after.at, refusals)
  if (after && after.id !== '') checkToken('after.id', after.id, refusals)
  refusals.end()
  return { topics: [...new Set(topics)], after }
}

function checkToken(path: string, text: string, { refuse }: ReturnType<typeof createRefusals>): void {
  if (isToken(text)) return
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
  refuse(path, `expected 1 to 64 of A-Z, a-z, 0-9, "_" and "-", got ${shown}`)
}
