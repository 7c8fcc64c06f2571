import { Check, KeyRound } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { ProviderRecord } from '#client/types.ts'
import type { Choice, ModelKind } from './catalogue.ts'

/** What the list offers. `title`: of the group that begins with it. */
export type Row =
  | { readonly kind: 'standard'; readonly model: string }
  | { readonly kind: 'choice'; readonly choice: Choice; readonly title: string }
  | { readonly kind: 'locked'; readonly provider: ProviderRecord; readonly title: string }

interface ListProps {
  readonly id: string
  readonly anchor: RefObject<HTMLElement | null>
  readonly rows: readonly Row[]
  readonly active: number
  readonly chosen: string
  readonly isAway: boolean
  readonly kind: ModelKind
  onTake(row: Row): void
  onClose(): void
}

/** The list under the field, above everything else. The field keeps the focus. */
export function ModelList({ id, anchor, rows, active, chosen, isAway, kind, onTake, onClose }: ListProps): ReactNode {
  const list = useRef<HTMLDivElement>(null)
  const place = usePlace(anchor, list, onClose)
  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active])
  const dates = rows.flatMap(row => (row.kind === 'choice' && row.choice.asOf ? [row.choice.asOf] : []))
  return (
    <div
      ref={list}
      popover="manual"
      className="model-list"
      style={place}
      data-testid="model-list"
      onPointerDown={event => event.preventDefault()}
    >
      <div id={`${id}-list`} role="listbox" className="model-list__rows" aria-label="Choices">
        {rows.map((row, index) => (
          <div key={keyOf(row)} role="presentation">
            {'title' in row && row.title !== '' && <h4 role="presentation">{row.title}</h4>}
            <div
              id={`${id}-${index}`}
              role="option"
              className={`model-row model-row--${row.kind}`}
              aria-selected={isChosen(row, chosen)}
              aria-current={index === active}
              data-testid={`choice-${keyOf(row)}`}
              onClick={() => onTake(row)}
            >
              <Content row={row} isChosen={isChosen(row, chosen)} kind={kind} />
            </div>
          </div>
        ))}
        {rows.length === 0 && (
          <p className="model-list__none">
            {isAway
              ? 'The server does not answer. What you type is kept.'
              : 'None of the list has these words. What you typed is kept.'}
          </p>
        )}
      </div>
      {kind !== 'voice' && kind !== 'recogniser' && rows.length > 0 && (
        <footer>
          US dollars for a million tokens, in / out{dates.length > 0 && `, as of ${dates.toSorted().at(-1)}`}
        </footer>
      )}
    </div>
  )
}

function Content({
  row,
  isChosen: marked,
  kind,
}: {
  readonly row: Row
  readonly isChosen: boolean
  readonly kind: ModelKind
}): ReactNode {
  if (row.kind === 'standard')
    return (
      <>
        <b>Default</b>
        <span className="model-row__price">{marked && <Check size={13} aria-label="chosen" />}</span>
        <span className="model-row__more">
          <code>{row.model || 'as this instance is set'}</code>
        </span>
      </>
    )
  if (row.kind === 'locked')
    return (
      <>
        <b>{row.provider.title || row.provider.name}</b>
        {row.provider.secret !== '' && (
          <span className="model-row__add">
            <KeyRound size={12} aria-hidden="true" /> Add a key
          </span>
        )}
        {row.provider.about && <span className="model-row__more">{row.provider.about}</span>}
      </>
    )
  const { choice } = row
  return (
    <>
      <b title={choice.about}>{choice.name}</b>
      <span className="model-row__price" data-unknown={choice.price === ''}>
        {marked && <Check size={13} aria-label="chosen" />}
        {choice.price || (kind === 'voice' || kind === 'recogniser' ? '' : 'price unknown')}
      </span>
      <span className="model-row__more">
        <code>{choice.id}</code>
        {choice.context && <span>{choice.context}</span>}
        {choice.abilities.map(ability => (
          <i key={ability} className="ability">
            {ability}
          </i>
        ))}
      </span>
    </>
  )
}

function isChosen(row: Row, chosen: string): boolean {
  return row.kind === 'choice' ? row.choice.id === chosen : row.kind === 'standard' && chosen === ''
}

function keyOf(row: Row): string {
  return row.kind === 'choice' ? row.choice.id : row.kind === 'locked' ? `key-${row.provider.name}` : 'default'
}

const WIDTH = 440
const MARGIN = 8

/** Shows it below the field, or above where there is more room; what is scrolled away closes it. */
function usePlace(anchor: RefObject<HTMLElement | null>, list: RefObject<HTMLDivElement | null>, onClose: () => void) {
  const [place, setPlace] = useState<Record<string, number>>({})
  useLayoutEffect(() => {
    const box = anchor.current?.getBoundingClientRect()
    if (!box) return undefined
    const [above, below] = [box.top - MARGIN, window.innerHeight - box.bottom - MARGIN]
    const width = Math.min(Math.max(WIDTH, box.width), window.innerWidth - 2 * MARGIN)
    const isBelow = below > 260 || below > above
    setPlace({
      width,
      left: Math.max(MARGIN, Math.min(box.left, box.right - width)),
      maxHeight: Math.min(440, isBelow ? below : above),
      ...(isBelow ? { top: box.bottom + 4 } : { bottom: window.innerHeight - box.top + 4 }),
    })
    list.current?.showPopover()
    const onScroll = (event: Event) => {
      if (!list.current?.contains(event.target as Node)) onClose()
    }
    window.addEventListener('scroll', onScroll, true)
    window.addEventListener('resize', onClose)
    return () => {
      window.removeEventListener('scroll', onScroll, true)
      window.removeEventListener('resize', onClose)
    }
  }, [])
  return place
}
