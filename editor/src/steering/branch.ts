import { isDirty, tabOf } from '../document/store.ts'
import { say } from '../layout/toasts.tsx'
import { fork } from '../run/actions.ts'
import { positionOf, runOf } from '../run/store.ts'
import { ensureStored } from '../save/save.ts'
import type { Session } from '../session/context.ts'
import { stop } from '../timeline/playback.ts'

/** The entry after which a branch would begin at the slider's position; undefined: there is nothing to branch off. */
export function branchPoint(tab: string): number | undefined {
  const run = runOf(tab)
  const last = run.timeline.entries.at(-1)
  if (!run.run || !last || tabOf(tab)?.fixed) return undefined
  // Its last entry is its end: a branch begins before that.
  const most = 'lastSeq' in last ? run.timeline.last - 1 : run.timeline.last
  return Math.max(1, Math.min(positionOf(run), most))
}

/** Starts a run that goes on from the slider's position, with the spell as it is drawn now. */
export async function forkHere(session: Session, tab: string): Promise<void> {
  const seq = branchPoint(tab)
  if (seq !== undefined) await branch(session, tab, { seq })
}

/** Starts a run in which a node, and what depends on it, runs anew; all else is taken over from the run that is shown. */
export async function runFrom(session: Session, tab: string, node: string): Promise<void> {
  await branch(session, tab, { from: node })
}

async function branch(session: Session, tab: string, where: { seq?: number; from?: string }): Promise<void> {
  const base = runOf(tab).run?.id
  if (!base) return say('There is no run yet to branch off.', 'warn')
  stop(tab)
  const spell = await ensureStored(session, tab)
  const shown = tabOf(tab)
  if (!spell || !shown) return
  await fork(session, { id: tab, spell, document: shown.document, dirty: isDirty(shown) }, base, where)
}
