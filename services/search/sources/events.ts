import type { Event, EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import type { Client } from '#mesh/service.ts'
import type { Fact, Kind } from '../knowledge-source.ts'
import type { UsualModels } from '../usual-model.ts'

/** What happened: the caller's memory. */
export function createEvents(
  events: Pick<Client<typeof EventServiceDefinition>, 'getMany'>,
  models: UsualModels,
): Kind {
  return {
    name: 'events',
    models,
    async facts(ids, { options }) {
      const answer = await events.getMany({ eventIds: [...ids] }, options)
      return answer.events.map(toFact)
    },
  }
}

function toFact({ id, agentId, client, channel, sender, type, content, entityIds, at }: Event): Fact {
  const told = { agent: agentId, client, channel, sender }
  return {
    id,
    title: [sender, channel].filter(Boolean).join(' · ') || type,
    text: content,
    type,
    at,
    metadata: {
      ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== '')),
      ...(entityIds.length === 0 ? {} : { entities: entityIds }),
    },
  }
}
