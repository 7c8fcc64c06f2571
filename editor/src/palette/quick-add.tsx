import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { create } from 'zustand'
import type { NodeType } from '#graph/define.ts'
import type { Wire } from '#graph/document.ts'
import { TypeIcon } from '../canvas/icon.tsx'
import { isDataWire, socketKind, socketOf, socketsFor } from '../canvas/types.ts'
import { addNode, addWire, newNodeId } from '../document/edits.ts'
import { edit, select, tabOf } from '../document/store.ts'
import { registry } from '../registry.ts'
import { findTypes, fittingSocket } from './catalogue.ts'

/** Where a node is added, and from which socket a wire goes to it. */
interface Place {
  readonly tab: string
  /** On the canvas, and on the screen. */
  readonly at: { readonly x: number; readonly y: number }
  readonly screen: { readonly x: number; readonly y: number }
  readonly from?: { readonly node: string; readonly socket: string; readonly side: 'source' | 'target' }
}
const usePlace = create<{ place: Place | undefined }>(() => ({ place: undefined }))

/** Opens the little list of node types at a place: those that fit the wire that was dropped there. */
export function openQuickAdd(place: Place): void {
  usePlace.setState({ place })
}

export function QuickAdd(): ReactNode {
  const { place } = usePlace()
  return place ? <List key={`${place.at.x} ${place.at.y}`} place={place} /> : null
}

const close = () => usePlace.setState({ place: undefined })

function List({ place }: { readonly place: Place }): ReactNode {
  const [words, setWords] = useState('')
  const [index, setIndex] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const found = useMemo(() => candidates(place, words), [place, words])
  useEffect(() => {
    const onDown = (event: Event) => {
      if (!box.current?.contains(event.target as Element)) close()
    }
    window.addEventListener('pointerdown', onDown, true)
    return () => window.removeEventListener('pointerdown', onDown, true)
  }, [])
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = found[index]
    if (event.key === 'Escape') close()
    else if (event.key === 'ArrowDown') setIndex(Math.min(found.length - 1, index + 1))
    else if (event.key === 'ArrowUp') setIndex(Math.max(0, index - 1))
    else if (event.key === 'Enter' && chosen) add(place, chosen)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const left = Math.min(place.screen.x, window.innerWidth - 316)
  const top = Math.min(place.screen.y, window.innerHeight - 356)
  return (
    <div
      className="quick"
      ref={box}
      style={{ left, top }}
      role="dialog"
      aria-label="Add a node"
      data-testid="quick-add"
      onKeyDown={onKeyDown}
    >
      <input
        autoFocus
        placeholder={place.from ? 'What should it go to?' : 'Add a node'}
        aria-label="Search nodes"
        value={words}
        onChange={event => (setWords(event.target.value), setIndex(0))}
      />
      {found.length === 0 ? (
        <p>Nothing fits here.</p>
      ) : (
        <ul role="listbox" aria-label="Nodes">
          {found.map((type, at) => (
            <li
              key={type.type}
              role="option"
              aria-selected={at === index}
              className={`card--g-${type.type.split('/')[0]}`}
              onPointerEnter={() => setIndex(at)}
              onClick={() => add(place, type)}
            >
              <span className="card__icon">
                <TypeIcon name={type.icon} size={14} />
              </span>
              {type.title}
              <small>{type.type.split('/')[0]}</small>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function kindOf({ tab, from }: Place) {
  const node = from && tabOf(tab)?.document.nodes[from.node]
  return from && node
    ? socketKind(socketsFor(registry, node), from.side === 'source' ? 'out' : 'in', from.socket)
    : undefined
}

function candidates(place: Place, words: string): readonly NodeType[] {
  const all = findTypes(words)
  const kind = kindOf(place)
  const { from } = place
  return from && kind ? all.filter(type => fittingSocket(type, kind, from.side) !== undefined) : all
}

function add(place: Place, type: NodeType): void {
  const { tab, at, from } = place
  const kind = kindOf(place)
  const current = tabOf(tab)
  if (!current) return close()
  const id = newNodeId(current.document, type.type)
  edit(tab, `Add ${type.title}`, document => {
    const with_ = addNode(document, id, {
      type: type.type,
      at: [Math.round(at.x) - (from?.side === 'target' ? 220 : 0), Math.round(at.y) - 20],
    })
    const socket = from && kind ? fittingSocket(type, kind, from.side) : undefined
    if (!from || socket === undefined) return with_
    const wire: Wire =
      from.side === 'source'
        ? [`${from.node}.${socketOf(from.socket)}`, `${id}.${socket}`]
        : [`${id}.${socket}`, `${from.node}.${socketOf(from.socket)}`]
    return addWire(with_, wire, isDataWire(with_, registry, wire))
  })
  select(tab, [id])
  close()
}
