import { useCallback } from 'react'
import { stepInto } from '../run/inside.ts'
import { runOf, scopesOf } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { placeOf } from './place.ts'

/** Goes into a sub-spell node of a page. Whoever looks at a certain call stays in it. */
export function useOpenCall(page: string): (id: string) => Promise<boolean> {
  const { rest } = useSession()
  return useCallback(
    id => {
      const { tab, path } = placeOf(page)
      const run = runOf(tab)
      const scopes = scopesOf(run)
      const held = path.map((_, index) => (run.inside?.chosen[index] === undefined ? undefined : scopes[index]))
      return stepInto(rest, tab, [...path, id], held)
    },
    [rest, page],
  )
}
