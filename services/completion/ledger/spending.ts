import { LRUCache } from 'lru-cache'
import type { Log } from '#mesh/log.ts'
import type { Account, StoredBudget, Sum } from './charge.ts'
import type { AccountSum, LedgerStore, UsageRow } from './store.ts'

/** A running sum that somebody looks at: what is known of the whole mesh, and all of this process at once. */
export interface Watched {
  readonly sum: Sum
}

/**
 * What is spent, in this process at once and in the mesh within a second. One statement is in flight at a time; what gathers meanwhile goes into the next one.
 */
export interface Spending extends AsyncDisposable {
  /** Adds to running sums; written within a second. */
  add(accounts: readonly Account[], sum: Sum): void
  /** Writes a call into the ledger, with all that was added before. Resolves when it is committed, or is to be tried again because the database is away. */
  record(row: UsageRow): Promise<void>
  /** Asks the database for an owner's budgets and for these sums, once for all who ask meanwhile. Rejects where it is away. */
  look(owner: string, accounts: readonly Account[]): Promise<readonly StoredBudget[]>
  /** An owner's budgets as they were at most a second ago; undefined: they are to be looked at. */
  budgetsOf(owner: string): readonly StoredBudget[] | undefined
  /** An owner's budgets have changed. */
  changed(owner: string): void
  /** Keeps a sum up to date until it is released. */
  watch(account: Account): Watched
  release(account: Account): void
}

const SYNC_MS = 1_000
const MOST_ROWS_KEPT = 50_000
const MOST_OWNERS = 10_000
const NOTHING: Sum = { tokens: 0, cost: 0 }

interface Entry {
  readonly account: Account
  /** As the database has it. */
  known: Sum
  /** On its way there. */
  sent: Sum
  /** Not yet on its way. */
  waiting: Sum
  watchers: number
}

interface Look {
  /** Undefined: the sums only. */
  readonly owner: string | undefined
  readonly accounts: readonly Account[]
  resolve(budgets: readonly StoredBudget[]): void
  reject(error: unknown): void
}

export function openSpending(store: LedgerStore, log: Log, now: () => number): Spending {
  return new BatchedSpending(store, log, now)
}

class BatchedSpending implements Spending {
  readonly #store: LedgerStore
  readonly #log: Log
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #budgets = new LRUCache<string, readonly StoredBudget[]>({ max: MOST_OWNERS, ttl: SYNC_MS })
  #changes = 0
  #rows: UsageRow[] = []
  #recorded: (() => void)[] = []
  #looks: Look[] = []
  #working: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #due = false
  #away = false
  #closed = false

  constructor(store: LedgerStore, log: Log, now: () => number) {
    this.#store = store
    this.#log = log
    this.#now = now
  }

  add(accounts: readonly Account[], sum: Sum): void {
    if (sum.tokens === 0 && sum.cost === 0) return
    for (const account of accounts) {
      const entry = this.#entryOf(account)
      entry.waiting = plus(entry.waiting, sum)
    }
    this.#arm()
  }

  record(row: UsageRow): Promise<void> {
    this.#rows.push(row)
    return new Promise(resolve => {
      this.#recorded.push(resolve)
      void this.#work()
    })
  }

  look(owner: string, accounts: readonly Account[]): Promise<readonly StoredBudget[]> {
    return new Promise((resolve, reject) => {
      this.#looks.push({ owner, accounts, resolve, reject })
      void this.#work()
    })
  }

  budgetsOf(owner: string): readonly StoredBudget[] | undefined {
    return this.#budgets.get(owner)
  }

  changed(owner: string): void {
    // What is being read now may be from before.
    this.#changes++
    this.#budgets.delete(owner)
  }

  watch(account: Account): Watched {
    const entry = this.#entryOf(account)
    entry.watchers++
    this.#arm()
    return {
      get sum() {
        return plus(plus(entry.known, entry.sent), entry.waiting)
      },
    }
  }

  release(account: Account): void {
    const entry = this.#entries.get(keyOf(account))
    if (!entry) return
    entry.watchers--
    this.#forget(entry)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#due = true
    await this.#work()
    if (this.#rows.length > 0) this.#log.error({ calls: this.#rows.length }, 'calls could not be written to the ledger')
  }

  #entryOf(account: Account): Entry {
    const key = keyOf(account)
    const found = this.#entries.get(key)
    if (found) return found
    const entry: Entry = { account, known: NOTHING, sent: NOTHING, waiting: NOTHING, watchers: 0 }
    this.#entries.set(key, entry)
    return entry
  }

  #forget(entry: Entry): void {
    if (entry.watchers === 0 && !isSome(entry.waiting) && !isSome(entry.sent))
      this.#entries.delete(keyOf(entry.account))
  }

  /** While anything is watched or waits, the mesh is told each second, and asked. */
  #arm(): void {
    if (this.#timer || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#entries.size === 0 && this.#rows.length === 0) return
      this.#arm()
      const accounts = [...this.#entries.values()].filter(({ watchers }) => watchers > 0).map(({ account }) => account)
      // Where it fails, the next second comes.
      const ignore = () => undefined
      if (accounts.length > 0) this.#looks.push({ owner: undefined, accounts, resolve: ignore, reject: ignore })
      this.#due = true
      void this.#work()
    }, SYNC_MS)
    this.#timer.unref()
  }

  #work(): Promise<void> {
    this.#working ??= this.#turns()
    return this.#working
  }

  async #turns(): Promise<void> {
    do {
      // Those that ask in the same turn of the loop go together.
      await new Promise(resolve => setImmediate(resolve))
      const looks = this.#looks.splice(0)
      const recorded = this.#recorded.splice(0)
      if (this.#due || recorded.length > 0) {
        this.#due = false
        await this.#write()
        for (const resolve of recorded) resolve()
      }
      if (looks.length > 0) await this.#read(looks)
    } while (this.#due || this.#looks.length > 0 || this.#recorded.length > 0)
    // At once: whoever comes from now on begins anew.
    this.#working = undefined
  }

  async #write(): Promise<void> {
    const rows = this.#rows.splice(0)
    const entries = [...this.#entries.values()].filter(({ waiting }) => isSome(waiting))
    if (rows.length === 0 && entries.length === 0) return
    for (const entry of entries) {
      entry.sent = entry.waiting
      entry.waiting = NOTHING
    }
    try {
      const additions = entries.map(({ account, sent }) => ({ ...account, ...sent }))
      this.#learn(await this.#store.write(rows, additions, new Date(this.#now()).toISOString().slice(0, 10)))
      this.#tell(undefined)
    } catch (error) {
      // Where it was written all the same, the calls are there once; the sums may then hold them twice: too much rather than too little.
      this.#tell(error)
      this.#rows = [...rows, ...this.#rows].slice(-MOST_ROWS_KEPT)
      for (const entry of entries) entry.waiting = plus(entry.waiting, entry.sent)
      this.#arm()
    }
    for (const entry of entries) {
      entry.sent = NOTHING
      this.#forget(entry)
    }
  }

  async #read(looks: readonly Look[]): Promise<void> {
    const changes = this.#changes
    const owners = new Set(looks.flatMap(({ owner }) => (owner === undefined ? [] : [owner])))
    const accounts = new Map(
      looks.flatMap(look => look.accounts).map((account): [string, Account] => [keyOf(account), account]),
    )
    try {
      const { budgets, sums } = await this.#store.read([...owners], [...accounts.values()])
      const found = new Set(sums.map(keyOf))
      this.#learn(sums)
      this.#learn([...accounts].flatMap(([key, account]) => (found.has(key) ? [] : [{ ...account, ...NOTHING }])))
      this.#tell(undefined)
      for (const owner of owners) {
        const own = budgets.filter(budget => budget.owner === owner)
        if (changes === this.#changes) this.#budgets.set(owner, own)
        for (const look of looks) if (look.owner === owner) look.resolve(own)
      }
    } catch (error) {
      this.#tell(error)
      for (const { reject } of looks) reject(error)
    }
  }

  /** Whoever reads the log is told once that the database is away, and once that it is back. */
  #tell(error: unknown): void {
    if (error !== undefined && !this.#away) this.#log.warn({ error }, 'the ledger cannot be reached: trying again')
    if (error === undefined && this.#away) this.#log.info({}, 'the ledger is reached again')
    this.#away = error !== undefined
  }

  #learn(sums: readonly AccountSum[]): void {
    for (const sum of sums) {
      const entry = this.#entries.get(keyOf(sum))
      if (!entry) continue
      entry.known = { tokens: sum.tokens, cost: sum.cost }
      entry.sent = NOTHING
    }
  }
}

function keyOf({ owner, scope, target, period }: Account): string {
  return JSON.stringify([owner, scope, target, period])
}
const plus = (a: Sum, b: Sum): Sum => ({ tokens: a.tokens + b.tokens, cost: a.cost + b.cost })
const isSome = ({ tokens, cost }: Sum): boolean => tokens !== 0 || cost !== 0
