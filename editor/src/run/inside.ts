import type { RestClient } from '#client/types.ts'
import { addPage, removeTab, select, tabOf } from '../document/store.ts'
import { say } from '../layout/toasts.tsx'
import { loadLibrary } from './library.ts'
import { documentAt, pageOf, runOf, runs, update } from './store.ts'

/** Shows the inside of a sub-spell in its tab: its graph, with what the call at the slider's position did. `path`: node ids from the outside in. */
export async function stepInto(
  rest: RestClient,
  tab: string,
  path: readonly string[],
  scopes: readonly (string | undefined)[] = [],
): Promise<boolean> {
  if (!documentAt(runOf(tab), path)) {
    const { document = tabOf(tab)?.document, library } = runOf(tab)
    if (!document) return false
    const found = await loadLibrary(rest, document).catch(() => ({}))
    update(tab, { document, library: { ...found, ...library } })
  }
  const document = documentAt(runOf(tab), path)
  if (!document) {
    say(
      `There is no graph to show of “${path.at(-1)}”: its spell is not known here, or it was not part of this run.`,
      'warn',
    )
    return false
  }
  const inside = { path, chosen: path.map((_, index) => scopes[index]) }
  const left = pageOf(tab, runOf(tab).inside)
  addPage({ id: pageOf(tab, inside), document, fixed: 'call' })
  update(tab, { inside })
  if (left !== tab && left !== pageOf(tab, inside)) drop(left)
  return true
}

/** Goes out again, to a depth: 0 is the spell itself. The node that was left is selected. */
export function stepOut(tab: string, depth: number): void {
  const run = runOf(tab)
  if (!run.inside || depth >= run.inside.path.length) return
  const { path, chosen } = run.inside
  const left = pageOf(tab, run.inside)
  const inside = depth === 0 ? undefined : { path: path.slice(0, depth), chosen: chosen.slice(0, depth) }
  const document = inside && documentAt(run, inside.path)
  const page = pageOf(tab, inside)
  if (inside && document) addPage({ id: page, document, fixed: 'call' })
  update(tab, { inside })
  drop(left)
  select(page, [path[depth] ?? ''])
}

/** Chooses one of several calls at a step of the path; undefined: the one at the slider's position. */
export function chooseCall(tab: string, step: number, scope: string | undefined): void {
  const { inside } = runOf(tab)
  if (!inside) return
  update(tab, {
    inside: {
      ...inside,
      chosen: inside.chosen.map((one, index) => (index < step ? one : index === step ? scope : undefined)),
    },
  })
}

/** After the documents of a run became known: the page of a call shows them, or is left. */
export function refreshInside(tab: string): void {
  const run = runOf(tab)
  if (!run.inside) return
  const document = documentAt(run, run.inside.path)
  const page = pageOf(tab, run.inside)
  if (!document) stepOut(tab, 0)
  else if (tabOf(page)?.document !== document) addPage({ id: page, document, fixed: 'call' })
}

function drop(page: string): void {
  removeTab(page)
  runs.setState(({ tabs }) => ({ tabs: Object.fromEntries(Object.entries(tabs).filter(([id]) => id !== page)) }))
}
