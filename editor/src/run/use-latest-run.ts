import { useEffect } from 'react'
import { tabOf } from '../document/store.ts'
import type { RunRecord } from '#client/index.ts'
import { useSession } from '../session/context.ts'
import type { Session } from '../session/context.ts'
import { watch } from './actions.ts'
import { runOf } from './store.ts'

/** A tab that is shown without a run shows the latest one that this browser has kept, also offline; else the latest one that the server has. */
export function useLatestRun(tab: string): void {
  const session = useSession()
  useEffect(() => {
    const spell = tabOf(tab)?.spell
    if (!spell || isBusy(tab)) return undefined
    let current = true
    const show = (latest: RunRecord | undefined) => {
      const tabNow = tabOf(tab)
      if (latest && tabNow && current && !isBusy(tab))
        void watch(session, { id: tab, spell, document: tabNow.document, dirty: false }, latest)
    }
    void latestRun(session, spell).then(show)
    return () => {
      current = false
    }
  }, [session, tab])
}

function isBusy(tab: string): boolean {
  const { run, starting } = runOf(tab)
  return starting || run !== undefined
}

/** What this browser has kept is here at once; a later run that the server knows of, which may wait for somebody, goes before it. */
async function latestRun({ journals, rest }: Session, spell: string): Promise<RunRecord | undefined> {
  const [kept] = await journals.list(spell).catch(() => [])
  const asked = rest.listRuns(spell, { pageSize: 1 }).then(
    ({ runs: [found] }) => found,
    () => undefined,
  )
  // A server that does not answer keeps nobody waiting for what is here.
  const found = await (kept ? Promise.race([asked, later(PATIENCE_MS)]) : asked)
  return found && (!kept || found.startedAt > kept.startedAt) ? found : kept
}

const PATIENCE_MS = 1_000

function later(ms: number): Promise<undefined> {
  return new Promise(resolve => setTimeout(resolve, ms, undefined))
}
