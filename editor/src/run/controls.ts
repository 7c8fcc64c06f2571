import { ApiError } from '#client/index.ts'
import type { RunHandle } from '#client/types.ts'
import type { Json } from '#graph/json.ts'
import { say } from '../layout/toasts.tsx'
import { keptOf, toggleBreakpoints } from '../steering/kept.ts'
import { isOpen, standingOf } from './standing.ts'
import { handleOf, runOf, seek, update } from './store.ts'

/** Lets nothing more start; what is at work ends. */
export function pauseRun(tab: string): Promise<void> {
  return told(tab, async () => handleOf(tab)?.pause())
}

/** Goes on, or by one node. With the breakpoints as they are set now. */
export function playRun(tab: string, step = false): Promise<void> {
  // Whoever steps wants to see where to.
  if (runOf(tab).position !== 'live') seek(tab, 'live')
  return told(tab, async () => handleOf(tab)?.play({ step, breakpoints: keptOf(tab).breakpoints }))
}

/** Sets breakpoints before nodes, or takes them away; a run at work learns of it at once. */
export function toggleStops(tab: string, paths: readonly string[]): void {
  const breakpoints = toggleBreakpoints(tab, paths)
  const { status } = standingOf(runOf(tab).timeline)
  // A paused run learns of it when it goes on.
  if (status === 'running' || status === 'waiting') void told(tab, async () => handleOf(tab)?.play({ breakpoints }))
}

/** Ends something that the run waits for. Rejects with what is wrong with the answer. */
export async function answerRun(tab: string, answer: Parameters<RunHandle['answer']>[0]): Promise<void> {
  const handle = handleOf(tab)
  if (!handle) throw new ApiError(0, 'CANCELLED', 'the run is not followed any more')
  await handle.answer(answer)
}

/** Sends a message to the sources of a played run. Rejects where it is refused. */
export async function sendToRun(tab: string, name: string, message: Json): Promise<void> {
  const handle = handleOf(tab)
  if (!handle) throw new ApiError(0, 'CANCELLED', 'no run is played')
  await handle.send(name, message)
}

async function told(tab: string, ask: () => Promise<unknown>): Promise<void> {
  update(tab, { asking: true })
  try {
    await ask()
  } catch (error) {
    // It may have ended meanwhile: that says itself.
    if (isOpen(standingOf(runOf(tab).timeline).status))
      say(error instanceof Error ? error.message : String(error), 'warn')
  } finally {
    update(tab, { asking: false })
  }
}
