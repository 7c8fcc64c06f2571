import { ArrowLeftRight, Equal, EqualNot, SquareMinus, SquarePlus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import { formatMoney } from '../cost/money.ts'
import { usePage } from '../contracts.ts'
import { RunState } from '../run/run-state.tsx'
import { useTabRunField } from '../run/store.ts'
import { formatDuration } from '../timeline/duration.ts'
import { laneTitle } from '../timeline/lane-rows.ts'
import { compareRuns } from './compare.ts'
import type { NodeRow, NodeSide, Totals, Verdict } from './compare.ts'
import { Differences } from './differences-view.tsx'
import type { Journal, Pair } from './store.ts'
import { closeComparison, openComparison, useJournal, usePair } from './store.ts'
import './compare.css'

/** Two runs side by side: what they came to, and what each node gave and took. */
export function ComparePanel({ tab }: { readonly tab: string }): ReactNode {
  const pair = usePair(tab)
  return pair ? <Pairing key={`${pair.a} ${pair.b}`} tab={tab} pair={pair} /> : null
}

function Pairing({ tab, pair }: { readonly tab: string; readonly pair: Pair }): ReactNode {
  const [a, b] = [useJournal(tab, pair.a), useJournal(tab, pair.b)]
  const trouble = [a, b].find(one => one !== undefined && 'message' in one)
  if (trouble && 'message' in trouble)
    return <p className="timeline__empty">These runs cannot be compared: {trouble.message}</p>
  if (!a || !b || 'message' in a || 'message' in b) return <p className="timeline__empty">Reading the runs…</p>
  return <Compared tab={tab} pair={pair} a={a} b={b} />
}

function Compared({
  tab,
  pair,
  a,
  b,
}: {
  readonly tab: string
  readonly pair: Pair
  readonly a: Journal
  readonly b: Journal
}): ReactNode {
  const [isAll, setAll] = useState(false)
  const [open, setOpen] = useState<string | undefined>()
  const page = usePage(tab)
  const ran = useTabRunField(tab, 'document')
  const compared = useMemo(
    () =>
      compareRuns(
        { entries: a.entries, startedAt: a.run.startedAt },
        { entries: b.entries, startedAt: b.run.startedAt },
      ),
    [a.entries, a.entries.length, b.entries, b.entries.length],
  )
  const count = compared.nodes.filter(({ verdict }) => verdict !== 'same').length
  const shown = isAll ? compared.nodes : compared.nodes.filter(({ verdict }) => verdict !== 'same')
  const choose = (node: string) => {
    setOpen(open === node ? undefined : node)
    page.selectNode(node)
  }
  return (
    <div className="compare" data-testid="compare">
      <div className="compare__bar">
        <b>{count === 0 ? 'No node differs' : count === 1 ? 'One node differs' : `${count} nodes differ`}</b>
        <label>
          <input type="checkbox" checked={isAll} onChange={event => setAll(event.target.checked)} /> show all{' '}
          {compared.nodes.length}
        </label>
        <button
          className="button button--small"
          title="Swap A and B"
          onClick={() => openComparison(tab, { a: pair.b, b: pair.a })}
        >
          <ArrowLeftRight size={13} aria-hidden="true" /> Swap
        </button>
        <button className="icon-button" aria-label="Close the comparison" onClick={() => closeComparison(tab)}>
          <X size={14} />
        </button>
      </div>
      <table className="compare__table">
        <TotalsHead a={a} b={b} totals={[compared.a, compared.b]} />
        <tbody>
          <tr className="compare__outputs">
            <th scope="row">
              <Mark verdict={compared.isSameOutputs ? 'same' : 'different'} /> Outputs
            </th>
            <td colSpan={2}>
              <Differences a={compared.a.outputs} b={compared.b.outputs} none="No outputs." />
            </td>
          </tr>
          {shown.map(row => (
            <Row
              key={row.node}
              row={row}
              title={laneTitle(ran ?? page.document, row.node)}
              isOpen={open === row.node}
              onClick={() => choose(row.node)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function TotalsHead({
  a,
  b,
  totals,
}: {
  readonly a: Journal
  readonly b: Journal
  readonly totals: readonly [Totals, Totals]
}): ReactNode {
  return (
    <thead>
      <tr>
        <th />
        {[a, b].map(({ run }, index) => {
          const one = totals[index === 0 ? 0 : 1]
          return (
            <th key={index} scope="col" data-testid={index === 0 ? 'compare-a' : 'compare-b'}>
              <span className="compare__letter">{index === 0 ? 'A' : 'B'}</span>{' '}
              <time>{new Date(run.startedAt).toLocaleTimeString()}</time> <RunState status={one.status} />
              <small>
                {[
                  formatDuration(one.tookMs),
                  `${one.entries} entries`,
                  ...(one.inputTokens + one.outputTokens > 0
                    ? [`${one.inputTokens} → ${one.outputTokens} tokens`]
                    : []),
                  ...(one.cost > 0 ? [formatMoney(one.cost)] : []),
                ].join(' · ')}
              </small>
              {one.error && <small className="compare__error">{one.error.message}</small>}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

function Row({
  row,
  title,
  isOpen,
  onClick,
}: {
  readonly row: NodeRow
  readonly title: string
  readonly isOpen: boolean
  onClick(): void
}): ReactNode {
  const { node, verdict, a, b } = row
  return (
    <>
      <tr data-testid={`compare-${node}`} data-verdict={verdict}>
        <th scope="row">
          <button aria-expanded={isOpen} title={node} onClick={onClick}>
            <Mark verdict={verdict} /> {title}
          </button>
        </th>
        <td>
          <Side side={a} />
        </td>
        <td>
          <Side side={b} />
        </td>
      </tr>
      {isOpen && (
        <tr className="compare__outputs">
          <td />
          <td colSpan={2}>
            <Differences a={a?.outputs ?? {}} b={b?.outputs ?? {}} none="It gave nothing in either run." />
          </td>
        </tr>
      )}
    </>
  )
}

function Side({ side }: { readonly side: NodeSide | undefined }): ReactNode {
  if (!side) return <small>—</small>
  const { activations, cached, tookMs, tokens, cost, error } = side
  const told = [
    cached === activations ? 'taken over' : formatDuration(tookMs),
    ...(activations > 1 ? [`×${activations}`] : []),
    ...(tokens > 0 ? [`${tokens} tokens`] : []),
    ...(cost > 0 ? [formatMoney(cost)] : []),
  ]
  return (
    <>
      <small>{told.join(' · ')}</small>
      {error && <small className="compare__error">{error.message}</small>}
    </>
  )
}

const MARKS = {
  same: { Icon: Equal, words: 'same' },
  different: { Icon: EqualNot, words: 'different' },
  'only-a': { Icon: SquareMinus, words: 'only in A' },
  'only-b': { Icon: SquarePlus, words: 'only in B' },
} as const

function Mark({ verdict }: { readonly verdict: Verdict }): ReactNode {
  const { Icon, words } = MARKS[verdict]
  return (
    <span className={`compare__mark compare__mark--${verdict}`} title={words}>
      <Icon size={14} aria-label={words} />
      {verdict.startsWith('only') && <small>{words}</small>}
    </span>
  )
}
