import {
  Ban,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleX,
  Ear,
  Hourglass,
  LoaderCircle,
  MessageCircleQuestionMark,
} from 'lucide-react'
import type { ReactNode } from 'react'

const ICONS = {
  idle: CircleDashed,
  running: LoaderCircle,
  listening: Ear,
  waiting: Hourglass,
  asking: MessageCircleQuestionMark,
  paused: CirclePause,
  completed: CircleCheck,
  failed: CircleX,
  cancelled: Ban,
} as const

/** What is shown of how a run stands. `asking`: it waits for a person. */
export type Shown = keyof typeof ICONS

/** How a run stands: an icon and words, never colour alone. */
export function RunState({ status, words = status }: { readonly status: Shown; readonly words?: string }): ReactNode {
  const Icon = Object.hasOwn(ICONS, status) ? ICONS[status] : CircleDashed
  return (
    <span className={`run-state run-state--${status}`}>
      <Icon size={14} aria-hidden="true" />
      <span>{words}</span>
    </span>
  )
}
