import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { DeepPartial, Filter, Found, Object as ObjectMessage } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { Client } from '#mesh/service.ts'
import type { Clients } from '#mesh/testing.ts'

export type Store = Client<typeof WeaviateServiceDefinition>

/** The store as this user calls it. */
export function storeOf(user: string, where: { as(user: string): Clients }): Store {
  return where.as(user).client(WeaviateServiceDefinition)
}

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** An object as it is sent. */
export function object(
  id: string,
  text: string,
  more: { vector?: readonly number[]; language?: string } & Record<string, unknown> = {},
): DeepPartial<ObjectMessage> {
  const { vector = [], language = '', ...properties } = more
  return { id, text, vector: [...vector], language, properties: json(properties) }
}

export const where = (property: string, operator: string, value: unknown): DeepPartial<Filter> => ({
  condition: { property, operator, value: json(value) },
})

export const idsOf = (found: readonly Found[]): string[] => found.map(one => one.object?.id ?? '')

export function propertiesOf({ object: found }: Found): unknown {
  return JSON.parse(Buffer.from(found?.properties ?? []).toString())
}
