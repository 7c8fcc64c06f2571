import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { PropertyType } from '#mesh/knowledge.ts'
import type { Collection } from './provider.ts'

/** What a collection is to be. */
export type Wanted = Omit<Collection, 'id'>

/** Collections in the database, those of one driver. */
export interface CollectionStore {
  find(owner: string, name: string): Promise<Collection | undefined>
  list(owner: string): Promise<readonly Collection[]>
  /** Undefined: there is one already. */
  make(wanted: Wanted): Promise<Collection | undefined>
  /** Adds properties that it does not have; what it has stays. Undefined: it is gone. */
  widen(id: number, properties: Readonly<Record<string, PropertyType>>): Promise<Collection | undefined>
  remove(id: number): Promise<void>
}

export function createCollectionStore(database: Kysely<unknown>, driver: string): CollectionStore {
  const columns = sql.raw('id, owner, name, dimensions, properties')
  return {
    async find(owner, name) {
      const { rows } = await sql<Collection>`
        select ${columns} from weaviate.collections where driver = ${driver} and owner = ${owner} and name = ${name}`.execute(
        database,
      )
      return rows[0]
    },
    async list(owner) {
      const { rows } = await sql<Collection>`
        select ${columns} from weaviate.collections where driver = ${driver} and owner = ${owner} order by name`.execute(
        database,
      )
      return rows
    },
    async make({ owner, name, dimensions, properties }) {
      const { rows } = await sql<Collection>`
        insert into weaviate.collections (driver, owner, name, dimensions, properties)
        values (${driver}, ${owner}, ${name}, ${dimensions}, ${JSON.stringify(properties)}::jsonb)
        on conflict (driver, owner, name) do nothing returning ${columns}`.execute(database)
      return rows[0]
    },
    async widen(id, properties) {
      const { rows } = await sql<Collection>`
        update weaviate.collections set properties = ${JSON.stringify(properties)}::jsonb || properties where id = ${id}
        returning ${columns}`.execute(database)
      return rows[0]
    },
    async remove(id) {
      await sql`delete from weaviate.collections where id = ${id}`.execute(database)
    },
  }
}
