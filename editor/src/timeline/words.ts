import type { Entry } from '#graph/journal.ts'
import { formatDuration } from './duration.ts'

/** An entry in words: whose, what, and when after the start. */
export function describeEntry(entry: Entry | undefined, startedAt: number): string {
  if (!entry) return 'before the start'
  const node = 'node' in entry ? entry.node?.replaceAll('/', ' / ') : undefined
  const what = detailOf(entry) ?? WORDS[entry.kind] ?? entry.kind
  return `${node ? `${node} ${what}` : what} · ${formatDuration(entry.at - startedAt)}`
}

/** What the kind alone does not tell. */
function detailOf(entry: Entry): string | undefined {
  if (entry.kind === 'run.resumed' && entry.step) return 'went on by one step'
  if (entry.kind !== 'run.answered') return undefined
  return entry.choice === 'dropped'
    ? 'not asked any more'
    : entry.choice === 'expired'
      ? 'its time has passed'
      : undefined
}

const WORDS: Readonly<Record<string, string>> = {
  'run.started': 'run started',
  'node.started': 'started',
  'node.value': 'evaluated',
  'node.emitted': 'emitted',
  'node.ended': 'done',
  'node.failed': 'failed',
  'node.log': 'logged',
  'state.changed': 'changed state',
  'scope.opened': 'opened a scope',
  'run.completed': 'run completed',
  'run.failed': 'run failed',
  'run.cancelled': 'run cancelled',
  'run.waiting': 'waiting',
  'run.answered': 'answered',
  'run.paused': 'paused',
  'run.resumed': 'went on',
}
