import {
  Background,
  BackgroundVariant,
  Controls,
  MiniMap,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  useStore,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import type { DragEvent, MouseEvent, ReactNode } from 'react'
import { useCallback } from 'react'
import { addNode, newNodeId } from '../document/edits.ts'
import { edit } from '../document/store.ts'
import { DRAGGED_TYPE } from '../palette/palette.tsx'
import { openQuickAdd } from '../palette/quick-add.tsx'
import { registry } from '../registry.ts'
import { NodeCard } from './node-card.tsx'
import type { CardNode } from './node-card.tsx'
import { useCards, useModel, useWires } from './use-cards.ts'
import { useConnecting } from './use-connecting.ts'
import { WireLine } from './wire.tsx'
import type { WireEdge } from './wire.tsx'
import './canvas.css'

const NODE_TYPES = { card: NodeCard }
const EDGE_TYPES = { wire: WireLine }
const DELETE_KEYS = ['Delete', 'Backspace']
/** Below it nothing can be read: only shapes are drawn. */
const FAR_ZOOM = 0.3
const SNAP: [number, number] = [10, 10]

/** The canvas of a tab. */
export function Canvas({ tab }: { readonly tab: string }): ReactNode {
  const model = useModel(tab)
  const { cards, onNodesChange } = useCards(tab, model.cards)
  const { wires, onEdgesChange } = useWires(tab, model.wires)
  const connecting = useConnecting(tab)
  const flow = useReactFlow()
  const isFar = useStore(one => one.transform[2] < FAR_ZOOM)
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
    <div className={isFar ? 'canvas canvas--far' : 'canvas'} data-testid="canvas" onDoubleClick={onDoubleClick}>
      <ReactFlow<CardNode, WireEdge>
        nodes={cards}
        edges={wires}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        {...connecting}
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
