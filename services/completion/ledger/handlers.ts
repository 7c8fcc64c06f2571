import type { Budget, CompletionServiceDefinition, ListUsageRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { exhausted, invalid, notFound } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import type { Handlers } from '#mesh/service.ts'
import { periodAt, PERIODS, SCOPES } from './charge.ts'
import type { StoredBudget, Sum } from './charge.ts'
import type { LedgerStore } from './store.ts'

const MOST_BUDGETS = 200
const DIMENSIONS = ['day', 'model', 'spell', 'run', 'node'] as const
const MOST_TARGET_CHARACTERS = 200

/** Answers about usage and budgets: everybody's own. */
export function createHandlers(
  store: LedgerStore,
  { now, onChange }: { now(): number; onChange(owner: string): void },
): Pick<Handlers<typeof CompletionServiceDefinition>, 'listUsage' | 'listBudgets' | 'setBudget' | 'deleteBudget'> {
  return {
    async listUsage(request, { caller }) {
      return { sums: await store.usage({ owner: caller.user, ...readQuery(request) }) }
    },
    async listBudgets(_, { caller }) {
      const { budgets } = await store.read([caller.user], [])
      return { budgets: await withUse(store, budgets, now()) }
    },
    async setBudget({ budget }, { caller }) {
      const read = readBudget(budget)
      const stored = await store.setBudget({ ...read, id: newId('bud'), owner: caller.user }, MOST_BUDGETS)
      onChange(caller.user)
      if (!stored) throw exhausted(`there are ${MOST_BUDGETS} budgets already: delete one`)
      const [answer] = await withUse(store, [stored], now())
      return { budget: answer }
    },
    async deleteBudget({ budgetId }, { caller }) {
      if (!(await store.deleteBudget(caller.user, budgetId))) throw notFound(`there is no budget "${budgetId}"`)
      onChange(caller.user)
      return {}
    },
  }
}

function readQuery({ by, from, to, spellId, runId }: ListUsageRequest) {
  const problems: Problem[] = []
  const known = by === '' ? 'day' : DIMENSIONS.find(one => one === by)
  if (!known) problems.push({ path: 'by', message: `"${by}" is none of ${DIMENSIONS.join(', ')}` })
  for (const [path, given] of [
    ['from', from],
    ['to', to],
  ] as const)
    if (given > LATEST_MS) problems.push({ path, message: `${given} is later than any time that can be told` })
  if (to > 0 && from >= to) problems.push({ path: 'to', message: `${to} is not after "from", ${from}` })
  if (!known || problems.length > 0) throw invalid(problems)
  return { by: known, from, to, spell: spellId, run: runId }
}
/** The end of the year 9999. */
const LATEST_MS = 253_402_300_799_999

function readBudget(budget: Budget | undefined): Omit<StoredBudget, 'id' | 'owner'> {
  if (!budget) throw invalid([{ path: 'budget', message: 'expected a budget' }])
  const problems: Problem[] = []
  const refuse = (field: string, message: string) => void problems.push({ path: `budget.${field}`, message })
  const { target, tokens, cost } = budget
  const scope = SCOPES.find(one => one === budget.scope)
  if (!scope) refuse('scope', `"${budget.scope}" is none of ${SCOPES.join(', ')}`)
  const always = scope === 'run' || scope === 'node' ? 'total' : undefined
  const period = budget.period === '' ? always : PERIODS.find(one => one === budget.period)
  if (!period) refuse('period', `"${budget.period}" is none of ${PERIODS.join(', ')}`)
  else if (always && period !== always) refuse('period', `"${period}": a budget of a ${scope} is always "total"`)
  const wrong = scope && targetProblem(scope, target)
  if (wrong) refuse('target', wrong)
  if (!(cost >= 0 && cost <= MOST_COST)) refuse('cost', `${cost} is not from 0 to ${MOST_COST}`)
  if (tokens === 0 && cost === 0) refuse('tokens', 'expected tokens, a cost or both')
  if (!scope || !period || problems.length > 0) throw invalid(problems)
  return { scope, target, period, tokens, cost }
}
const MOST_COST = 1e12

function targetProblem(scope: StoredBudget['scope'], target: string): string | undefined {
  if (target.length > MOST_TARGET_CHARACTERS)
    return `is ${target.length} characters long; at most ${MOST_TARGET_CHARACTERS}`
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f]/.test(target) || !target.isWellFormed()) return 'expected an id'
  if (scope === 'user')
    return target === '' ? undefined : `"${target}": a budget of a user is the caller's own: leave it empty`
  if (scope === 'node') return /^[^/]+\/.+$/.test(target) ? undefined : `"${target}" is not "<spell>/<node>"`
  return target === '' ? `expected the id of ${scope === 'agent' ? 'an agent' : 'a spell'}` : undefined
}

/** With what is used of each in its present period; of `run` and `node`: by the latest one. */
async function withUse(store: LedgerStore, budgets: readonly StoredBudget[], at: number) {
  const accounts = budgets.flatMap(({ owner, scope, target, period }) =>
    scope === 'run' || scope === 'node' ? [] : [{ owner, scope, target, period: periodAt(period, at) }],
  )
  const { sums } = accounts.length > 0 ? await store.read([], accounts) : { sums: [] }
  const useOf = async ({ owner, scope, target, period }: StoredBudget): Promise<Sum> => {
    if (scope === 'run' || scope === 'node') return store.latest(owner, scope, target)
    const of = periodAt(period, at)
    return sums.find(sum => sum.scope === scope && sum.target === target && sum.period === of) ?? { tokens: 0, cost: 0 }
  }
  return Promise.all(
    budgets.map(async budget => {
      const { id, scope, target, period, tokens, cost } = budget
      const used = await useOf(budget)
      return {
        id,
        scope,
        target,
        period,
        tokens,
        cost,
        // A correction at the end of a call may come before what it corrects.
        usedTokens: Math.max(0, Math.round(used.tokens)),
        usedCost: Math.max(0, used.cost),
      }
    }),
  )
}
