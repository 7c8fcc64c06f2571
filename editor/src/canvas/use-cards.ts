import { applyNodeChanges } from '@xyflow/react'
import type { EdgeChange, NodeChange } from '@xyflow/react'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { moveNodes, removeNodes, removeWires } from '../document/edits.ts'
import { edit, select, tabOf, useTab } from '../document/store.ts'
import { createModeller } from './model.ts'
import type { CardNode } from './node-card.tsx'
import type { WireEdge } from './wire.tsx'

/** The nodes of a tab as the canvas draws them. The document is the truth; only what is being dragged lives here until it is let go. */
export function useCards(tab: string, model: readonly CardNode[]) {
  const selection = useTab(tab, one => one.selection)
  const [cards, setCards] = useState<CardNode[]>([])
  const shown = useGradually(model)
  // What was measured and what is selected stays with a card while the document changes under it.
  useEffect(() => {
    setCards(before => {
      const known = new Map(before.map(card => [card.id, card]))
      const picked = new Set(selection)
      return shown.map(card => {
        const old = known.get(card.id)
        const selected = picked.has(card.id)
        if (
          old &&
          old.data === card.data &&
          old.selected === selected &&
          (old.dragging || (old.position.x === card.position.x && old.position.y === card.position.y))
        )
          return old
        return { ...old, ...card, selected }
      })
    })
  }, [shown, selection])

  const onNodesChange = useCallback(
    (changes: NodeChange<CardNode>[]) => {
      setCards(before => applyNodeChanges(changes, before))
      const dropped = changes.flatMap(change =>
        change.type === 'position' && change.dragging === false && change.position
          ? [[change.id, [Math.round(change.position.x), Math.round(change.position.y)]] as const]
          : [],
      )
      if (dropped.length > 0)
        edit(tab, dropped.length === 1 ? 'Move node' : 'Move nodes', one => moveNodes(one, Object.fromEntries(dropped)))
      const picks = changes.filter(change => change.type === 'select')
      if (picks.length > 0) {
        const picked = new Set(tabOf(tab)?.selection)
        for (const pick of picks)
          if (pick.selected) picked.add(pick.id)
          else picked.delete(pick.id)
        select(tab, [...picked])
      }
      const gone = changes.flatMap(change => (change.type === 'remove' ? [change.id] : []))
      if (gone.length > 0)
        edit(tab, gone.length === 1 ? 'Delete node' : 'Delete nodes', one => removeNodes(one, new Set(gone)))
    },
    [tab],
  )
  return { cards, onNodesChange }
}

/** How many cards are drawn in a frame. */
export const AT_ONCE = 150

/** A large spell comes in parts, so that the page answers from the first one on: every card must be drawn once to be measured. */
function useGradually(model: readonly CardNode[]): readonly CardNode[] {
  const [count, setCount] = useState(AT_ONCE)
  const isWhole = count >= model.length
  useEffect(() => {
    if (isWhole) return undefined
    const frame = requestAnimationFrame(() => setCount(before => before + AT_ONCE))
    return () => cancelAnimationFrame(frame)
  }, [isWhole, count])
  return useMemo(() => (isWhole ? model : model.slice(0, count)), [model, isWhole, count])
}

/** The wires of a tab; which of them are selected is nobody else's business. */
export function useWires(tab: string, model: readonly WireEdge[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const wires = useMemo<WireEdge[]>(
    () =>
      chosen.size === 0 ? [...model] : model.map(wire => (chosen.has(wire.id) ? { ...wire, selected: true } : wire)),
    [model, chosen],
  )

  const onEdgesChange = useCallback(
    (changes: EdgeChange<WireEdge>[]) => {
      const gone = changes.flatMap(change => (change.type === 'remove' ? [change.id] : []))
      if (gone.length > 0) edit(tab, 'Delete wire', one => removeWires(one, new Set(gone)))
      const picks = changes.filter(change => change.type === 'select')
      if (picks.length === 0) return
      setChosen(before => {
        const next = new Set(before)
        for (const pick of picks)
          if (pick.selected) next.add(pick.id)
          else next.delete(pick.id)
        return next
      })
    },
    [tab],
  )
  return { wires, onEdgesChange }
}

/** What the document says, as cards and wires. */
export function useModel(tab: string) {
  const document = useTab(tab, one => one.document)
  const modeller = useMemo(() => createModeller(tab), [tab])
  return useMemo(() => (document ? modeller(document) : { cards: [], wires: [] }), [document, modeller])
}
