import type { Entity, EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import type { Client } from '#mesh/service.ts'
import { readFields } from '../json.ts'
import type { Fact, Kind } from '../knowledge-source.ts'
import type { UsualModels } from '../usual-model.ts'

/** Who and what the caller knows. */
export function createEntities(
  entities: Pick<Client<typeof EntityServiceDefinition>, 'getMany'>,
  models: UsualModels,
): Kind {
  return {
    name: 'entities',
    models,
    async facts(ids, { options }) {
      const answer = await entities.getMany({ entityIds: [...ids] }, options)
      return answer.entities.map(toFact)
    },
  }
}

function toFact({ id, kind, name, aliases, about, attributes, updatedAt }: Entity): Fact {
  const metadata = readFields(attributes)
  const told = Object.entries(metadata)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([key, value]) => `${key}: ${String(value)}`)
  return {
    id,
    title: name,
    text: [aliases.length === 0 ? name : `${name} (${aliases.join(', ')})`, about, ...told].filter(Boolean).join('\n'),
    type: kind,
    at: updatedAt,
    metadata,
  }
}
