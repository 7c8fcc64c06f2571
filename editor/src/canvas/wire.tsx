import { BaseEdge, getBezierPath } from '@xyflow/react'
import type { Edge, EdgeProps } from '@xyflow/react'
import type { ReactNode } from 'react'
import { memo, useContext } from 'react'
import { Far } from './far.ts'
import { useSpread } from './spread.ts'
import { socketOf } from './types.ts'

export interface WireData extends Record<string, unknown> {
  readonly tab: string
  /** The handles that it goes between. */
  readonly from: string
  readonly to: string
  readonly flow: boolean
  readonly colour: string
  /** Why it is broken; empty: it is not. */
  readonly broken: string
}
export type WireEdge = Edge<WireData, 'wire'>

/** A wire: it lights up once what it carries has come. */
export const WireLine = memo(function WireLine(props: EdgeProps<WireEdge>): ReactNode {
  const { id, source, sourceHandleId, data, selected, markerEnd } = props
  const [path] = getBezierPath(props)
  const isFar = useContext(Far)
  const used = useSpread(data?.tab ?? '', run => {
    const node = run?.view.nodes[source]
    if (!node || typeof sourceHandleId !== 'string') return ''
    if (data?.flow) return node.pulses.includes(sourceHandleId) ? `fired ${node.activations}` : ''
    return Object.hasOwn(node.outputs, socketOf(sourceHandleId)) ? 'carried' : ''
  })
  const kind = data?.broken ? 'wire--broken' : data?.flow ? 'wire--flow' : 'wire--data'
  return (
    <g
      className={`wire ${kind} ${selected ? 'wire--selected' : ''} ${used ? 'wire--used' : ''}`}
      style={{ ['--c' as string]: data?.colour }}
    >
      {data?.broken && <title>{data.broken}</title>}
      <BaseEdge id={id} path={path} interactionWidth={14} {...(markerEnd ? { markerEnd } : {})} />
      {!isFar && used.startsWith('fired') && <path key={used} d={path} className="wire__pulse" pathLength={1} />}
    </g>
  )
})
