import { readdir, readFile } from 'node:fs/promises'
import type { Database } from './database.ts'
import { schemaName } from './database.ts'
import type { MigrationFolder } from './service.ts'

/** Brings a service's schema up to date with its folder of `NNNN-name.sql` files. Many processes may do so at once: the first one works, the others wait. */
export async function migrate(database: Database, service: string, migrations: MigrationFolder): Promise<void> {
  const files = await listMigrations(service, migrations)
  const schema = schemaName(service)
  await prepare(database)
  await database.transaction(async session => {
    // What is large takes its time, and the others wait for it. The service's name is a folder's.
    await session.run(
      `set local statement_timeout = 0;
       insert into mesh.migrations (service, version) values ('${service}', 0) on conflict do nothing;
       select 1 from mesh.migrations where service = '${service}' for update`,
    )
    const [row] = await session.query<{ version: number }>('select version from mesh.migrations where service = $1', [
      service,
    ])
    const version = row?.version ?? 0
    const due = files.filter(file => file.number > version)
    if (version > (files.at(-1)?.number ?? 0))
      throw new Error(`the schema of "${service}" is at ${version}, newer than this program's last migration`)
    if (due.length === 0) return
    await session.run(`create schema if not exists "${schema}"; set local search_path to "${schema}", public`)
    for (const { name, number, text } of due) {
      try {
        await session.run(text)
      } catch (error) {
        throw new Error(
          `the migration ${service}/${name} failed: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        )
      }
      await session.query('update mesh.migrations set version = $2, changed_at = now() where service = $1', [
        service,
        number,
      ])
    }
  })
}

/** Makes the schema `mesh`, which holds what the processes of a mesh share. */
export async function prepare(database: Database): Promise<void> {
  const [row] = await database.transaction(session =>
    session.query<{ ready: boolean }>("select to_regclass('mesh.keys') is not null as ready"),
  )
  if (row?.ready) return
  await makeTogether(database, SHARED)
}

/** Runs `create … if not exists`, which in Postgres is not free of races by itself, while no other process does. */
export async function makeTogether(database: Pick<Database, 'transaction'>, text: string): Promise<void> {
  await database.transaction(async session => {
    // It ends with the transaction.
    await session.run('select pg_advisory_xact_lock(7380411)')
    // Postgres remembers names that were not there when it was asked before. What others made while this waited it notices as it opens a table.
    await session.run('select from pg_catalog.pg_class limit 1')
    await session.run(text)
  })
}

const SHARED = `
  create schema if not exists mesh;
  create table if not exists mesh.migrations (
    service text primary key,
    version integer not null,
    changed_at timestamptz not null default now()
  );
  create table if not exists mesh.keys (
    purpose text primary key,
    kid text not null,
    private_key jsonb not null,
    public_key jsonb not null,
    created_at timestamptz not null default now()
  );
`

async function listMigrations(
  service: string,
  { folder }: MigrationFolder,
): Promise<{ number: number; name: string; text: string }[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).toSorted()
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1])
      if (number !== index + 1)
        throw new Error(`migrations of "${service}" are named NNNN-name.sql without gaps from 0001; found "${name}"`)
      return { number, name, text: await readFile(new URL(name, folder), 'utf8') }
    }),
  )
}
