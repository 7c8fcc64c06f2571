// A database, and a world outside, for a process that dies at a point of its life: from then on nothing it says is heard, and nothing is said to it.
import { CompiledQuery, Kysely, PGliteDialect } from 'kysely'
import type { PGliteDialectConfig } from 'kysely'
import type { Database } from '#mesh/database.ts'

/** The life of a process: points that it passes, one of which may be its last. */
export interface Life {
  /** Passes a point; does not return when that is the last one, or when it is over already. */
  pass(what: string, counts?: boolean): Promise<void>
  /** Counts from now on. */
  begin(): void
  /** What was passed, in order. */
  readonly passed: readonly string[]
  /** Resolves when it is over. */
  readonly over: Promise<void>
  readonly isOver: boolean
  /** Whoever still waits is told so that it ends; nothing is done for it any more. */
  bury(): void
}

/** `last`: the number of the last point, 1 first; 0: none is. */
export function createLife(last: number): Life {
  const passed: string[] = []
  const over = Promise.withResolvers<void>()
  const buried = Promise.withResolvers<never>()
  buried.promise.catch(() => undefined)
  let [begun, isOver] = [false, false]
  return {
    passed,
    over: over.promise,
    get isOver() {
      return isOver
    },
    begin() {
      begun = true
    },
    async pass(what, counts = true) {
      if (isOver) return buried.promise
      if (!begun || !counts) return
      passed.push(what)
      if (passed.length !== last) return
      isOver = true
      over.resolve()
      return buried.promise
    },
    bury() {
      isOver = true
      // As the database says of data that can never be stored: nobody tries that again.
      buried.reject(Object.assign(new Error('this process is dead'), { code: '22000' }))
    },
  }
}

/** What changes a run, or what it has done outside. All else may be done again. */
const WRITES = /commit_batches|idempotency_keys as|spell_runner\.runs (r )?set|into completion\.answers|set answer/

/** The same database for one process after the other. Each statement that writes is two points: before it, and before its answer is heard. */
export function mortalDatabase(database: Database, life: Life): Database {
  const around = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const name = what.replace(/\s+/g, ' ').trim().slice(0, 60)
    const counts = WRITES.test(what)
    await life.pass(`before ${name}`, counts)
    const answer = await work()
    await life.pass(`after ${name}`, counts)
    return answer
  }
  const ready = Promise.resolve()
  const pglite = {
    query: async (text: string, parameters: readonly unknown[] = []) => {
      const { rows, numAffectedRows = 0n } = await around(text, () =>
        database.kysely.executeQuery(CompiledQuery.raw(text, [...parameters])),
      )
      return { rows, affectedRows: Number(numAffectedRows), fields: [] }
    },
    transaction: <T>(work: (inside: object) => Promise<T>) =>
      around('a transaction', () =>
        database.transaction(session =>
          work({
            query: async (text: string, parameters: readonly unknown[] = []) => {
              const rows = await session.query(text, parameters)
              return { rows, affectedRows: rows.length, fields: [] }
            },
            rollback: () => session.run('rollback'),
          }),
        ),
      ),
    closed: false,
    ready: true,
    waitReady: ready,
    close: () => ready,
  }
  return {
    kysely: new Kysely({ dialect: new PGliteDialect({ pglite: pglite as unknown as PGliteDialectConfig['pglite'] }) }),
    alone: true,
    vectors: database.vectors,
    transaction: work => around('a transaction', () => database.transaction(work)),
    isReady: () => database.isReady(),
    [Symbol.asyncDispose]: () => ready,
  }
}
