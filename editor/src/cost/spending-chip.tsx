import { Wallet } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { useTab } from '../document/store.ts'
import { statusOf } from '../run/standing.ts'
import { runs } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { limitInWords, shareOf, tightestOf, usedInWords } from './budget.ts'
import { loadLedger, useLedger } from './ledger.ts'
import { formatMoney, formatTokens } from './money.ts'
import { Meter } from './meter.tsx'
import { SpendingDialog } from './spending-dialog.tsx'
import './cost.css'

/** What the user has spent today, and of the budget that ends first; it opens all about spending. */
export function SpendingChip({ tab }: { readonly tab: string }): ReactNode {
  const { rest } = useSession()
  const { today, budgets } = useLedger()
  const [open, setOpen] = useState(false)
  const spell = useTab(tab, one => one.spell)
  const status = useStore(runs, ({ tabs }) => tabs[tab] && statusOf(tabs[tab]))
  // When a run ends, it has cost what it has.
  useEffect(() => void loadLedger(rest), [rest, status])
  const budget = tightestOf(budgets, spell)
  const share = budget ? shareOf(budget) : 0
  const spent = today ? (today.cost > 0 ? formatMoney(today.cost) : `${formatTokens(today.outputTokens)} tokens`) : '$0'
  return (
    <>
      <button
        className={`spending-chip ${share >= 1 ? 'spending-chip--over' : share >= 0.8 ? 'spending-chip--near' : ''}`}
        data-testid="spending"
        title={
          budget
            ? `Spending: ${usedInWords(budget)} used of ${limitInWords(budget)}`
            : `Spending: ${spent} today. No budget is set`
        }
        aria-label={budget ? `Spending, ${usedInWords(budget)}` : `Spending, ${spent} today`}
        onClick={() => setOpen(true)}
      >
        <Wallet size={15} aria-hidden="true" />
        {budget ? (
          <span className="spending-chip__budget">
            <small>{usedInWords(budget)}</small>
            <Meter share={share} />
          </span>
        ) : (
          today !== undefined && today.cost > 0 && <small>{spent} today</small>
        )}
      </button>
      {open && <SpendingDialog tab={tab} onClose={() => setOpen(false)} />}
    </>
  )
}
