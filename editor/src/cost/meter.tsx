import type { ReactNode } from 'react'

/** A bar: how much of a budget is used. */
export function Meter({ share }: { readonly share: number }): ReactNode {
  const kind = share >= 1 ? 'over' : share >= 0.8 ? 'near' : 'well'
  return (
    <span className={`meter meter--${kind}`} aria-hidden="true">
      <i style={{ width: `${Math.min(1, share) * 100}%` }} />
    </span>
  )
}
