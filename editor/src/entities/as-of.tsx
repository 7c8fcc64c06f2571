import { Clock } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ChangeRecord } from '../knowledge/records.ts'
import { momentsOf } from './changes.ts'

/** Leads to what was known at a time: by the moments of change, or by any date. 0: now. */
export function AsOf({
  changes,
  asOf,
  onChange,
}: {
  readonly changes: readonly ChangeRecord[]
  readonly asOf: number
  onChange(asOf: number): void
}): ReactNode {
  const moments = momentsOf(changes)
  const last = moments.length
  const before = moments.findLastIndex(moment => moment <= asOf)
  const index = asOf === 0 ? last : Math.max(0, before)
  const words = asOf === 0 ? 'Now' : new Date(asOf).toLocaleString()
  return (
    <div className={asOf > 0 ? 'as-of as-of--then' : 'as-of'} data-testid="as-of">
      <Clock size={13} aria-hidden="true" />
      <input
        type="range"
        min={0}
        max={last}
        value={index}
        disabled={last === 0}
        aria-label="As of"
        aria-valuetext={words}
        data-testid="as-of-slider"
        onChange={event => onChange(moments[Number(event.target.value)] ?? 0)}
      />
      <input
        type="datetime-local"
        aria-label="As of this time"
        data-testid="as-of-time"
        value={asOf > 0 ? toLocal(asOf) : ''}
        onChange={event => {
          const at = new Date(event.target.value).getTime()
          onChange(Number.isFinite(at) && at > 0 ? at + LAST_MS : 0)
        }}
      />
      <button className="button button--small" disabled={asOf === 0} onClick={() => onChange(0)}>
        Now
      </button>
      <p role="status" data-testid="as-of-words">
        {asOf > 0 ? `As it was on ${words}` : 'As it is now'}
      </p>
    </div>
  )
}

/** The field knows whole minutes: what happened within it counts. */
const LAST_MS = 59_999

function toLocal(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
