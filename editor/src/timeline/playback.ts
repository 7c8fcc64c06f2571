import type { Timeline } from '#graph/timeline.ts'
import { runOf, seek, update } from '../run/store.ts'

export const SPEEDS: readonly number[] = [0.25, 0.5, 1, 2, 4, 8]

/** Forwards or backwards. */
export type Direction = 1 | -1

/** The entry that is shown `elapsedMs` of playing after entry `from`: in the run's own time, with long waits cut short. */
export function positionAfter(
  timeline: Timeline,
  from: number,
  elapsedMs: number,
  speed: number,
  direction: Direction = 1,
): number {
  let left = elapsedMs * speed
  let at = from
  while (direction > 0 ? at < timeline.last : at > 0) {
    const beside = at + direction
    left -= Math.min(Math.max(Math.abs(timeOf(timeline, beside) - timeOf(timeline, at)), SHORTEST_MS), LONGEST_MS)
    if (left < 0) return at
    at = beside
  }
  return at
}

function timeOf({ entries }: Timeline, position: number): number {
  return entries[Math.max(0, position - 1)]?.at ?? 0
}

// A run of microseconds must still be seen to go step by step; nobody wants to watch a minute of waiting.
const SHORTEST_MS = 40
const LONGEST_MS = 1200

/** Plays a tab's run from where its slider stands (from the other end, when nothing is left in that direction). Ends by itself, and with {@link stop}. */
export function play(tab: string, direction: Direction = 1): void {
  const { timeline, position, playing } = runOf(tab)
  if (playing === direction || timeline.last === 0) return
  const here = position === 'live' ? timeline.last : position
  const isOver = direction > 0 ? here >= timeline.last : here <= 0
  let from = isOver ? (direction > 0 ? 0 : timeline.last) : here
  let since = performance.now()
  update(tab, { playing: direction })
  seek(tab, from)
  const step = () => {
    const run = runOf(tab)
    if (run.playing !== direction || run.timeline !== timeline) return
    // Somebody may have moved the slider meanwhile: it goes on from there.
    if (run.position !== from) {
      from = run.position === 'live' ? timeline.last : run.position
      since = performance.now()
    }
    const at = positionAfter(timeline, from, performance.now() - since, run.speed, direction)
    if (at !== from) {
      from = at
      since = performance.now()
      seek(tab, at)
    }
    if (direction > 0 ? at >= timeline.last : at <= 0) stop(tab)
    else requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
}

/** Stops playing; the slider stays where it is. */
export function stop(tab: string): void {
  if (runOf(tab).playing !== undefined) update(tab, { playing: undefined })
}

/** The next speed up or down. */
export function speedBeside(speed: number, direction: Direction): number {
  const at = SPEEDS.indexOf(speed)
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? SPEEDS.indexOf(1) : at) + direction))] ?? 1
}

/** The next position by entry, or by node: where the next (or the last) node ended. */
export function neighbour(timeline: Timeline, position: number, direction: Direction, by: 'entry' | 'node'): number {
  if (by === 'entry') return Math.max(0, Math.min(timeline.last, position + direction))
  for (let at = position + direction; at > 0 && at <= timeline.last; at += direction) {
    const kind = timeline.entries[at - 1]?.kind
    if (kind === 'node.ended' || kind === 'node.failed') return at
  }
  return direction > 0 ? timeline.last : 0
}
