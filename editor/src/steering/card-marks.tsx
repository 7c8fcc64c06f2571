import { CirclePause, Hourglass, MessageCircleQuestionMark, Pin } from 'lucide-react'
import type { ReactNode } from 'react'
import { memo } from 'react'
import { useStore } from 'zustand'
import type { WaitView } from '#graph/view.ts'
import { placeOf } from '../inside/place.ts'
import { toggleStops } from '../run/controls.ts'
import { needsPerson, standingOf } from '../run/standing.ts'
import { handleOf, runs } from '../run/store.ts'
import { timeOf } from '../run/words.ts'
import { pathOn, useKept } from './kept.ts'
import { openWait } from './wait-dialog.tsx'

interface OnCard {
  readonly page: string
  readonly id: string
}

/** At the corner of a card: whether a run stops before this node, and whether one stands there. */
export const Breakpoint = memo(function Breakpoint({ page, id }: OnCard): ReactNode {
  const { tab } = placeOf(page)
  const path = pathOn(page, id)
  const isSet = useKept(tab, ({ breakpoints }) => breakpoints.includes(path))
  const isHere = useStore(runs, ({ tabs }) => tabs[tab]?.view.pausedAt === path)
  return (
    <>
      <button
        className="stop-dot nodrag"
        aria-pressed={isSet}
        data-testid={`breakpoint-${id}`}
        aria-label={isSet ? 'Remove the breakpoint' : 'Pause before this node'}
        title={isSet ? 'A run pauses before this node: click to remove (B)' : 'Pause before this node (B)'}
        tabIndex={-1}
        onClick={() => toggleStops(tab, [path])}
      />
      {isHere && (
        <span className="stands-here" data-testid={`stands-${id}`}>
          <CirclePause size={12} aria-hidden="true" /> paused before this
        </span>
      )}
    </>
  )
})

/** In the head of a card: whether somebody has set what the node gives. */
export const PinMark = memo(function PinMark({ page, id }: OnCard): ReactNode {
  const path = pathOn(page, id)
  const isPinned = useKept(placeOf(page).tab, ({ pins }) => Object.hasOwn(pins, path))
  return isPinned ? (
    <span className="pin-mark" data-testid={`pin-${id}`} title="Pinned: it gives what was set, and does not run">
      <Pin size={13} aria-label="pinned" />
    </span>
  ) : null
})

/** On the card of a node that waits: for what, and the way to end that. */
export function WaitRow({ page, id }: OnCard): ReactNode {
  const { tab } = placeOf(page)
  const wait = useStore(runs, ({ tabs }) => tabs[page]?.view.waits.find(({ node }) => node === id))
  const isOpen = useStore(runs, ({ tabs }) => {
    const run = tabs[tab]
    return (
      run !== undefined &&
      wait !== undefined &&
      // A run out of a file waits for nobody any more.
      handleOf(tab) !== undefined &&
      standingOf(run.timeline).waits.some(({ activation }) => activation === wait.activation)
    )
  })
  if (!wait) return null
  const isTime = wait.reason === 'time'
  return (
    <div className="card__wait">
      <span>
        {isTime ? (
          <Hourglass size={13} aria-hidden="true" />
        ) : (
          <MessageCircleQuestionMark size={13} aria-hidden="true" />
        )}
        {WORDS[wait.reason](wait)}
      </span>
      {isOpen && (
        <button
          className={`button button--small nodrag ${isTime ? '' : 'button--primary'}`}
          data-testid={`answer-${id}`}
          onClick={() => openWait(tab, wait.activation)}
        >
          {{ question: 'Answer', interrupted: 'Decide', time: 'Go on now' }[wait.reason]}
        </button>
      )}
    </div>
  )
}

/** On the card of a sub-spell: something inside of it waits for a person. */
export const InnerWait = memo(function InnerWait({ page, id }: OnCard): ReactNode {
  const { tab } = placeOf(page)
  const prefix = `${pathOn(page, id)}/`
  const activation = useStore(runs, ({ tabs }) => {
    const run = tabs[tab]
    const found = run?.view.waits.find(wait => wait.node.startsWith(prefix) && needsPerson(wait))
    return run &&
      found &&
      handleOf(tab) &&
      standingOf(run.timeline).waits.some(one => one.activation === found.activation)
      ? found.activation
      : undefined
  })
  if (activation === undefined) return null
  return (
    <div className="card__wait">
      <span>
        <MessageCircleQuestionMark size={13} aria-hidden="true" />
        waiting for you
      </span>
      <button
        className="button button--small button--primary nodrag"
        data-testid={`answer-inside-${id}`}
        onClick={() => openWait(tab, activation)}
      >
        Answer
      </button>
    </div>
  )
})

const WORDS: Readonly<Record<WaitView['reason'], (wait: WaitView) => string>> = {
  question: () => 'waiting for you',
  interrupted: () => 'interrupted',
  time: ({ until }) => (until === undefined ? 'waiting' : `until ${timeOf(until)}`),
}
