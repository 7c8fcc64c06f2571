import type { SpellDocument } from '#graph/document.ts'
import type { Registry } from '#graph/define.ts'
import type { RunState } from '#graph/view.ts'
import { titleOf } from '../document/edits.ts'
import type { Shown } from './run-state.tsx'
import type { Standing } from './standing.ts'
import { isListening, isPlayed, needsPerson } from './standing.ts'

/** How a run stands, in a word or two. */
export function standingInWords(
  status: RunState,
  standing: Standing,
  document: SpellDocument | undefined,
  registry: Registry,
): { readonly shown: Shown; readonly words: string } {
  switch (status) {
    case 'paused':
      return {
        shown: 'paused',
        words: standing.pausedAt ? `paused before ${nameOf(standing.pausedAt, document, registry)}` : 'paused',
      }
    case 'waiting':
    case 'running': {
      if (standing.waits.some(needsPerson)) return { shown: 'asking', words: 'waiting for you' }
      const until = standing.waits.flatMap(wait => wait.until ?? [])
      if (until.length > 0) return { shown: 'waiting', words: `waiting until ${timeOf(Math.min(...until))}` }
      if (isListening(standing, document, registry)) return { shown: 'listening', words: 'listening' }
      return { shown: status, words: status === 'running' && isPlayed(document, registry) ? 'played' : status }
    }
    default:
      // A played run ends by being stopped: nothing went wrong.
      return { shown: status, words: status === 'cancelled' && isPlayed(document, registry) ? 'stopped' : status }
  }
}

function nameOf(path: string, document: SpellDocument | undefined, registry: Registry): string {
  const node = document?.nodes[path]
  return `“${node ? titleOf(node, registry) : (path.split('/').at(-1) ?? path)}”`
}

/** A moment as people say it: the time alone where it is today. */
export function timeOf(at: number): string {
  const [moment, today] = [new Date(at), new Date()]
  const time = moment.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return moment.toDateString() === today.toDateString()
    ? time
    : `${moment.toLocaleDateString([], { day: 'numeric', month: 'short' })}, ${time}`
}
