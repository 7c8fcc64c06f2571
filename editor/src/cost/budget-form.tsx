import type { FormEvent, ReactNode } from 'react'
import { useState } from 'react'
import { problemsOf } from '../account/form.tsx'
import { useSession } from '../session/context.ts'
import { loadLedger } from './ledger.ts'

const FIELDS = ['budget.cost', 'budget.tokens', 'budget.scope', 'budget.target', 'budget.period'].map(name => ({
  name,
}))

/** Sets a budget; the one of the same kind is replaced. */
export function BudgetForm({
  spell,
}: {
  readonly spell: { readonly id: string | undefined; readonly name: string }
}): ReactNode {
  const { rest } = useSession()
  const [scope, setScope] = useState('user')
  const [period, setPeriod] = useState('day')
  const [cost, setCost] = useState('')
  const [tokens, setTokens] = useState('')
  const [problem, setProblem] = useState('')
  const isRun = scope === 'run'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setProblem('')
    if (cost === '' && tokens === '') return setProblem('expected a sum of money, a number of tokens, or both')
    try {
      await rest.setBudget({
        scope,
        target: scope === 'user' ? '' : (spell.id ?? ''),
        period: isRun ? 'total' : period,
        tokens: tokens === '' ? 0 : Number(tokens),
        cost: cost === '' ? 0 : Number(cost),
      })
      setCost('')
      setTokens('')
      await loadLedger(rest, true)
    } catch (error) {
      setProblem(Object.values(problemsOf(error, FIELDS)).join('; '))
    }
  }
  return (
    <form className="budget-form" onSubmit={event => void submit(event)} data-testid="budget-form" noValidate>
      <select
        aria-label="For"
        data-testid="budget-scope"
        value={scope}
        onChange={event => setScope(event.target.value)}
      >
        <option value="user">Everything of mine</option>
        {spell.id !== undefined && <option value="spell">“{spell.name}”</option>}
        {spell.id !== undefined && <option value="run">Each run of “{spell.name}”</option>}
      </select>
      {!isRun && (
        <select
          aria-label="Period"
          data-testid="budget-period"
          value={period}
          onChange={event => setPeriod(event.target.value)}
        >
          <option value="day">a day</option>
          <option value="month">a month</option>
          <option value="total">in total</option>
        </select>
      )}
      <label>
        <span>$</span>
        <input
          type="number"
          min="0"
          step="any"
          inputMode="decimal"
          aria-label="US dollars"
          placeholder="any"
          data-testid="budget-cost"
          value={cost}
          onChange={event => setCost(event.target.value)}
        />
      </label>
      <label>
        <input
          type="number"
          min="0"
          step="1"
          inputMode="numeric"
          aria-label="Tokens"
          placeholder="any"
          data-testid="budget-tokens"
          value={tokens}
          onChange={event => setTokens(event.target.value)}
        />
        <span>tokens</span>
      </label>
      <button type="submit" className="button button--primary button--small" data-testid="set-budget">
        Set
      </button>
      {problem && <em role="alert">{problem}</em>}
    </form>
  )
}
