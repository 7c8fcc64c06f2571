import { create } from 'zustand'
import type { BudgetRecord, RestClient, UsageSum } from '#client/types.ts'

/** What the user has used and may use, as the server last said. */
export interface Ledger {
  /** Since midnight, and since the first of the month (UTC). Undefined: nothing, or nobody has answered. */
  readonly today: UsageSum | undefined
  readonly month: UsageSum | undefined
  /** Of this month, greatest cost first. */
  readonly byModel: readonly UsageSum[]
  readonly budgets: readonly BudgetRecord[]
  readonly trouble: string
}

const EMPTY: Ledger = { today: undefined, month: undefined, byModel: [], budgets: [], trouble: '' }
export const useLedger = create<Ledger>(() => EMPTY)

/** Somebody else is here now. */
export function forgetLedger(): void {
  useLedger.setState(EMPTY, true)
}

const NOTHING: UsageSum = { key: '', calls: 0, inputTokens: 0, outputTokens: 0, cost: 0, unpriced: 0 }

/** Asks for today's sum and the budgets; `isFull`: for the month as well. What is shown stays until it is answered. */
export async function loadLedger(rest: RestClient, isFull = false): Promise<void> {
  const now = new Date()
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate())
  const month = Date.UTC(now.getUTCFullYear(), now.getUTCMonth())
  try {
    const [days, models, budgets] = await Promise.all([
      rest.usage({ by: 'day', from: isFull ? month : today }),
      isFull ? rest.usage({ by: 'model', from: month }) : undefined,
      rest.budgets(),
    ])
    const key = new Date(today).toISOString().slice(0, 10)
    useLedger.setState({
      today: days.find(one => one.key === key),
      budgets,
      trouble: '',
      ...(models ? { byModel: models, month: sumOf(days) } : {}),
    })
  } catch (error) {
    useLedger.setState({ trouble: error instanceof Error ? error.message : String(error) })
  }
}

function sumOf(sums: readonly UsageSum[]): UsageSum | undefined {
  if (sums.length === 0) return undefined
  return sums.reduce(
    (a, b) => ({
      key: '',
      calls: a.calls + b.calls,
      inputTokens: a.inputTokens + b.inputTokens,
      outputTokens: a.outputTokens + b.outputTokens,
      cost: a.cost + b.cost,
      unpriced: a.unpriced + b.unpriced,
    }),
    NOTHING,
  )
}

/** What each run of a spell cost, by its id; empty where nobody answers. */
export async function costsOfRuns(rest: RestClient, spellId: string): Promise<ReadonlyMap<string, UsageSum>> {
  const sums = await rest.usage({ by: 'run', spellId }).catch(() => [])
  return new Map(sums.map(sum => [sum.key, sum]))
}
