import { useReactFlow } from '@xyflow/react'
import type { Connection, Edge, FinalConnectionState, Handle, OnConnectStartParams } from '@xyflow/react'
import { useCallback, useRef } from 'react'
import { addWire } from '../document/edits.ts'
import { edit, tabOf } from '../document/store.ts'
import { say } from '../layout/toasts.tsx'
import { openQuickAdd } from '../palette/quick-add.tsx'
import { registry } from '../registry.ts'
import { isDataWire, refusal, socketOf } from './types.ts'

interface Start {
  readonly node: string
  readonly socket: string
  readonly side: 'source' | 'target'
}

/** Drawing wires: what is refused says why; a wire let go over nothing offers the nodes that fit. */
export function useConnecting(tab: string) {
  const flow = useReactFlow()
  const started = useRef<Start | undefined>(undefined)
  const onConnect = useCallback(
    ({ source, sourceHandle, target, targetHandle }: Connection) => {
      const [from, to] = [`${source}.${sourceHandle}`, `${target}.${targetHandle}`]
      edit(tab, 'Connect', one =>
        refusal(one, registry, from, to) === undefined
          ? addWire(one, [socketOf(from), socketOf(to)], isDataWire(one, registry, [from, to]))
          : one,
      )
    },
    [tab],
  )
  const isValidConnection = useCallback(
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
  const onConnectStart = useCallback((_: unknown, { nodeId, handleId, handleType }: OnConnectStartParams) => {
    started.current =
      nodeId && handleId && handleType ? { node: nodeId, socket: handleId, side: handleType } : undefined
  }, [])
  const onConnectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      const from = started.current
      started.current = undefined
      if (!from || state.isValid) return
      if (state.toHandle) return sayWhyNot(tab, from, state.toHandle)
      const point = 'changedTouches' in event ? event.changedTouches[0] : event
      if (state.toNode || !point) return
      const screen = { x: point.clientX, y: point.clientY }
      openQuickAdd({ tab, at: flow.screenToFlowPosition(screen), screen, from })
    },
    [tab, flow],
  )
  return { onConnect, isValidConnection, onConnectStart, onConnectEnd }
}

function sayWhyNot(tab: string, from: Start, to: Handle): void {
  const document = tabOf(tab)?.document
  if (!document) return
  const [a, b] = [`${from.node}.${from.socket}`, `${to.nodeId}.${to.id ?? ''}`]
  const why =
    to.type === from.side
      ? 'a wire goes from an output to an input'
      : from.side === 'source'
        ? refusal(document, registry, a, b)
        : refusal(document, registry, b, a)
  if (why) say(`Not connected: ${why}`, 'warn')
}
