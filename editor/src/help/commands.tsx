import { useReactFlow } from '@xyflow/react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { create } from 'zustand'
import { titleOf } from '../document/edits.ts'
import { pages, select, showTab } from '../document/store.ts'
import { registry } from '../registry.ts'
import '../palette/palette.css'

const useCommands = create<{ open: boolean }>(() => ({ open: false }))
export const openCommands = (): void => useCommands.setState({ open: true })

interface Command {
  readonly name: string
  readonly note: string
  run(): void
}

/** Everything by its name: nodes of this spell, tabs, and what the page can do. */
export function Commands({ tab, actions }: { readonly tab: string; readonly actions: readonly Command[] }): ReactNode {
  const { open } = useCommands()
  return open ? <Palette tab={tab} actions={actions} /> : null
}

const MOST = 40

function Palette({ tab, actions }: { readonly tab: string; readonly actions: readonly Command[] }): ReactNode {
  const flow = useReactFlow()
  const [words, setWords] = useState('')
  const [index, setIndex] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const all = useMemo(() => commandsOf(tab, actions, id => showNode(flow, id)), [tab, actions, flow])
  const found = useMemo(() => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
    return all
      .filter(({ name, note }) => wanted.every(word => `${name} ${note}`.toLowerCase().includes(word)))
      .slice(0, MOST)
  }, [all, words])
  const close = () => useCommands.setState({ open: false })
  useEffect(() => {
    const onDown = (event: Event) => {
      if (!box.current?.contains(event.target as Element)) close()
    }
    window.addEventListener('pointerdown', onDown, true)
    return () => window.removeEventListener('pointerdown', onDown, true)
  }, [])
  const choose = (command: Command | undefined) => {
    close()
    command?.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') close()
    else if (event.key === 'ArrowDown') setIndex(Math.min(found.length - 1, index + 1))
    else if (event.key === 'ArrowUp') setIndex(Math.max(0, index - 1))
    else if (event.key === 'Enter') choose(found[index])
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      className="quick quick--wide"
      ref={box}
      role="dialog"
      aria-label="Commands"
      data-testid="commands"
      onKeyDown={onKeyDown}
    >
      <input
        autoFocus
        placeholder="Find a node, a spell, a command"
        aria-label="Find"
        value={words}
        onChange={event => (setWords(event.target.value), setIndex(0))}
      />
      {found.length === 0 ? (
        <p>Nothing of that name.</p>
      ) : (
        <ul role="listbox" aria-label="Commands">
          {found.map((command, at) => (
            <li
              key={`${command.name} ${command.note} ${at}`}
              role="option"
              aria-selected={at === index}
              onPointerEnter={() => setIndex(at)}
              onClick={() => choose(command)}
            >
              {command.name}
              <small>{command.note}</small>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function commandsOf(tab: string, actions: readonly Command[], show: (id: string) => void): readonly Command[] {
  const { tabs, order } = pages.getState()
  const nodes = Object.entries(tabs[tab]?.document.nodes ?? {}).map(([id, node]) => ({
    name: titleOf(node, registry),
    note: id,
    run: () => {
      select(tab, [id])
      show(id)
    },
  }))
  const others = order
    .filter(id => id !== tab)
    .map(id => ({ name: tabs[id]?.document.name ?? '', note: 'open tab', run: () => showTab(id) }))
  return [...actions, ...others, ...nodes]
}

/** Far away nodes are not drawn, so that their size is not known: about the middle will do. */
function showNode({ getNode, getZoom, setCenter }: ReturnType<typeof useReactFlow>, id: string): void {
  const node = getNode(id)
  if (!node) return
  const { width = 240, height = 100 } = node.measured ?? {}
  const { x, y } = node.position
  void setCenter(x + width / 2, y + height / 2, { zoom: Math.max(0.9, getZoom()), duration: 200 })
}
