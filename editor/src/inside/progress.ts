import type { RunView } from '#graph/view.ts'

/** How far what is inside of a sub-spell node has come. */
export interface Progress {
  /** Nodes of the inner spell that have done their work. */
  readonly done: number
  readonly running: number
  readonly failed: number
  /** One of those at work; empty: none. */
  readonly at: string
}

const known = new WeakMap<RunView, ReadonlyMap<string, Progress>>()

/** The progress inside of every sub-spell node of a view, by its path; worked out once per view. */
export function progressOf(view: RunView): ReadonlyMap<string, Progress> {
  const found = known.get(view) ?? count(view)
  known.set(view, found)
  return found
}

function count({ nodes }: RunView): ReadonlyMap<string, Progress> {
  const all = new Map<string, { done: number; running: number; failed: number; at: string }>()
  for (const [path, { state }] of Object.entries(nodes)) {
    const slash = path.lastIndexOf('/')
    if (slash < 0) continue
    const outer = path.slice(0, slash)
    const progress = all.get(outer) ?? { done: 0, running: 0, failed: 0, at: '' }
    all.set(outer, progress)
    if (state === 'done' || state === 'cached') progress.done++
    else if (state === 'failed') progress.failed++
    else if (state === 'running' || state === 'waiting') {
      progress.running++
      progress.at = path.slice(slash + 1)
    }
  }
  return all
}
