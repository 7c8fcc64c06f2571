import { useCallback, useMemo } from 'react'
import type { JsonObject } from '#graph/json.ts'
import { interfaceOf } from '#graph/interface.ts'
import { usePage } from '../contracts.ts'
import { isDirty, tabOf } from '../document/store.ts'
import { useSession } from '../session/context.ts'
import { cancel, start } from './actions.ts'
import { ask } from './input-form.tsx'
import { remembered, remember } from './remembered-inputs.ts'
import { useTabRunField } from './store.ts'

/** What the page's buttons, keys and console commands do with runs. */
export interface RunActions {
  /** Runs the spell; asks for inputs that have no default and were not given. */
  run(inputs?: JsonObject): void
  cancel(): void
  readonly isRunning: boolean
}

/** The actions of a tab. */
export function useRunActions(tab: string): RunActions {
  const session = useSession()
  const page = usePage(tab)
  const starting = useTabRunField(tab, 'starting')
  const record = useTabRunField(tab, 'run')
  const isRunning =
    starting || record?.status === 'running' || record?.status === 'waiting' || record?.status === 'paused'
  const run = useCallback(
    (given?: JsonObject) => {
      void (async () => {
        const spell = await page.ensureStored()
        if (!spell) return
        const needed = interfaceOf(page.document).inputs
        const known = { ...remembered(spell), ...given }
        const asked = !given && needed.some(input => input.required) ? await ask(needed, known) : (given ?? {})
        if (!asked) return
        if (!given) remember(spell, asked)
        const now = tabOf(tab)
        if (now) await start(session, { id: tab, spell, document: now.document, dirty: isDirty(now) }, asked)
      })()
    },
    [session, page, tab],
  )
  const stop = useCallback(() => void cancel(tab, session), [session, tab])
  return useMemo(() => ({ run, cancel: stop, isRunning }), [run, stop, isRunning])
}
