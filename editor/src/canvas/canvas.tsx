import {
  Background,
  BackgroundVariant,
  Controls,
  MiniMap,
  ReactFlow,
  SelectionMode,
  getViewportForBounds,
  useReactFlow,
  useStore,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import type { DragEvent, KeyboardEvent, MouseEvent, ReactNode } from 'react'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { addNode, newNodeId } from '../document/edits.ts'
import { changeTab, edit, select, tabOf, useTab } from '../document/store.ts'
import { useOpenCall } from '../inside/use-open-call.ts'
import { DRAGGED_TYPE } from '../palette/palette.tsx'
import { openQuickAdd } from '../palette/quick-add.tsx'
import { registry } from '../registry.ts'
import { Far } from './far.ts'
import { NodeCard } from './node-card.tsx'
import type { CardNode } from './node-card.tsx'
import { openNodeMenu } from './node-menu.tsx'
import { AT_ONCE, useCards, useModel, useWires } from './use-cards.ts'
import { useConnecting } from './use-connecting.ts'
import { WireLine } from './wire.tsx'
import type { WireEdge } from './wire.tsx'
import './canvas.css'

const NODE_TYPES = { card: NodeCard }
const EDGE_TYPES = { wire: WireLine }
const DELETE_KEYS = ['Delete', 'Backspace']
/** Below it nothing can be read: only shapes are drawn. */
const FAR_ZOOM = 0.3
/** Below it a card is a few pixels. */
const TINY_ZOOM = 0.14
const MIN_ZOOM = 0.05
const SNAP: [number, number] = [10, 10]

/** The canvas of a tab. */
export function Canvas({ tab }: { readonly tab: string }): ReactNode {
  const model = useModel(tab)
  const { cards, onNodesChange } = useCards(tab, model.cards)
  const { wires, onEdgesChange } = useWires(tab, model.wires)
  const connecting = useConnecting(tab)
  const flow = useReactFlow()
  const isFar = useStore(one => one.transform[2] < FAR_ZOOM)
  const isTiny = useStore(one => one.transform[2] < TINY_ZOOM)
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
  const isFixed = useTab(tab, one => one.fixed !== undefined) ?? false
  const open = useOpenCall(tab)
  // Where it was left, nothing moves when somebody comes back.
  const viewport = useMemo(() => tabOf(tab)?.viewport, [tab])
  const isLarge = useMemo(() => Object.keys(tabOf(tab)?.document.nodes ?? {}).length > AT_ONCE, [tab])
  const box = useWholeView(tab, isLarge && viewport === undefined)
  const onDoubleClick = useCallback(
    (event: MouseEvent) => {
      const node = subSpellUnder(tab, event.target)
      if (node !== undefined) return void open(node)
      if (isFixed || !(event.target as Element).classList.contains('react-flow__pane')) return
      openQuickAdd({
        tab,
        at: flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }),
        screen: { x: event.clientX, y: event.clientY },
      })
    },
    [tab, flow, open, isFixed],
  )
  const onKeyDown = (event: KeyboardEvent) => {
    const node =
      event.key === 'Enter' && !event.ctrlKey && !event.metaKey ? focusedSubSpell(tab, event.target) : undefined
    if (node === undefined) return
    event.preventDefault()
    event.stopPropagation()
    void open(node)
  }
  return (
    <Far value={isFar}>
      <div
        ref={box}
        className={isTiny ? 'canvas canvas--far canvas--tiny' : isFar ? 'canvas canvas--far' : 'canvas'}
        data-testid="canvas"
        onDoubleClick={onDoubleClick}
        onKeyDownCapture={onKeyDown}
      >
        <ReactFlow<CardNode, WireEdge>
          nodes={cards}
          edges={wires}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={onNodesChange}
          onEdgesChange={onEdgesChange}
          {...connecting}
          onNodeContextMenu={(event, node) => {
            event.preventDefault()
            select(tab, [node.id])
            openNodeMenu({ page: tab, id: node.id, x: event.clientX, y: event.clientY })
          }}
          onDrop={onDrop}
          onDragOver={event => event.dataTransfer.types.includes(DRAGGED_TYPE) && event.preventDefault()}
          onlyRenderVisibleElements
          fitView={viewport === undefined && !isLarge}
          {...(viewport ? { defaultViewport: viewport } : {})}
          onMoveEnd={(_, moved) => changeTab(tab, { viewport: moved })}
          nodesDraggable={!isFixed}
          nodesConnectable={!isFixed}
          fitViewOptions={{ padding: 0.14, maxZoom: 1.1 }}
          minZoom={MIN_ZOOM}
          maxZoom={2}
          zoomOnDoubleClick={false}
          deleteKeyCode={isFixed ? null : DELETE_KEYS}
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
    </Far>
  )
}

/** Of a spell with more nodes than are drawn at once, the whole is shown by where its nodes stand. */
function useWholeView(tab: string, isWanted: boolean) {
  const flow = useReactFlow()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current
    const places = Object.values(tabOf(tab)?.document.nodes ?? {}).map(({ at }) => at ?? [0, 0])
    if (!isWanted || !element || places.length === 0) return
    const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)]
    const [x, y] = [xs.reduce((a, b) => Math.min(a, b)), ys.reduce((a, b) => Math.min(a, b))]
    const width = xs.reduce((a, b) => Math.max(a, b)) - x + CARD.width
    const bounds = { x, y, width, height: ys.reduce((a, b) => Math.max(a, b)) - y + CARD.height }
    const { clientWidth, clientHeight } = element
    void flow.setViewport(getViewportForBounds(bounds, clientWidth, clientHeight, MIN_ZOOM, 1.1, 0.05))
  }, [tab, isWanted, flow])
  return box
}

/** About the size of a card. */
const CARD = { width: 220, height: 120 }

/** The sub-spell node that was hit; undefined: none, or one of its buttons. */
function subSpellUnder(tab: string, target: EventTarget): string | undefined {
  if (!(target instanceof Element) || target.closest('button, .react-flow__handle')) return undefined
  return asSubSpell(tab, target.closest('.react-flow__node'))
}

function focusedSubSpell(tab: string, target: EventTarget): string | undefined {
  return target instanceof Element && target.classList.contains('react-flow__node')
    ? asSubSpell(tab, target)
    : undefined
}

function asSubSpell(tab: string, element: Element | null): string | undefined {
  const id = element?.getAttribute('data-id') ?? ''
  const type = tabOf(tab)?.document.nodes[id]?.type
  return type !== undefined && registry.get(type)?.role === 'sub-spell' ? id : undefined
}
