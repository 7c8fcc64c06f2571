import type { Event } from '#gen/spellmesh/event/v1/event.ts'
import type { IndexedThing } from '#mesh/indexing.ts'

/** An event that is to be kept. */
export interface NewEvent {
  readonly id: string
  readonly agentId: string
  readonly client: string
  readonly channel: string
  readonly sender: string
  readonly type: string
  readonly content: string
  /** A JSON text, or empty. */
  readonly data: string
  readonly entityIds: readonly string[]
  /** Milliseconds since 1970; 0: now, by the database's clock. */
  readonly at: number
}

/** An event as the database tells it. */
export interface EventRow {
  readonly id: string
  readonly seq: number
  readonly agent_id: string
  readonly client: string
  readonly channel: string
  readonly sender: string
  readonly type: string
  readonly content: string
  readonly data: string
  readonly entities: readonly string[]
  readonly at: number
  readonly created_at: number
  readonly tokens: number
  readonly indexed: boolean
}

export function toEvent(row: EventRow): Event {
  const { id, client, channel, sender, type, content, at, indexed } = row
  return {
    ...{ id, client, channel, sender, type, content, at, indexed },
    agentId: row.agent_id,
    data: Buffer.from(row.data),
    entityIds: [...row.entities],
    createdAt: row.created_at,
  }
}

/** What the vector store has of an event. */
export function toIndexed(row: EventRow): IndexedThing {
  const { id, client, channel, sender, type, content, entities, at } = row
  return {
    id,
    text: content,
    properties: { agent: row.agent_id, client, channel, sender, type, entities, at },
  }
}

/** What an event takes in an answer, about. */
export function bytesOf(event: NewEvent): number {
  const { id, agentId, client, channel, sender, type, content, data, entityIds } = event
  const texts = [id, agentId, client, channel, sender, type, content, data, ...entityIds]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 20)
}

/** An event's line in a transcript. */
export function lineOf({ sender, content }: { sender: string; content: string }): string {
  return sender === '' ? content : `${sender}: ${content}`
}
