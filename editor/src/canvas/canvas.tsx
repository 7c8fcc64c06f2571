import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  Controls,
  MiniMap,
  ReactFlow,
  SelectionMode,
  useReactFlow,
} from '@xyflow/react'
import type { Connection, Edge, EdgeChange, FinalConnectionState, NodeChange } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import type { DragEvent, MouseEvent, ReactNode } from 'react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { addNode, addWire, moveNodes, newNodeId, removeNodes, removeWires } from '../document/edits.ts'
import { edit, select, tabOf, useTab } from '../document/store.ts'
import { say } from '../layout/toasts.tsx'
import { DRAGGED_TYPE } from '../palette/palette.tsx'
import { openQuickAdd } from '../palette/quick-add.tsx'
import { registry } from '../registry.ts'
import { createModeller } from './model.ts'
import { NodeCard } from './node-card.tsx'
import type { CardNode } from './node-card.tsx'
import { isDataWire, refusal } from './types.ts'
import { WireLine } from './wire.tsx'
import type { WireEdge } from './wire.tsx'
import './canvas.css'

const NODE_TYPES = { card: NodeCard }
const EDGE_TYPES = { wire: WireLine }
const DELETE_KEYS = ['Delete', 'Backspace']
const SNAP: [number, number] = [10, 10]

/** The canvas of a tab. The document is the truth; only what is being dragged lives here until it is let go. */
export function Canvas({ tab }: { readonly tab: string }): ReactNode {
  const document = useTab(tab, one => one.document)
  const selection = useTab(tab, one => one.selection)
  const modeller = useMemo(() => createModeller(tab), [tab])
  const model = useMemo(() => (document ? modeller(document) : { cards: [], wires: [] }), [document, modeller])
  const [cards, setCards] = useState<CardNode[]>([])
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const flow = useReactFlow()
  const started = useRef<{ node: string; socket: string; side: 'source' | 'target' } | undefined>(undefined)

  // What was measured and what is selected stays with a card while the document changes under it.
  useEffect(() => {
    setCards(before => {
      const known = new Map(before.map(card => [card.id, card]))
      const picked = new Set(selection)
      return model.cards.map(card => {
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
  }, [model.cards, selection])

  const wires = useMemo<WireEdge[]>(
    () =>
      chosen.size === 0
        ? [...model.wires]
        : model.wires.map(wire => (chosen.has(wire.id) ? { ...wire, selected: true } : wire)),
    [model.wires, chosen],
  )

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
  const connect = useCallback(
    ({ source, sourceHandle, target, targetHandle }: Connection) => {
      const [from, to] = [`${source}.${sourceHandle}`, `${target}.${targetHandle}`]
      edit(tab, 'Connect', one =>
        refusal(one, registry, from, to) === undefined
          ? addWire(one, [from, to], isDataWire(one, registry, [from, to]))
          : one,
      )
    },
    [tab],
  )
  const isValid = useCallback(
    (connection: Connection | Edge) => {
      const current = tabOf(tab)?.document
      return (
        current !== undefined &&
        refusal(
          current,
          registry,
          `${connection.source}.${connection.sourceHandle}`,
          `${connection.target}.${connection.targetHandle}`,
        ) === undefined
      )
    },
    [tab],
  )
  const onConnectEnd = useCallback(
    (event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState) => {
      const from = started.current
      started.current = undefined
      if (!from || state.isValid) return
      const current = tabOf(tab)?.document
      if (state.toHandle && current) {
        const [a, b] = [`${from.node}.${from.socket}`, `${state.toHandle.nodeId}.${state.toHandle.id ?? ''}`]
        const why =
          state.toHandle.type === from.side
            ? 'a wire goes from an output to an input'
            : from.side === 'source'
              ? refusal(current, registry, a, b)
              : refusal(current, registry, b, a)
        if (why) say(`Not connected: ${why}`, 'warn')
        return
      }
      if (state.toNode) return
      const point = 'changedTouches' in event ? event.changedTouches[0] : event
      if (!point) return
      openQuickAdd({
        tab,
        at: flow.screenToFlowPosition({ x: point.clientX, y: point.clientY }),
        screen: { x: point.clientX, y: point.clientY },
        from,
      })
    },
    [tab, flow],
  )
  const onDrop = useCallback(
    (event: DragEvent) => {
      const type = event.dataTransfer.getData(DRAGGED_TYPE)
      if (!type) return
      event.preventDefault()
      event.stopPropagation()
      const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY })
      edit(tab, `Add ${registry.get(type)?.title ?? type}`, one =>
        addNode(one, newNodeId(one, type), { type, at: [Math.round(at.x) - 100, Math.round(at.y) - 20] }),
      )
    },
    [tab, flow],
  )
  const onDoubleClick = useCallback(
    (event: MouseEvent) => {
      if (!(event.target as Element).classList.contains('react-flow__pane')) return
      openQuickAdd({
        tab,
        at: flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }),
        screen: { x: event.clientX, y: event.clientY },
      })
    },
    [tab, flow],
  )
  return (
    <div className="canvas" data-testid="canvas" onDoubleClick={onDoubleClick}>
      <ReactFlow<CardNode, WireEdge>
        nodes={cards}
        edges={wires}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={connect}
        isValidConnection={isValid}
        onConnectStart={(_, { nodeId, handleId, handleType }) => {
          started.current =
            nodeId && handleId && handleType ? { node: nodeId, socket: handleId, side: handleType } : undefined
        }}
        onConnectEnd={onConnectEnd}
        onDrop={onDrop}
        onDragOver={event => event.dataTransfer.types.includes(DRAGGED_TYPE) && event.preventDefault()}
        onlyRenderVisibleElements
        fitView
        fitViewOptions={{ padding: 0.14, maxZoom: 1.1 }}
        minZoom={0.05}
        maxZoom={2}
        zoomOnDoubleClick={false}
        deleteKeyCode={DELETE_KEYS}
        multiSelectionKeyCode={['Shift', 'Meta', 'Control']}
        selectionMode={SelectionMode.Partial}
        snapToGrid
        snapGrid={SNAP}
        elevateNodesOnSelect={false}
        proOptions={{ hideAttribution: true }}
        connectionRadius={28}
        ariaLabelConfig={{
          'node.a11yDescription.default': 'Press enter to select, arrow keys to move, delete to remove.',
        }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.4} color="var(--grid)" />
        <Controls showInteractive={false} position="bottom-left" />
        <MiniMap
          pannable
          zoomable
          position="bottom-right"
          ariaLabel="Overview"
          nodeColor="var(--wire)"
          maskColor="color-mix(in oklab, var(--bg) 70%, transparent)"
        />
      </ReactFlow>
    </div>
  )
}
