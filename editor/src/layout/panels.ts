import { useCallback, useState } from 'react'
import type { PointerEvent } from 'react'

/** A panel's size and whether it is open: remembered in this browser. */
export interface Panel {
  readonly size: number
  readonly open: boolean
  toggle(): void
  /** For the pointer-down of its edge. */
  startResize(event: PointerEvent): void
}

/** `edge`: on which side of the panel its edge is, and so what dragging does. */
export function usePanel(
  name: string,
  initial: number,
  limits: readonly [least: number, most: number],
  edge: 'left' | 'right' | 'top',
  startsOpen = true,
): Panel {
  const key = `spellmesh.panel.${name}`
  const [state, setState] = useState(() => readPanel(key, initial, startsOpen))
  const keep = useCallback(
    (next: { size: number; open: boolean }) => {
      setState(next)
      localStorage.setItem(key, JSON.stringify(next))
    },
    [key],
  )
  const startResize = useCallback(
    (event: PointerEvent) => {
      event.preventDefault()
      const from = edge === 'top' ? event.clientY : event.clientX
      const before = state.size
      const sign = edge === 'right' ? 1 : -1
      const onMove = (move: globalThis.PointerEvent) => {
        const at = edge === 'top' ? move.clientY : move.clientX
        keep({ open: true, size: Math.round(Math.min(limits[1], Math.max(limits[0], before + sign * (at - from)))) })
      }
      const onUp = () => {
        window.removeEventListener('pointermove', onMove)
        window.removeEventListener('pointerup', onUp)
      }
      window.addEventListener('pointermove', onMove)
      window.addEventListener('pointerup', onUp)
    },
    [edge, keep, limits, state.size],
  )
  return { ...state, toggle: () => keep({ ...state, open: !state.open }), startResize }
}

function readPanel(key: string, size: number, open: boolean): { size: number; open: boolean } {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? 'null') as { size: number; open: boolean } | null
    return kept && Number.isFinite(kept.size) ? kept : { size, open }
  } catch {
    return { size, open }
  }
}
