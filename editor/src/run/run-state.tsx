import { Ban, CircleCheck, CircleDashed, CirclePause, CircleX, Hourglass, LoaderCircle } from 'lucide-react'
import type { ReactNode } from 'react'

const ICONS = {
  idle: CircleDashed,
  running: LoaderCircle,
  waiting: Hourglass,
  paused: CirclePause,
  completed: CircleCheck,
  failed: CircleX,
  cancelled: Ban,
} as const

/** How a run stands: an icon and a word, never colour alone. */
export function RunState({ status }: { readonly status: keyof typeof ICONS }): ReactNode {
  const Icon = Object.hasOwn(ICONS, status) ? ICONS[status] : CircleDashed
  return (
    <span className={`run-state run-state--${status}`}>
      <Icon size={14} aria-hidden="true" />
      {status}
    </span>
  )
}
