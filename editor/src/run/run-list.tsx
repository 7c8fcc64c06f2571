import { Download, GitBranch, GitCompareArrows } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import type { RunRecord } from '#client/index.ts'
import type { UsageSum } from '#client/types.ts'
import { openComparison } from '../compare/store.ts'
import { usePage } from '../contracts.ts'
import { costsOfRuns } from '../cost/ledger.ts'
import { costInWords, tokensInWords } from '../cost/spending.ts'
import { jsonInWords } from '../media/media.ts'
import { useSession } from '../session/context.ts'
import { useRunsAnew } from '../steering/runs-of.ts'
import { openWaitOf } from '../steering/wait-dialog.tsx'
import { saveRun } from '../tabs/recording.ts'
import { formatDuration } from '../timeline/duration.ts'
import { watch } from './actions.ts'
import { RunState } from './run-state.tsx'
import { useTabRunField } from './store.ts'

/** Past and present runs of the spell; a click puts one into the timeline, two that are chosen are compared. */
export function RunList({ tab }: { readonly tab: string }): ReactNode {
  const page = usePage(tab)
  const list = useRunsAnew(tab)
  const costs = useCosts(page.spell, list?.runs)
  const [chosen, setChosen] = useState<readonly string[]>([])
  if (!page.spell || list?.runs.length === 0)
    return (
      <p className="timeline__empty">
        {page.fixed
          ? 'This run is from a file: open its spell to run it anew.'
          : list?.isKept
            ? 'The server does not answer, and no run of this spell is kept in this browser.'
            : 'This spell has not run yet.'}
      </p>
    )
  const runs = list?.runs ?? []
  // The older of two is the one that the other is compared with.
  const pair = runs.filter(({ id }) => chosen.includes(id)).toReversed()
  const [a, b] = pair
  return (
    <ol className="runs" data-testid="runs">
      {list?.isKept && <li className="runs__note">The server does not answer: these runs are kept in this browser.</li>}
      {a && (
        <li className="runs__note runs__compare">
          <span>{b ? 'Two runs are chosen.' : 'Choose another run to compare it with.'}</span>
          <button
            className="button button--small button--primary"
            data-testid="compare-runs"
            disabled={!b}
            onClick={() => b && openComparison(tab, { a: a.id, b: b.id })}
          >
            <GitCompareArrows size={13} aria-hidden="true" /> Compare
          </button>
        </li>
      )}
      {runs.map(run => (
        <Row
          key={run.id}
          tab={tab}
          run={run}
          cost={costs.get(run.id)}
          base={runs.find(({ id }) => id === run.forkedFrom)}
          isChosen={chosen.includes(run.id)}
          onChoose={() =>
            setChosen(before =>
              before.includes(run.id) ? before.filter(one => one !== run.id) : [...before, run.id].slice(-2),
            )
          }
        />
      ))}
    </ol>
  )
}

const NONE: ReadonlyMap<string, UsageSum> = new Map()

/** What each of the runs cost; asked anew with every list. */
function useCosts(spell: string | undefined, runs: readonly RunRecord[] | undefined): ReadonlyMap<string, UsageSum> {
  const { rest } = useSession()
  const [costs, setCosts] = useState(NONE)
  useEffect(() => {
    if (spell === undefined || runs === undefined || runs.length === 0) return undefined
    let isCurrent = true
    void costsOfRuns(rest, spell).then(found => isCurrent && setCosts(found))
    return () => {
      isCurrent = false
    }
  }, [rest, spell, runs])
  return costs
}

function Row({
  tab,
  run,
  cost,
  base,
  isChosen,
  onChoose,
}: {
  readonly tab: string
  readonly run: RunRecord
  readonly cost: UsageSum | undefined
  readonly base: RunRecord | undefined
  readonly isChosen: boolean
  onChoose(): void
}): ReactNode {
  const session = useSession()
  const page = usePage(tab)
  const shown = useTabRunField(tab, 'run')
  const at = new Date(run.startedAt)
  const given = page.spell && { id: tab, spell: page.spell, document: page.document, dirty: page.dirty }
  return (
    <li>
      <input
        type="checkbox"
        className="runs__choose"
        aria-label={`Compare the run of ${at.toLocaleTimeString()}`}
        title="Choose two runs to compare them"
        checked={isChosen}
        onChange={onChoose}
      />
      <button
        aria-current={run.id === shown?.id}
        onClick={() => {
          if (!given) return
          if (run.status === 'waiting') openWaitOf(tab, run.id)
          void watch(session, given, run)
        }}
      >
        <RunState
          status={run.status === 'waiting' ? 'asking' : run.status}
          words={run.status === 'waiting' ? 'waits' : run.status}
        />
        <time dateTime={at.toISOString()}>{at.toLocaleString()}</time>
        <span>{run.endedAt > 0 ? formatDuration(run.endedAt - run.startedAt) : 'not ended'}</span>
        <span>{run.lastSeq} entries</span>
        <span data-testid={`cost-of-${run.id}`} title={cost && tokensInWords(cost)}>
          {cost && costInWords(cost)}
        </span>
        <code title={run.error?.message}>
          {run.forkedFrom && (
            <i className="runs__branch" title={`It branched off ${run.forkedFrom} after entry ${run.forkedAt}`}>
              <GitBranch size={11} aria-hidden="true" /> of{' '}
              {base ? new Date(base.startedAt).toLocaleTimeString() : 'an earlier run'} at {run.forkedAt}
            </i>
          )}
          {run.error ? run.error.message : summary(run.outputs)}
        </code>
      </button>
      <button
        className="runs__save"
        aria-label={`Save the run of ${at.toLocaleTimeString()} as a file`}
        title="Save as a file"
        onClick={() => given && void saveRun(session, given, run)}
      >
        <Download size={13} aria-hidden="true" />
      </button>
    </li>
  )
}

function summary(outputs: RunRecord['outputs']): string {
  const text = jsonInWords(outputs)
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}
