// Events of the memory as values of a spell.
import type { Event } from '#gen/spellmesh/event/v1/event.ts'
import type { JsonObject } from '#graph/json.ts'
import { toValue } from './knowledge.ts'

export function toMemory(event: Event): JsonObject {
  const { id, agentId, client, channel, sender, type, content, data, entityIds, at } = event
  return {
    ...{ id, agent: agentId, client, channel, sender, type, content, at },
    data: toValue(data),
    entities: [...entityIds],
  }
}
