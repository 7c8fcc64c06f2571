import { Copy, Trash2 } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { create } from 'zustand'
import { removeNodes } from '../document/edits.ts'
import { edit, useTab } from '../document/store.ts'
import { duplicate } from '../document/duplicate.ts'
import { useNodeActions } from '../steering/use-node-actions.tsx'
import type { NodeAction } from '../steering/use-node-actions.tsx'

interface Place {
  readonly page: string
  readonly id: string
  readonly x: number
  readonly y: number
}
const usePlace = create<{ place: Place | undefined }>(() => ({ place: undefined }))

/** Opens the menu of a node at a place of the screen. */
export function openNodeMenu(place: Place): void {
  usePlace.setState({ place })
}

const close = () => usePlace.setState({ place: undefined })

/** The menu of a node. One in the page. */
export function NodeMenu(): ReactNode {
  const { place } = usePlace()
  return place ? <Menu key={`${place.page} ${place.id}`} place={place} /> : null
}

function Menu({ place }: { readonly place: Place }): ReactNode {
  const { page, id } = place
  const box = useRef<HTMLDivElement>(null)
  const isFixed = useTab(page, one => one.fixed !== undefined) ?? true
  const actions = [...useNodeActions(page, id), ...(isFixed ? [] : editing(page, id))]
  useEffect(() => {
    box.current?.querySelector('button')?.focus()
    const onDown = (event: Event) => {
      if (!box.current?.contains(event.target as Element)) close()
    }
    window.addEventListener('pointerdown', onDown, true)
    window.addEventListener('wheel', close)
    return () => {
      window.removeEventListener('pointerdown', onDown, true)
      window.removeEventListener('wheel', close)
    }
  }, [])
  const onKeyDown = (event: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll('button') ?? [])]
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    if (event.key === 'Escape' || event.key === 'Tab') close()
    else if (event.key === 'ArrowDown') all[(at + 1) % all.length]?.focus()
    else if (event.key === 'ArrowUp') all.at(at - 1)?.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      ref={box}
      className="node-menu"
      role="menu"
      aria-label="Node"
      data-testid="node-menu"
      style={{
        left: Math.min(place.x, window.innerWidth - 240),
        top: Math.min(place.y, window.innerHeight - 36 * actions.length - 20),
      }}
      onKeyDown={onKeyDown}
    >
      {actions.map(({ id: name, name: text, key, icon, run }) => (
        <button
          key={name}
          role="menuitem"
          data-testid={`menu-${name}`}
          onClick={() => {
            close()
            run()
          }}
        >
          {icon} {text} {key && <kbd>{key}</kbd>}
        </button>
      ))}
    </div>
  )
}

function editing(page: string, id: string): readonly NodeAction[] {
  return [
    {
      ...{ id: 'duplicate', name: 'Duplicate', key: 'Ctrl D', icon: <Copy size={14} />, isOn: false },
      run: () => duplicate(page),
    },
    {
      ...{ id: 'delete', name: 'Delete', key: 'Del', icon: <Trash2 size={14} />, isOn: false },
      run: () => edit(page, 'Delete node', one => removeNodes(one, new Set([id]))),
    },
  ]
}
