import { Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import type { BudgetRecord, UsageSum } from '#client/types.ts'
import { useTab } from '../document/store.ts'
import { useSession } from '../session/context.ts'
import { isSummed, limitInWords, scopeInWords, shareOf, usedInWords } from './budget.ts'
import { BudgetForm } from './budget-form.tsx'
import { loadLedger, useLedger } from './ledger.ts'
import { Meter } from './meter.tsx'
import { costInWords, tokensInWords } from './spending.ts'

/** What was spent and on which models, and what may be. */
export function SpendingDialog({ tab, onClose }: { readonly tab: string; onClose(): void }): ReactNode {
  const { rest } = useSession()
  const { today, month, byModel, budgets, trouble } = useLedger()
  const spell = { id: useTab(tab, one => one.spell), name: useTab(tab, one => one.document.name) ?? '' }
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    void loadLedger(rest, true)
  }, [rest])
  return (
    <dialog
      ref={dialog}
      className="dialog spending"
      onClose={onClose}
      aria-labelledby="spending-title"
      data-testid="spending-dialog"
    >
      <h2 id="spending-title">Spending</h2>
      {trouble && (
        <p className="account-form__problem" role="alert">
          {trouble}
        </p>
      )}
      <div className="spending__sums">
        <Sum title="Today" sum={today} />
        <Sum title="This month" sum={month} />
      </div>
      {byModel.length > 0 && <Models sums={byModel} />}
      <h3>Budgets</h3>
      {budgets.length === 0 && (
        <p>None is set. A budget stops a model in the middle of its answer when it is used up.</p>
      )}
      <ul className="spending__budgets">
        {budgets.map(budget => (
          <Budget key={budget.id} budget={budget} spell={spell} />
        ))}
      </ul>
      <BudgetForm spell={spell} />
      <footer>
        <button className="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </footer>
    </dialog>
  )
}

function Sum({ title, sum }: { readonly title: string; readonly sum: UsageSum | undefined }): ReactNode {
  return (
    <div data-testid={`spent-${title === 'Today' ? 'today' : 'month'}`}>
      <small>{title}</small>
      <b>{sum ? costInWords(sum) : '$0'}</b>
      <small>
        {sum
          ? [tokensInWords(sum), `${sum.calls} ${sum.calls === 1 ? 'call' : 'calls'}`].filter(Boolean).join(' · ')
          : 'nothing was asked'}
      </small>
    </div>
  )
}

const MOST_MODELS = 6

function Models({ sums }: { readonly sums: readonly UsageSum[] }): ReactNode {
  return (
    <table className="spending__models" aria-label="This month, by model">
      <tbody>
        {sums.slice(0, MOST_MODELS).map(sum => (
          <tr key={sum.key}>
            <th scope="row">
              <code>{sum.key}</code>
            </th>
            <td>{tokensInWords(sum)}</td>
            <td>{costInWords(sum.key.startsWith('local/') ? { ...sum, demo: sum.calls } : sum)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Budget({
  budget,
  spell,
}: {
  readonly budget: BudgetRecord
  readonly spell: { readonly id: string | undefined; readonly name: string }
}): ReactNode {
  const { rest } = useSession()
  const [trouble, setTrouble] = useState('')
  const share = shareOf(budget)
  const remove = async () => {
    try {
      await rest.deleteBudget(budget.id)
      await loadLedger(rest, true)
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error))
    }
  }
  const name = scopeInWords(budget, spell)
  return (
    <li data-testid={`budget-${budget.scope}-${budget.period}`}>
      <b>{name}</b>
      <span>{limitInWords(budget)}</span>
      {isSummed(budget) && (
        <span className="spending__used">
          <Meter share={share} />
          <small>
            {usedInWords(budget)}
            {share >= 1 && ', used up'}
          </small>
        </span>
      )}
      {trouble && <em role="alert">{trouble}</em>}
      <button
        className="icon-button"
        aria-label={`Delete the budget of ${name}, ${limitInWords(budget)}`}
        title="Delete"
        data-testid="delete-budget"
        onClick={() => void remove()}
      >
        <Trash2 size={14} />
      </button>
    </li>
  )
}
