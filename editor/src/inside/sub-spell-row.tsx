import { CornerRightDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { useStore } from 'zustand'
import { documentAt, runs } from '../run/store.ts'
import { placeOf } from './place.ts'
import { progressOf } from './progress.ts'
import { useOpenCall } from './use-open-call.ts'

/** On the card of a sub-spell: how far what is inside has come, and the way in. */
export function SubSpellRow({ page, id }: { readonly page: string; readonly id: string }): ReactNode {
  const open = useOpenCall(page)
  // A text, so that the card is drawn again only when it says something else.
  const told = useStore(runs, ({ tabs }) => {
    const run = tabs[page]
    const progress = run && progressOf(run.view).get(id)
    if (!progress) return ''
    const { tab, path } = placeOf(page)
    const outer = tabs[tab]
    const nodes = Object.values((outer && documentAt(outer, [...path, id])?.nodes) ?? {})
    // What is given to a spell is not worked for.
    const total = nodes.filter(({ type }) => type !== 'flow/input').length
    // Recordings of other programs tell of these, too.
    const done = total > 0 ? Math.min(progress.done, total) : progress.done
    return `${done}\n${total}\n${progress.at}\n${progress.failed}`
  })
  const [done = '', total = '', at = '', failed = '0'] = told.split('\n')
  return (
    <div className="inner">
      {told !== '' && (
        <>
          <progress className="inner__bar" value={Number(done)} max={Math.max(1, Number(total))} aria-label="Inside" />
          <small
            data-testid={`inner-${id}`}
            data-at={at}
            title={`${done} nodes inside are done${at === '' ? '' : `; ${at} is at work`}`}
          >
            {total === '0' ? done : `${done} of ${total}`}
            {failed === '0' ? '' : ` · ${failed} failed`}
            {at === '' ? ' nodes' : ` · ${at}`}
          </small>
        </>
      )}
      <button
        className="inner__into nodrag"
        data-testid={`into-${id}`}
        title="Look inside (Enter, or double click)"
        onClick={() => void open(id)}
      >
        <CornerRightDown size={13} aria-hidden="true" /> Step into
      </button>
    </div>
  )
}
