import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'

const SEEN = 'spellmesh.hint.slider'

/** One hint, once in a lifetime: that the slider can be dragged. */
export function Hint({ show }: { readonly show: boolean }): ReactNode {
  const [seen, setSeen] = useState(() => localStorage.getItem(SEEN) === 'yes')
  useEffect(() => {
    if (seen || !show) return undefined
    const slider = document.querySelector('[data-testid="timeline-slider"]')
    const done = () => {
      localStorage.setItem(SEEN, 'yes')
      setSeen(true)
    }
    slider?.addEventListener('input', done, { once: true })
    return () => slider?.removeEventListener('input', done)
  }, [seen, show])
  if (seen || !show) return null
  return (
    <div className="hint" role="note" data-testid="hint">
      Drag me — the whole run is here
    </div>
  )
}
