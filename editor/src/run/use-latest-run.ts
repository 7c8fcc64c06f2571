import { useEffect } from 'react'
import { tabOf } from '../document/store.ts'
import { useSession } from '../session/context.ts'
import { watch } from './actions.ts'
import { runOf } from './store.ts'

/** A tab that is shown without a run shows the latest one that this browser has kept, also offline; else the latest one that the server has. */
export function useLatestRun(tab: string): void {
  const session = useSession()
  useEffect(() => {
    const spell = tabOf(tab)?.spell
    if (!spell || isBusy(tab)) return
    const latestOf = async () =>
      (await session.journals.list(spell))[0] ?? (await session.rest.listRuns(spell, { pageSize: 1 })).runs[0]
    latestOf().then(
      latest => {
        const shown = tabOf(tab)
        if (latest && shown && !isBusy(tab))
          void watch(session, { id: tab, spell, document: shown.document, dirty: false }, latest)
      },
      // Without a store there is nothing to show.
      () => undefined,
    )
  }, [session, tab])
}

function isBusy(tab: string): boolean {
  const { run, starting } = runOf(tab)
  return starting || run !== undefined
}
