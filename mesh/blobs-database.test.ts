import { expect, test } from '@jest/globals'
import { openDatabaseBlobs } from './blobs-database.ts'
import { testBlobs } from './blobs.suite.ts'
import type { Database } from './database.ts'
import { openTestDatabase } from './testing.ts'

const count = async (database: Database, text: string) =>
  Number((await database.transaction(session => session.query<{ n: number }>(text)))[0]?.n)

testBlobs(
  'files in the database',
  async () => {
    const database = await openTestDatabase()
    const blobs = await openDatabaseBlobs(database)
    return {
      blobs,
      leftovers: () =>
        count(
          database,
          'select count(*) as n from mesh.file_pieces p where not exists (select from mesh.files f where f.content = p.content)',
        ),
      close: async () => database[Symbol.asyncDispose](),
    }
  },
  3,
)

test('what a crash left goes at the next start, what somebody still writes stays', async () => {
  await using database = await openTestDatabase()
  await openDatabaseBlobs(database)
  await database.transaction(session =>
    session.run(
      `insert into mesh.file_pieces (content, part, bytes, at) values ('old', 0, 'x', now() - interval '25 hours'), ('new', 0, 'x', now())`,
    ),
  )
  const blobs = await openDatabaseBlobs(database)
  expect(await count(database, 'select count(*) as n from mesh.file_pieces')).toBe(1)
  await blobs.put(
    'kept',
    (async function* () {
      yield Buffer.from('bytes')
    })(),
  )
  await blobs.remove('kept')
  expect(await count(database, 'select count(*) as n from mesh.file_pieces')).toBe(1)
})
