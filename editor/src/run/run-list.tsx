import { Download } from 'lucide-react'
import type { ReactNode } from 'react'
import type { RunRecord } from '#client/index.ts'
import { usePage } from '../contracts.ts'
import { useSession } from '../session/context.ts'
import { useRunsOf } from '../steering/runs-of.ts'
import { openWaitOf } from '../steering/wait-dialog.tsx'
import { saveRun } from '../tabs/recording.ts'
import { formatDuration } from '../timeline/duration.ts'
import { watch } from './actions.ts'
import { useTabRunField } from './store.ts'
import { RunState } from './run-state.tsx'

/** Past and present runs of the spell; a click puts one into the timeline. */
export function RunList({ tab }: { readonly tab: string }): ReactNode {
  const session = useSession()
  const page = usePage(tab)
  const shown = useTabRunField(tab, 'run')
  const list = useRunsOf(tab)
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
  return (
    <ol className="runs" data-testid="runs">
      {list?.isKept && <li className="runs__note">The server does not answer: these runs are kept in this browser.</li>}
      {list?.runs.map(run => (
        <li key={run.id}>
          <button
            aria-current={run.id === shown?.id}
            onClick={() => {
              if (!page.spell) return
              if (run.status === 'waiting') openWaitOf(tab, run.id)
              void watch(session, { id: tab, spell: page.spell, document: page.document, dirty: page.dirty }, run)
            }}
          >
            <RunState status={run.status} />
            <time dateTime={new Date(run.startedAt).toISOString()}>{new Date(run.startedAt).toLocaleString()}</time>
            <span>{run.endedAt > 0 ? formatDuration(run.endedAt - run.startedAt) : 'running'}</span>
            <span>{run.lastSeq} entries</span>
            <code title={run.error?.message}>{run.error ? run.error.message : summary(run.outputs)}</code>
          </button>
          <button
            className="runs__save"
            aria-label={`Save the run of ${new Date(run.startedAt).toLocaleTimeString()} as a file`}
            title="Save as a file"
            onClick={() =>
              page.spell &&
              void saveRun(session, { id: tab, spell: page.spell, document: page.document, dirty: page.dirty }, run)
            }
          >
            <Download size={13} aria-hidden="true" />
          </button>
        </li>
      ))}
    </ol>
  )
}

function summary(outputs: RunRecord['outputs']): string {
  const text = JSON.stringify(outputs)
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}
