import type { BudgetRecord } from '#client/types.ts'
import { formatMoney, formatTokens } from './money.ts'

/** How much of a budget is used: 0 to 1, more where it is overdrawn. Of the two sums that it may limit, the one that is nearer. */
export function shareOf({ tokens, cost, usedTokens, usedCost }: BudgetRecord): number {
  return Math.max(tokens > 0 ? usedTokens / tokens : 0, cost > 0 ? usedCost / cost : 0)
}

/** Whether a budget is summed up: those of runs and calls begin anew with each. */
export function isSummed({ scope }: Pick<BudgetRecord, 'scope'>): boolean {
  return scope !== 'run' && scope !== 'node'
}

/** The budget that ends first, of those that hold for whatever the user does with this spell; undefined: there is none. */
export function tightestOf(budgets: readonly BudgetRecord[], spell: string | undefined): BudgetRecord | undefined {
  return budgets
    .filter(one => one.scope === 'user' || (one.scope === 'spell' && one.target === spell))
    .toSorted((a, b) => shareOf(b) - shareOf(a))[0]
}

const PERIODS: Readonly<Record<string, string>> = { day: 'a day', month: 'a month', total: 'in total' }

/** What may be spent: `$1.00 or 50k tokens a day`. */
export function limitInWords({ tokens, cost, period, scope }: Omit<BudgetRecord, 'id'>): string {
  const sums = [...(cost > 0 ? [formatMoney(cost)] : []), ...(tokens > 0 ? [`${formatTokens(tokens)} tokens`] : [])]
  const every = scope === 'run' ? 'each run' : scope === 'node' ? 'each call' : (PERIODS[period] ?? period)
  return `${sums.join(' or ') || 'any sum'} ${every}`
}

/** What was spent of it: `$0.12 of $1.00`, or of its tokens where these are nearer to their end. */
export function usedInWords(budget: BudgetRecord): string {
  const { tokens, cost, usedTokens, usedCost } = budget
  const isMoney = cost > 0 && usedCost / cost >= (tokens > 0 ? usedTokens / tokens : 0)
  return isMoney
    ? `${formatMoney(usedCost)} of ${formatMoney(cost)}`
    : `${formatTokens(usedTokens)} of ${formatTokens(tokens)} tokens`
}

/** What it is for. */
export function scopeInWords(
  { scope, target }: Pick<BudgetRecord, 'scope' | 'target'>,
  spell: { readonly id: string | undefined; readonly name: string },
): string {
  const named = target === spell.id ? `“${spell.name}”` : `spell ${target}`
  switch (scope) {
    case 'user':
      return 'Everything of mine'
    case 'spell':
      return target === spell.id ? named : `Spell ${target}`
    case 'run':
      return `Each run of ${named}`
    case 'node':
      return `Node ${target.slice(target.indexOf('/') + 1)} of ${target.slice(0, target.indexOf('/')) === spell.id ? `“${spell.name}”` : `spell ${target.slice(0, target.indexOf('/'))}`}`
    default:
      return `${scope} ${target}`
  }
}
