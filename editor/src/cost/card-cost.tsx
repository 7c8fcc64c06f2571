import { CircleDollarSign, WalletMinimal } from 'lucide-react'
import type { ReactNode } from 'react'
import { useStore } from 'zustand'
import type { NodeView } from '#graph/view.ts'
import { positionOf, runs, useTabRun } from '../run/store.ts'
import type { TabRun } from '../run/store.ts'
import { costInWords, spendingOf, tokensInWords } from './spending.ts'
import type { Spending } from './spending.ts'
import './cost.css'

function spent(run: TabRun | undefined, node: string): Spending | undefined {
  return run && spendingOf(run.timeline, node, positionOf(run))
}

/** On a card: what the node has used up to the slider, in all of its activations. */
export function CardCost({ page, id }: { readonly page: string; readonly id: string }): ReactNode {
  const spending = useStore(runs, ({ tabs }) => spent(tabs[page], id))
  if (!spending) return null
  return (
    <small className="card__cost" data-testid={`cost-${id}`} title={inFull(spending)}>
      <span>{tokensInWords(spending)}</span>
      <span>{costInWords(spending)}</span>
    </small>
  )
}

/** On a card: which budget was used up. */
export function OverBudget({ run, id }: { readonly run: NodeView; readonly id: string }): ReactNode {
  if (!run.pulses.includes('overBudget')) return null
  const words = run.outputs['budget']
  return (
    <p className="card__budget" role="status" data-testid={`over-budget-${id}`}>
      <WalletMinimal size={13} aria-hidden="true" />
      <span>Over budget{typeof words === 'string' && words !== '' ? `: ${words}` : ''}. What it had said is kept.</span>
    </p>
  )
}

/** Beside the run's status: what it has used up to the slider. */
export function RunCost({ tab }: { readonly tab: string }): ReactNode {
  const spending = spent(useTabRun(tab), '')
  if (!spending) return null
  return (
    <span className="run-cost" data-testid="run-cost" title={inFull(spending)}>
      <CircleDollarSign size={13} aria-hidden="true" /> {costInWords(spending)}
    </span>
  )
}

function inFull(spending: Spending): string {
  const { calls, inputTokens, outputTokens, unpriced, models } = spending
  return [
    ...(inputTokens + outputTokens > 0
      ? [`${inputTokens.toLocaleString('en')} tokens in, ${outputTokens.toLocaleString('en')} out`]
      : []),
    `${calls} ${calls === 1 ? 'call' : 'calls'}: ${costInWords(spending)}`,
    ...(unpriced > 0 ? [`${unpriced} without a known price`] : []),
    ...(models.length > 0 ? [models.join(', ')] : []),
  ].join('\n')
}
