import { useCallback } from 'react'
import { select } from '../document/store.ts'
import { stepInto, stepOut } from '../run/inside.ts'
import { pageOf, runOf } from '../run/store.ts'
import { useSession } from '../session/context.ts'

/** Selects a node by its path, wherever it is: goes into the sub-spells that lead to it, or out of them. */
export function useOpenNode(tab: string): (path: string) => Promise<void> {
  const { rest } = useSession()
  return useCallback(
    async path => {
      const parts = path.split('/')
      const id = parts.pop() ?? ''
      const here = runOf(tab).inside?.path.join('/') ?? ''
      if (here !== parts.join('/')) {
        if (parts.length === 0) stepOut(tab, 0)
        else if (!(await stepInto(rest, tab, parts))) return
      }
      select(pageOf(tab, runOf(tab).inside), [id])
    },
    [rest, tab],
  )
}
