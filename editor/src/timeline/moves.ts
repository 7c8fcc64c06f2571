import { positionOf, runOf, seek, update } from '../run/store.ts'
import { errorBeside, marksOf } from './marks.ts'
import { neighbour, play, speedBeside, stop } from './playback.ts'
import type { Direction } from './playback.ts'

/** What can be done with a slider. */
export type Move =
  | { readonly kind: 'entry' | 'node' | 'error' | 'play' | 'speed'; readonly direction: Direction }
  | { readonly kind: 'start' | 'live' }

/** Moves a tab's slider. Whoever steps by hand stops what plays. */
export function move(tab: string, one: Move): void {
  const { timeline, playing, speed } = runOf(tab)
  if (timeline.last === 0) return
  const at = positionOf(runOf(tab))
  switch (one.kind) {
    case 'play':
      return playing === one.direction ? stop(tab) : play(tab, one.direction)
    case 'speed':
      return update(tab, { speed: speedBeside(speed, one.direction) })
    case 'start':
      stop(tab)
      return seek(tab, 0)
    case 'live':
      stop(tab)
      return seek(tab, 'live')
    case 'error': {
      const found = errorBeside(marksOf(timeline), at, one.direction)
      if (found === undefined) return
      stop(tab)
      return seek(tab, found)
    }
    case 'entry':
    case 'node': {
      stop(tab)
      const next = neighbour(timeline, at, one.direction, one.kind)
      return seek(tab, next >= timeline.last && one.direction > 0 ? 'live' : next)
    }
  }
}

/** What a key does while the timeline has the focus. */
export function moveOfKey(key: string, shift: boolean): Move | undefined {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowLeft':
      return { kind: shift ? 'node' : 'entry', direction: key === 'ArrowRight' ? 1 : -1 }
    case ' ':
      return { kind: 'play', direction: shift ? -1 : 1 }
    case 'e':
    case 'E':
      return { kind: 'error', direction: shift || key === 'E' ? -1 : 1 }
    case '+':
    case '=':
      return { kind: 'speed', direction: 1 }
    case '-':
      return { kind: 'speed', direction: -1 }
    case 'Home':
      return { kind: 'start' }
    case 'End':
      return { kind: 'live' }
    default:
      return undefined
  }
}
