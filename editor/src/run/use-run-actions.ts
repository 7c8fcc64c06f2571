import { useCallback, useMemo } from 'react'
import { useStore } from 'zustand'
import type { RunHandle } from '#client/types.ts'
import type { JsonObject } from '#graph/json.ts'
import { interfaceOf } from '#graph/interface.ts'
import { usePage } from '../contracts.ts'
import { isDirty, tabOf } from '../document/store.ts'
import { useSession } from '../session/context.ts'
import { cancel, start } from './actions.ts'
import { ask } from './input-form.tsx'
import { remembered, remember, suggestedFor } from './remembered-inputs.ts'
import { isOpen, statusOf } from './standing.ts'
import { runs } from './store.ts'

/** What the page's buttons, keys and console commands do with runs. */
export interface RunActions {
  /** Runs the spell, from its usual start or from another; asks for inputs that have no default and were not given. Undefined: it does not run. */
  run(inputs?: JsonObject, startAt?: string): Promise<RunHandle | undefined>
  cancel(): void
  readonly isRunning: boolean
}

/** The actions of a tab. */
export function useRunActions(tab: string): RunActions {
  const session = useSession()
  const page = usePage(tab)
  const isRunning = useStore(runs, ({ tabs }) => {
    const one = tabs[tab]
    return one !== undefined && (one.starting || isOpen(statusOf(one) ?? ''))
  })
  const run = useCallback(
    async (given?: JsonObject, startAt?: string) => {
      const spell = await page.ensureStored()
      if (!spell) return undefined
      const needed = interfaceOf(page.document).inputs
      const known = { ...suggestedFor(tab), ...remembered(spell), ...given }
      const asked = !given && needed.some(input => input.required) ? await ask(needed, known) : (given ?? {})
      if (!asked) return undefined
      if (!given) remember(spell, asked)
      const now = tabOf(tab)
      return now && start(session, { id: tab, spell, document: now.document, dirty: isDirty(now) }, asked, startAt)
    },
    [session, page, tab],
  )
  const stop = useCallback(() => void cancel(tab, session), [session, tab])
  return useMemo(() => ({ run, cancel: stop, isRunning }), [run, stop, isRunning])
}
