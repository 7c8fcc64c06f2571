import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import type { Client } from '#mesh/service.ts'
import type { Clients } from '#mesh/testing.ts'

export type Entities = Client<typeof EntityServiceDefinition>

/** The service as this user calls it. */
export function entitiesOf(user: string, where: { as(user: string): Clients }): Entities {
  return where.as(user).client(EntityServiceDefinition)
}

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

export function parsed(bytes: Uint8Array | undefined): unknown {
  return JSON.parse(Buffer.from(bytes ?? []).toString())
}

/** Makes or changes one of this kind and name, and answers its id. */
export async function known(
  entities: Entities,
  name: string,
  {
    kind = 'person',
    ...entity
  }: { kind?: string; id?: string; aliases?: string[]; about?: string } & {
    attributes?: Uint8Array
  } = {},
  at = 0,
): Promise<string> {
  const { entity: made } = await entities.upsert({ entity: { kind, name, ...entity }, at })
  return made?.id ?? ''
}
