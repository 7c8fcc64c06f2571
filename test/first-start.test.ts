// Several processes that start at once on a new PostgreSQL make what they share once.
import { describe, expect, test } from '@jest/globals'
import { openServerDatabase } from '#mesh/database-pg.ts'
import { createLog } from '#mesh/log.ts'
import { makeTogether } from '#mesh/migrate.ts'
import { missingPrograms, startGround } from './processes.ts'

const missing = missingPrograms()
const onMesh = missing.length === 0 ? describe : describe.skip
onMesh(`a new PostgreSQL${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  test('whoever waits while another one makes it finds it there, also if it was told before that it is not', async () => {
    await using ground = await startGround()
    const open = () => openServerDatabase(ground.settings.DATABASE_URL, { max: 1, log: createLog('silent') })
    await using first = await open()
    await using second = await open()
    const isThere = "select to_regclass('fresh.things') is not null as there"
    const made = 'create schema if not exists fresh; create table if not exists fresh.things (name text)'
    // As enabling pgvector does: from then on making a schema opens no table.
    await second.transaction(session => session.run('create schema other'))
    expect(await second.transaction(session => session.query(isThere))).toEqual([{ there: false }])
    let waiting = Promise.resolve()
    await makeTogether(
      {
        transaction: work =>
          first.transaction(async session => {
            const done = await work(session)
            // Before this is committed the other one comes.
            waiting = makeTogether(second, made)
            const waits = "select from pg_locks where locktype = 'advisory' and not granted"
            while ((await session.query(waits)).length === 0) await new Promise(resolve => setTimeout(resolve, 10))
            return done
          }),
      },
      made,
    )
    await waiting
    expect(await second.transaction(session => session.query(isThere))).toEqual([{ there: true }])
  }, 60_000)
})
