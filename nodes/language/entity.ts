// Entities as values of a spell.
import type { Entity } from '#gen/spellmesh/entity/v1/entity.ts'
import { isObject } from '#graph/json.ts'
import type { JsonObject } from '#graph/json.ts'
import { toValue } from './knowledge.ts'

export function toEntity(entity: Entity): JsonObject {
  const { attributes, relations, ...rest } = entity
  return {
    ...rest,
    aliases: [...rest.aliases],
    attributes: attributesOf(attributes),
    relations: relations.map(({ attributes: more, ...relation }) => ({ ...relation, attributes: attributesOf(more) })),
  }
}

function attributesOf(bytes: Uint8Array): JsonObject {
  const value = toValue(bytes)
  return isObject(value) ? value : {}
}
