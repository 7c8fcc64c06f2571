import { readName, takeIn } from './blobs-intake.ts'
import { copyToFile } from './blobs-file.ts'
import type { Blobs } from './blobs.ts'
import type { Database } from './database.ts'
import { notFound, unavailable } from './errors.ts'
import { newId } from './ids.ts'
import { makeTogether } from './migrate.ts'

/** Pieces that belong to no file, and to which nothing was added for so long, are left from a crash. */
const LEFT = "interval '24 hours'"

/**
 * Files of the instance in its Postgres, for a mesh that has no bucket: every process sees them, and nothing else has to be set up. Each is written piece by
 * piece, and is there when its name is set to them.
 */
export async function openDatabaseBlobs(database: Database): Promise<Blobs> {
  await makeTables(database)
  await run(
    database,
    `delete from mesh.file_pieces p where at < now() - ${LEFT}
       and not exists (select from mesh.files f where f.content = p.content)`,
  )
  const open: Blobs['open'] = (name, { signal } = {}) => read(database, readName(name).join('/'), signal)
  return {
    async put(given, bytes, options = {}) {
      const name = readName(given).join('/')
      const intake = takeIn(bytes, options)
      const content = newId('b')
      try {
        let part = 0
        for await (const piece of intake.pieces)
          await run(database, 'insert into mesh.file_pieces (content, part, bytes) values ($1, $2, $3)', [
            ...[content, part++],
            Buffer.from(piece),
          ])
        options.signal?.throwIfAborted()
        await setName(database, name, content)
      } catch (error) {
        // Its name may be set to them, where only the answer was lost.
        const unless = 'not exists (select from mesh.files f where f.content = p.content)'
        await run(database, `delete from mesh.file_pieces p where content = $1 and ${unless}`, [content]).catch(() => {
          // Swept when they are old.
        })
        throw error
      }
      return intake.taken()
    },
    open,
    file: name => copyToFile(open(name)),
    async remove(name) {
      await database.transaction(async session => {
        const removed = await session.query<{ content: string }>(
          'delete from mesh.files where name = $1 returning content',
          [readName(name).join('/')],
        )
        for (const { content } of removed)
          await session.query('delete from mesh.file_pieces where content = $1', [content])
      })
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** From now on the name stands for these pieces; those before go. */
async function setName(database: Database, name: string, content: string): Promise<void> {
  await database.transaction(async session => {
    const [before] = await session.query<{ content: string }>(
      'select content from mesh.files where name = $1 for update',
      [name],
    )
    await session.query(
      'insert into mesh.files (name, content) values ($1, $2) on conflict (name) do update set content = excluded.content',
      [name, content],
    )
    if (before) await session.query('delete from mesh.file_pieces where content = $1', [before.content])
  })
}

async function* read(
  database: Database,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  const [file] = await run<{ content: string; parts: number }>(
    database,
    `select content, (select count(*)::int from mesh.file_pieces p where p.content = f.content) as parts
       from mesh.files f where name = $1`,
    [name],
  )
  if (!file) throw notFound(`there is no file "${name}"`)
  for (let part = 0; part < file.parts; part++) {
    signal?.throwIfAborted()
    const [piece] = await run<{ bytes: Uint8Array }>(
      database,
      'select bytes from mesh.file_pieces where content = $1 and part = $2',
      [file.content, part],
    )
    if (!piece) throw unavailable(`the file "${name}" was replaced while it was read: read it again`)
    yield piece.bytes
  }
  signal?.throwIfAborted()
}

function run<Row>(database: Database, text: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
  return database.transaction(session => session.query<Row>(text, parameters))
}

/** Beside the other tables of the mesh. */
async function makeTables(database: Database): Promise<void> {
  const [row] = await run<{ ready: boolean }>(database, "select to_regclass('mesh.file_pieces') is not null as ready")
  if (row?.ready) return
  await makeTogether(
    database,
    `create schema if not exists mesh;
     create table if not exists mesh.files (name text primary key, content text not null unique);
     create table if not exists mesh.file_pieces (
       content text not null,
       part integer not null,
       bytes bytea not null,
       at timestamptz not null default now(),
       primary key (content, part)
     );
     alter table mesh.file_pieces alter column bytes set storage external;`,
  )
}
