import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import type { RunRecord } from '#client/index.ts'
import { usePage } from '../contracts.ts'
import { useSession } from '../session/context.ts'
import { formatDuration } from '../timeline/duration.ts'
import { watch } from './actions.ts'
import { useTabRunField } from './store.ts'
import { RunState } from './run-state.tsx'

/** Past and present runs of the spell; a click puts one into the timeline. */
export function RunList({ tab }: { readonly tab: string }): ReactNode {
  const session = useSession()
  const page = usePage(tab)
  const shown = useTabRunField(tab, 'run')
  const [list, setList] = useState<{ readonly runs: readonly RunRecord[]; readonly error?: string } | undefined>()
  useEffect(() => {
    let current = true
    if (!page.spell) return undefined
    session.rest.listRuns(page.spell, { pageSize: 50 }).then(
      ({ runs }) => current && setList({ runs }),
      (error: unknown) =>
        current && setList({ runs: [], error: error instanceof Error ? error.message : String(error) }),
    )
    return () => {
      current = false
    }
  }, [session.rest, page.spell, shown?.id, shown?.status])
  if (!page.spell || list?.runs.length === 0)
    return <p className="timeline__empty">{list?.error ?? 'This spell has not run yet.'}</p>
  return (
    <ol className="runs" data-testid="runs">
      {list?.runs.map(run => (
        <li key={run.id}>
          <button
            aria-current={run.id === shown?.id}
            onClick={() =>
              page.spell &&
              void watch(session, { id: tab, spell: page.spell, document: page.document, dirty: page.dirty }, run)
            }
          >
            <RunState status={run.status} />
            <time dateTime={new Date(run.startedAt).toISOString()}>{new Date(run.startedAt).toLocaleString()}</time>
            <span>{run.endedAt > 0 ? formatDuration(run.endedAt - run.startedAt) : 'running'}</span>
            <span>{run.lastSeq} entries</span>
            <code title={run.error?.message}>{run.error ? run.error.message : summary(run.outputs)}</code>
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
