import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { openServerDatabase } from '#mesh/database-pg.ts'
import type { Database } from '#mesh/database.ts'
import { createLog } from '#mesh/log.ts'
import type { Ground } from '../processes.ts'
import { missingPrograms, startGround } from '../processes.ts'

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `a pool on PostgreSQL${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    let ground: Ground
    let database: Database
    beforeAll(async () => {
      ground = await startGround()
      database = await openServerDatabase(ground.settings.DATABASE_URL, { max: 5, log: createLog('silent') })
    }, 60_000)
    afterAll(async () => {
      await database?.[Symbol.asyncDispose]()
      await ground?.[Symbol.asyncDispose]()
    }, 60_000)

    const AWAY = { code: 'UNAVAILABLE', message: 'the database cannot be reached at the moment: try again' }
    const asked = () => sql<{ one: number }>`select 1 as one`.execute(database.kysely)
    /** A server that was killed leaves its connections behind: those at rest answer until they notice. */
    const refusalOf = async (ask: () => Promise<unknown>) => {
      for (;;) {
        const refusal: unknown = await ask().then(
          () => undefined,
          (error: unknown) => error,
        )
        if (refusal !== undefined) return refusal
      }
    }
    const working = (text: string) =>
      sql`select pid from pg_stat_activity where query like ${`%${text}%`} and state = 'active' and pid <> pg_backend_pid()`

    test.each(['SIGKILL', 'SIGQUIT'] as const)(
      'outlives a server that is ended by %s at work, and says that it is away',
      async signal => {
        const slow = sql`select pg_sleep(60) /* slow */`.execute(database.kysely)
        const open = database.transaction(async session => {
          await session.query('select 1')
          await session.query('select pg_sleep(60) /* open */')
        })
        const all = Promise.allSettled([slow, open])
        for (const text of ['slow */', 'open */'])
          while ((await working(text).execute(database.kysely)).rows.length === 0);
        await ground.postgres.stop(signal)
        for (const one of await all) expect(one).toMatchObject({ status: 'rejected', reason: AWAY })
        expect(await refusalOf(asked)).toMatchObject(AWAY)
        expect(await refusalOf(() => database.transaction(session => session.query('select 1')))).toMatchObject(AWAY)
        await ground.postgres.start()
        expect((await asked()).rows).toEqual([{ one: 1 }])
      },
      60_000,
    )

    test('what the server says of a statement stays as it is said', async () => {
      await expect(sql`select 1 / 0`.execute(database.kysely)).rejects.toMatchObject({ code: '22012' })
    })
  },
)
