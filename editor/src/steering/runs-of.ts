import { useEffect } from 'react'
import { create, useStore } from 'zustand'
import type { RunRecord } from '#client/index.ts'
import { tabOf, useTab } from '../document/store.ts'
import { runs, useTabRunField } from '../run/store.ts'
import { statusOf } from '../run/standing.ts'
import { useSession } from '../session/context.ts'
import type { Session } from '../session/context.ts'

/** A spell's runs, the latest first. */
export interface RunsOf {
  readonly runs: readonly RunRecord[]
  /** Whether the server did not answer, and they are those that this browser has kept. */
  readonly isKept: boolean
}

const useLists = create<Readonly<Record<string, RunsOf>>>(() => ({}))
const asked = new Map<string, number>()

/** Asks for the runs of a tab's spell anew. */
export async function refreshRuns({ rest, journals }: Session, tab: string): Promise<void> {
  const spell = tabOf(tab)?.spell
  if (!spell) return
  const turn = (asked.get(spell) ?? 0) + 1
  asked.set(spell, turn)
  const found = await rest.listRuns(spell, { pageSize: 50 }).then(
    ({ runs: list }) => ({ runs: list, isKept: false }),
    () =>
      journals.list(spell).then(
        list => ({ runs: list, isKept: true }),
        () => ({ runs: [], isKept: true }),
      ),
  )
  if (asked.get(spell) === turn) useLists.setState({ [spell]: found })
}

/** Keeps the list fresh while the tab is shown. Once in the page. */
export function useRunsFresh(tab: string): void {
  const session = useSession()
  const spell = useTab(tab, one => one.spell)
  const run = useTabRunField(tab, 'run')?.id
  const status = useStore(runs, ({ tabs }) => tabs[tab] && statusOf(tabs[tab]))
  useEffect(() => void refreshRuns(session, tab), [session, tab, spell, run, status])
  // One began elsewhere.
  useEffect(
    () => session.client.on('head', head => void (head.spell === spell && refreshRuns(session, tab))),
    [session, tab, spell],
  )
}

/** The same, for whoever shows the list: what ran elsewhere meanwhile is in it. */
export function useRunsAnew(tab: string): RunsOf | undefined {
  const session = useSession()
  useEffect(() => void refreshRuns(session, tab), [session, tab])
  return useRunsOf(tab)
}

/** The runs of a tab's spell; undefined: nobody has answered yet. */
export function useRunsOf(tab: string): RunsOf | undefined {
  const spell = useTab(tab, one => one.spell)
  return useLists(lists => (spell === undefined ? undefined : lists[spell]))
}
