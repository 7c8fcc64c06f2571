import type { Answer, Statements } from './database-pglite-statements.ts'

/** The one session that PGlite has. */
export interface PgliteSession {
  /** One statement; its place is after the transactions that are open or wait. */
  query<Row>(text: string, parameters?: readonly unknown[]): Promise<Answer<Row>>
  /** Has the session for itself until `work` is settled; what it did is undone when it rejects. */
  transaction<T>(work: (inside: Inside) => Promise<T>): Promise<T>
  /** Resolves when no transaction is open; everything after it rejects. */
  end(): Promise<void>
}

/** Statements inside a transaction. */
export interface Inside {
  query<Row>(text: string, parameters?: readonly unknown[]): Promise<Answer<Row>>
  /** One or more statements without parameters. */
  exec(text: string): Promise<void>
}

/** Shares a session between all who ask: statements as they come, transactions one at a time. */
export function createPgliteSession(statements: Statements): PgliteSession {
  let ended = false
  /** Settles when the transaction that is open, and those that wait for it, are over. */
  let transactions: Promise<void> | undefined

  async function alone<T>(work: () => Promise<T>): Promise<T> {
    const before = transactions
    const own = Promise.withResolvers<void>()
    transactions = own.promise
    await before
    try {
      return await work()
    } finally {
      if (transactions === own.promise) transactions = undefined
      own.resolve()
    }
  }

  const checkOpen = () => {
    if (ended) throw new Error('the database is closed')
  }

  return {
    async query(text, parameters) {
      while (transactions) await transactions
      checkOpen()
      // No await between: nothing of a transaction can come before it now.
      return statements.query(text, parameters)
    },
    transaction: work =>
      alone(async () => {
        checkOpen()
        return inTransaction(statements, work)
      }),
    end: () =>
      alone(async () => {
        ended = true
      }),
  }
}

async function inTransaction<T>(statements: Statements, work: (inside: Inside) => Promise<T>): Promise<T> {
  statements.exec('begin')
  try {
    const result = await work({
      query: async (text, parameters) => statements.query(text, parameters),
      exec: async text => void statements.exec(text),
    })
    // A statement failed and nobody minded: then nothing is kept.
    if (statements.exec('commit').command === 'ROLLBACK')
      throw new Error('the transaction was rolled back: one of its statements had failed')
    return result
  } catch (error) {
    statements.exec('rollback')
    throw error
  }
}
