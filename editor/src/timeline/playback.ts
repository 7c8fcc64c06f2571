import type { Timeline } from '#graph/timeline.ts'
import { runOf, seek, update } from '../run/store.ts'

/** The entry that is shown `elapsedMs` of playing after entry `from`: in the run's own time, with long waits cut short. */
export function positionAfter(timeline: Timeline, from: number, elapsedMs: number, speed: number): number {
  let left = elapsedMs * speed
  let at = from
  while (at < timeline.last) {
    const here = timeline.entries[at - 1]?.at ?? timeline.entries[0]?.at ?? 0
    const next = timeline.entries[at]?.at ?? here
    left -= Math.min(Math.max(next - here, SHORTEST_MS), LONGEST_MS)
    if (left < 0) return at
    at++
  }
  return at
}

// A run of microseconds must still be seen to go step by step; nobody wants to watch a minute of waiting.
const SHORTEST_MS = 40
const LONGEST_MS = 1200

/** Plays a tab's run from where its slider stands (from the start, when that is the end). Ends by itself, and with {@link stop}. */
export function play(tab: string): void {
  const { timeline, position, playing } = runOf(tab)
  if (playing || timeline.last === 0) return
  let from = position === 'live' || position >= timeline.last ? 0 : position
  let since = performance.now()
  update(tab, { playing: true })
  seek(tab, from)
  const step = () => {
    const run = runOf(tab)
    if (!run.playing || run.timeline !== timeline) return
    const at = positionAfter(timeline, from, performance.now() - since, run.speed)
    if (at !== from) {
      from = at
      since = performance.now()
      seek(tab, at)
    }
    if (at >= timeline.last) update(tab, { playing: false })
    else requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
}

/** Stops playing; the slider stays where it is. */
export function stop(tab: string): void {
  update(tab, { playing: false })
}

/** The next position by entry, or by node: where the next (or the last) node begins or ends. */
export function neighbour(timeline: Timeline, position: number, direction: 1 | -1, by: 'entry' | 'node'): number {
  if (by === 'entry') return position + direction
  for (let at = position + direction; at > 0 && at <= timeline.last; at += direction) {
    const kind = timeline.entries[at - 1]?.kind
    if (kind === 'node.ended' || kind === 'node.failed') return at
  }
  return direction > 0 ? timeline.last : 0
}

/** Positions of final failures. */
export function failuresOf(timeline: Timeline): number[] {
  return timeline.entries.flatMap(entry =>
    (entry.kind === 'node.failed' && entry.final) || entry.kind === 'run.failed' ? [entry.seq] : [],
  )
}
