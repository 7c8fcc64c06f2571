import { setTimeout as sleep } from 'node:timers/promises'
import type { CompletionServiceDefinition, Origin } from '#gen/spellmesh/completion/v1/completion.ts'
import { cancelled, isCoded, unavailable } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import type { Environment, Handlers } from '#mesh/service.ts'
import { integer } from '#mesh/settings.ts'
import type { SettingsDeclaration } from '#mesh/settings.ts'
import { accountsOf, kept, originOf, periodAt } from './charge.ts'
import type { Account, Charge, Price, StoredBudget } from './charge.ts'
import { createHandlers } from './handlers.ts'
import { openMeter } from './meter.ts'
import type { Bound, Meter, Spent } from './meter.ts'
import { openSpending } from './spending.ts'
import type { Spending } from './spending.ts'
import { createLedgerStore } from './store.ts'
import type { UsageRow } from './store.ts'

/** What every call took and cost, and what may be spent. */
export interface Ledger {
  /**
   * Begins a call to one model, a new one for each model that is asked. Who begins disposes of the meter. Rejects with RESOURCE_EXHAUSTED and the reason
   * `BUDGET` where a budget or limit is used up, UNAVAILABLE where the database stays away.
   */
  begin(charge: Charge): Promise<Meter>
  /** What the service answers about usage and budgets. */
  readonly handlers: Pick<
    Handlers<typeof CompletionServiceDefinition>,
    'listUsage' | 'listBudgets' | 'setBudget' | 'deleteBudget'
  >
}

/** What the ledger reads. */
export const LEDGER_SETTINGS = {
  USAGE_RETENTION_DAYS: integer('how long it is kept what each call of a model took, in days', 400, {
    min: 1,
    max: 36_500,
  }),
}

type Opened = Pick<Environment<SettingsDeclaration, {}>, 'database' | 'log' | 'onStop'> & {
  readonly settings: { readonly USAGE_RETENTION_DAYS: number }
}

const DAY_MS = 86_400_000
const SWEEP_MS = 3_600_000
const AWAY_MS = 30_000
const WAIT_FIRST_MS = 20
const WAIT_MOST_MS = 500
/** The longest period but `total`, and a little. */
const LEAST_DAYS_OF_SUMS = 63

/** Opens it in the service's own schema. `priceOf` knows models as `provider/model`. */
export function openLedger(
  { settings, database, log, onStop }: Opened,
  priceOf: (model: string) => Price | undefined,
  now: () => number = Date.now,
): Ledger {
  const store = createLedgerStore(database)
  const spending = openSpending(store, log, now)
  const sweep = () => {
    const days = settings.USAGE_RETENTION_DAYS
    const touched = periodAt('day', now() - Math.max(days, LEAST_DAYS_OF_SUMS) * DAY_MS)
    store.sweep(now() - days * DAY_MS, touched).catch((error: unknown) => log.warn({ error }, 'sweeping usage failed'))
  }
  const sweeping = setInterval(sweep, SWEEP_MS)
  sweeping.unref()
  onStop(async () => {
    clearInterval(sweeping)
    await spending[Symbol.asyncDispose]()
  })
  return {
    begin: charge => begin(charge, spending, { priceOf, now }),
    handlers: createHandlers(store, { now, onChange: owner => spending.changed(owner) }),
  }
}

interface Known {
  priceOf(model: string): Price | undefined
  now(): number
}

async function begin(charge: Charge, spending: Spending, { priceOf, now }: Known): Promise<Meter> {
  const at = now()
  const owner = kept(charge.caller.user)
  const origin = originOf(charge)
  const accounts = accountsOf(owner, origin, at)
  const sums = new Map(accounts.map(account => [account, spending.watch(account)]))
  const release = (some: readonly Account[]) => some.forEach(account => spending.release(account))
  try {
    const toLimits = (budgets: readonly StoredBudget[]) => limitsOf(charge, origin, at, budgets, accounts)
    const known = spending.budgetsOf(owner)
    let limits = known && toLimits(known)
    // What bounds this call alone, or nothing, needs no look at what was spent.
    if (!limits || limits.some(({ account }) => account))
      limits = toLimits(await patiently(() => spending.look(owner, accounts), charge.signal))
    const all: readonly Limit[] = limits
    const bound = accounts.filter(account => all.some(limit => limit.account === account))
    const others = accounts.filter(account => !bound.includes(account))
    const meter = openMeter({
      bounds: all.map(({ account, ...limit }) => ({ ...limit, used: () => account && sums.get(account)?.sum })),
      price: priceOf(charge.model),
      inputTokens: charge.inputTokensEstimate,
      at,
      count: more => spending.add(bound, more),
      settle(spent, counted) {
        const { inputTokens, outputTokens, cost = 0 } = spent
        const sum = { tokens: inputTokens + outputTokens, cost }
        spending.add(bound, { tokens: sum.tokens - counted.tokens, cost: sum.cost - counted.cost })
        spending.add(others, sum)
        release(bound)
        return spending.record(rowOf({ owner, origin, at, model: charge.model, spent }))
      },
      forget(counted) {
        spending.add(bound, { tokens: -counted.tokens, cost: -counted.cost })
        release(bound)
      },
    })
    release(others)
    return meter
  } catch (error) {
    release(accounts)
    throw error
  }
}

type Limit = Omit<Bound, 'used'> & {
  /** What stands against it; undefined: the call alone. */
  readonly account: Account | undefined
}

/** All that bounds a call: the owner's budgets that are about it, and what it brings along. */
function limitsOf(
  { limits = [] }: Charge,
  { agentId, spellId, runId, nodeId }: Origin,
  at: number,
  budgets: readonly StoredBudget[],
  accounts: readonly Account[],
): readonly Limit[] {
  const targets = {
    user: '',
    agent: agentId || undefined,
    spell: spellId || undefined,
    run: runId === '' ? undefined : spellId || undefined,
    node: nodeId === '' || spellId === '' ? undefined : `${spellId}/${nodeId}`,
  }
  const ofRun = accounts.find(({ scope }) => scope === 'run')
  const stored = budgets
    .filter(({ scope, target }) => targets[scope] === target)
    .map(({ scope, period, tokens, cost }): Limit => {
      const ofPeriod = accounts.find(one => one.scope === scope && one.period === periodAt(period, at))
      return { scope, period, tokens, cost, account: scope === 'run' ? ofRun : ofPeriod }
    })
  const brought = limits
    .filter(({ tokens, cost }) => tokens > 0 || cost > 0)
    .map(({ scope, tokens, cost }): Limit => {
      const account = scope === 'run' ? ofRun : undefined
      return { scope: account ? 'run' : 'node', period: 'total', tokens, cost, account }
    })
  return [...stored, ...brought]
}

function rowOf({
  owner,
  origin,
  at,
  model,
  spent,
}: {
  owner: string
  origin: Origin
  at: number
  model: string
  spent: Spent
}): UsageRow {
  const { agentId: agent, spellId: spell, runId: run, nodeId: node } = origin
  const { cost = null, ...tokens } = spent
  return { id: newId('use'), owner, agent, spell, run, node, model: kept(model), at, ...tokens, cost }
}

/** Tries again while the database is away: what cannot be counted is not begun. */
async function patiently<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const until = performance.now() + AWAY_MS
  for (let waitMs = WAIT_FIRST_MS; ; waitMs = Math.min(WAIT_MOST_MS, waitMs * 2)) {
    try {
      return await work()
    } catch (error) {
      if (!isCoded(error, 'UNAVAILABLE')) throw error
      if (performance.now() > until) throw unavailable('what was spent cannot be read now: try again', { cause: error })
    }
    await sleep(waitMs, undefined, signal ? { signal } : {}).catch(() => {
      throw cancelled()
    })
  }
}
