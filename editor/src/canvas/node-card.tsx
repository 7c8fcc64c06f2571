import { Handle, Position, useConnection } from '@xyflow/react'
import type { Node, NodeProps } from '@xyflow/react'
import { Ban, CircleCheck, CircleDashed, CircleX, Ear, Hourglass, LoaderCircle, RotateCcw } from 'lucide-react'
import type { ReactNode } from 'react'
import { memo, useContext, useEffect, useMemo, useRef } from 'react'
import { isBlobRef } from '#graph/blob.ts'
import type { NodeDocument } from '#graph/document.ts'
import type { NodeState, NodeView } from '#graph/view.ts'
import type { Json, Values } from '#graph/json.ts'
import { MissingKey } from '../account/missing-key.tsx'
import { CardSources } from '../citations/card-sources.tsx'
import { citationsAmong } from '../citations/citations.ts'
import { CardCost, OverBudget } from '../cost/card-cost.tsx'
import { titleOf } from '../document/edits.ts'
import { pages } from '../document/store.ts'
import { SubSpellRow } from '../inside/sub-spell-row.tsx'
import { mediaInWords, mediaOf, textInWords } from '../media/media.ts'
import { Preview } from '../media/preview.tsx'
import { registry } from '../registry.ts'
import { nodeIn, useNodeRun } from '../run/store.ts'
import { Breakpoint, InnerWait, PinMark, WaitRow } from '../steering/card-marks.tsx'
import { formatDuration, formatSize } from '../timeline/duration.ts'
import { MICROPHONE, Microphone } from '../voice/microphone.tsx'
import { Far } from './far.ts'
import { groupOf, TypeIcon } from './icon.tsx'
import { useSpread } from './spread.ts'
import { summaryOf } from './summary.ts'
import { colourOf, handleFor, outputsOf, refusal, socketsFor } from './types.ts'

/** What a card is drawn from. Sockets that only wires know of are `ghosts`: `in:name`, `out:name`. */
export interface CardData extends Record<string, unknown> {
  readonly tab: string
  readonly node: NodeDocument
  readonly wired: string
  readonly ghosts: string
}
export type CardNode = Node<CardData, 'card'>

/** A node on the canvas: what it is, its sockets, and how it stands in the run at the slider. */
export const NodeCard = memo(function NodeCard({ id, data, selected }: NodeProps<CardNode>): ReactNode {
  const { tab, node, wired, ghosts } = data
  const { state, run } = useCardRun(tab, id)
  const definition = registry.get(node.type)
  const isListening = state === 'running' && definition?.kind === 'source'
  const title = titleOf(node, registry)
  const summary = useMemo(() => summaryOf(node, definition), [node, definition])
  return (
    <article
      className={`card card--${isListening ? 'listening' : state} card--g-${groupOf(node.type)} ${selected ? 'card--selected' : ''} ${definition ? '' : 'card--missing'}`}
      data-testid={`node-${id}`}
      data-state={state}
      aria-label={`${title}, ${definition?.title ?? node.type}, ${isListening ? 'listening' : state}`}
    >
      {definition && definition.kind !== 'pure' && <Breakpoint page={tab} id={id} />}
      <header className="card__head">
        <span className="card__icon">
          <TypeIcon name={definition?.icon} />
        </span>
        <span className="card__title">{title}</span>
        <PinMark page={tab} id={id} />
        {run && <StateMark run={run} state={isListening ? 'listening' : state} />}
      </header>
      {summary && <p className="card__summary">{summary}</p>}
      {!definition && (
        <p className="card__error">
          “{node.type.replace(/^missing\//, '')}” is not known here: it is kept, and cannot run.
        </p>
      )}
      <SocketRows id={id} tab={tab} node={node} wired={wired} ghosts={ghosts} />
      {definition?.role === 'sub-spell' && <SubSpellRow page={tab} id={id} />}
      {definition?.role === 'sub-spell' && <InnerWait page={tab} id={id} />}
      {state === 'waiting' && <WaitRow page={tab} id={id} />}
      {definition?.type === MICROPHONE && isListening && <Microphone page={tab} node={node} />}
      {run && (
        <Outcome
          page={tab}
          id={id}
          run={run}
          given={definition?.role === 'sub-spell' ? node : undefined}
          speaks={definition?.kind !== 'pure'}
        />
      )}
    </article>
  )
})

const MARKS = {
  idle: undefined,
  running: LoaderCircle,
  listening: Ear,
  done: CircleCheck,
  cached: RotateCcw,
  failed: CircleX,
  waiting: Hourglass,
  cancelled: Ban,
} as const

const StateMark = memo(function StateMark({
  run,
  state,
}: {
  readonly run: NodeView
  readonly state: NodeState | 'listening'
}): ReactNode {
  const Mark = Object.hasOwn(MARKS, state) ? MARKS[state] : CircleDashed
  if (!Mark) return null
  const times = run.activations > 1 ? `×${run.activations}` : ''
  const took =
    run.startedAt !== undefined && run.endedAt !== undefined && run.endedAt - run.startedAt >= 1
      ? formatDuration(run.endedAt - run.startedAt)
      : ''
  return (
    <span className={`card__state card__state--${state}`} title={state}>
      <small>{[took, times].filter(Boolean).join(' ')}</small>
      <Mark size={14} aria-label={state} />
    </span>
  )
})

/** How a node stands; and, where there is anything to read, its outcome. From far away only the former is followed, and the card keeps its size. */
function useCardRun(tab: string, id: string): { readonly state: NodeState; readonly run: NodeView | undefined } {
  const isFar = useContext(Far)
  const seen = useRef<NodeView | undefined>(undefined)
  const run = useNodeRun(tab, id, isFar ? seen : undefined)
  useEffect(() => {
    if (!isFar) seen.current = run
  }, [isFar, run])
  const state = useSpread(tab, one => nodeIn(one, id)?.state ?? 'idle') as NodeState
  return { state, run }
}

const RARE: ReadonlySet<string> = new Set(['error', 'failure', 'overBudget', 'budget'])

/** They do not change with the run: each holds a handle, and these cost the most. */
const SocketRows = memo(function SocketRows({
  id,
  tab,
  node,
  wired,
  ghosts,
}: {
  readonly id: string
  readonly tab: string
  readonly node: NodeDocument
  readonly wired: string
  readonly ghosts: string
}): ReactNode {
  const sockets = socketsFor(registry, node)
  const isWired = new Set(wired.split('\n'))
  const lost = ghosts === '' ? [] : ghosts.split('\n')
  // What goes wrong is for those who wire it: such sockets show when something is at them, or when the node is under the pointer.
  const rare = (name: string) => RARE.has(name) && !isWired.has(`out:${name}`)
  const ins = [
    ...sockets.flow.in.map(name => ({ name, flow: true, type: 'any' as const, required: false })),
    ...Object.entries(sockets.inputs).map(([name, { type, required = false }]) => ({
      name,
      flow: false,
      type,
      required,
    })),
  ]
  const outs = [
    ...sockets.flow.out.filter(name => !rare(name)).map(name => ({ name, flow: true, type: 'any' as const })),
    ...Object.entries(sockets.outputs)
      .filter(([name]) => !rare(name))
      .map(([name, { type }]) => ({ name, flow: false, type })),
    ...sockets.flow.out.filter(rare).map(name => ({ name, flow: true, type: 'any' as const, rare: true })),
    ...Object.entries(sockets.outputs)
      .filter(([name]) => rare(name))
      .map(([name, { type }]) => ({ name, flow: false, type, rare: true })),
  ]
  return (
    <div className="card__sockets">
      <ul>
        {ins.map(socket => (
          <SocketRow
            key={`${socket.flow} ${socket.name}`}
            handle={handleFor(sockets, 'in', socket.name, socket.flow)}
            node={id}
            tab={tab}
            side="in"
            {...socket}
            wired={isWired.has(`in:${socket.name}`)}
            value={node.values?.[socket.name]}
          />
        ))}
        {lost
          .filter(one => one.startsWith('in:'))
          .map(one => (
            <GhostRow key={one} side="in" name={one.slice(3)} />
          ))}
      </ul>
      <ul>
        {outs.map(socket => (
          <SocketRow
            key={`${socket.flow} ${socket.name}`}
            handle={handleFor(sockets, 'out', socket.name, socket.flow)}
            node={id}
            tab={tab}
            side="out"
            {...socket}
            wired={isWired.has(`out:${socket.name}`)}
          />
        ))}
        {lost
          .filter(one => one.startsWith('out:'))
          .map(one => (
            <GhostRow key={one} side="out" name={one.slice(4)} />
          ))}
      </ul>
    </div>
  )
})

interface SocketProps {
  readonly node: string
  readonly tab: string
  readonly side: 'in' | 'out'
  readonly name: string
  readonly handle: string
  readonly flow: boolean
  readonly type: Parameters<typeof colourOf>[0]
  readonly wired: boolean
  readonly rare?: boolean
  readonly required?: boolean
  readonly value?: Json | undefined
}

function SocketRow({
  node,
  tab,
  side,
  name,
  handle,
  flow,
  type,
  wired,
  rare = false,
  required = false,
  value,
}: SocketProps): ReactNode {
  const fit = useFit(tab, node, side, handle)
  const label = flow ? name : `${name}: ${type}${required ? ', required' : ''}`
  return (
    <li
      className={`socket socket--${side} ${flow ? 'socket--flow' : 'socket--data'} ${fit} ${rare ? 'socket--rare' : ''} ${wired ? 'socket--wired' : ''}`}
    >
      <Handle
        id={handle}
        type={side === 'in' ? 'target' : 'source'}
        position={side === 'in' ? Position.Left : Position.Right}
        className={flow ? 'handle handle--flow' : 'handle handle--data'}
        style={flow ? undefined : { ['--c' as string]: colourOf(type) }}
        title={label}
        aria-label={`${side === 'in' ? 'input' : 'output'} ${label}`}
      />
      <span className="socket__name">{flow && (name === 'in' || name === 'out') ? '' : name}</span>
      {value !== undefined && !wired && <span className="socket__value">{short(value, 14)}</span>}
    </li>
  )
}

function GhostRow({ side, name }: { readonly side: 'in' | 'out'; readonly name: string }): ReactNode {
  return (
    <li
      className={`socket socket--${side} socket--ghost`}
      title={`There is no socket “${name}” any more: the wire is kept until you remove it.`}
    >
      <Handle
        id={name}
        type={side === 'in' ? 'target' : 'source'}
        position={side === 'in' ? Position.Left : Position.Right}
        className="handle handle--data"
        isConnectable={false}
      />
      <span className="socket__name">{name} is gone</span>
    </li>
  )
}

/** While a wire is drawn: whether it may end here. */
function useFit(tab: string, node: string, side: 'in' | 'out', name: string): string {
  const from = useConnection(connection =>
    connection.inProgress && connection.fromHandle.id
      ? `${connection.fromHandle.type}\n${connection.fromHandle.nodeId}.${connection.fromHandle.id}`
      : '',
  )
  if (from === '') return ''
  const [type, end = ''] = from.split('\n')
  const here = `${node}.${name}`
  if (end === here) return ''
  const document = pages.getState().tabs[tab]?.document
  if (!document || (type === 'source') === (side === 'out')) return 'socket--unfit'
  return (type === 'source' ? refusal(document, registry, end, here) : refusal(document, registry, here, end)) ===
    undefined
    ? 'socket--fit'
    : 'socket--unfit'
}

/** `given`: a sub-spell node, of which the view has what it was given among its outputs. `speaks`: its text is an answer, not a part of one. */
function Outcome({
  page,
  id,
  run,
  given,
  speaks,
}: {
  readonly page: string
  readonly id: string
  readonly run: NodeView
  readonly given: NodeDocument | undefined
  readonly speaks: boolean
}): ReactNode {
  if (run.error && run.state === 'failed')
    return (
      <p className="card__error" role="alert">
        <b>{run.error.code}</b> {run.error.message}
        <MissingKey message={run.error.message} />
      </p>
    )
  if (run.state === 'running' && run.text !== '')
    return <p className="card__stream">{run.text.length > 600 ? `…${run.text.slice(-600)}` : run.text}</p>
  if (run.state === 'running' && run.fraction !== undefined)
    return <progress className="card__progress" value={run.fraction} />
  const first = tellingOutput(given ? outputsOf(registry, given, run.outputs) : run.outputs)
  const isMedia = first !== undefined && mediaOf(first[1]) !== undefined
  // Beside its sources only words are of interest.
  const isTold = first && (typeof first[1] === 'string' || citationsAmong(run.outputs).length === 0)
  return (
    <>
      <OverBudget run={run} id={id} />
      <footer className="card__foot">
        {isTold &&
          (isMedia ? (
            <Preview page={page} name={first[0]} value={first[1]} />
          ) : (
            <span className="chip" title={`${first[0]}: the last value`}>
              <i>{first[0]}</i> {short(first[1], 220)}
            </span>
          ))}
        <CardSources page={page} id={id} outputs={run.outputs} said={speaks ? first?.[1] : undefined} />
        <CardCost page={page} id={id} />
      </footer>
    </>
  )
}

const TELLING = ['text', 'items', 'result', 'value']
/** Said beside what a node gives. */
const ASIDE: ReadonlySet<string> = new Set(['failure', 'reasoning', 'budget'])

/** The output that says most about what a node did: a picture or a sound before all else. */
function tellingOutput(outputs: Values): readonly [name: string, value: Json] | undefined {
  const all = Object.entries(outputs).filter(([name]) => !ASIDE.has(name))
  return all.find(([, value]) => mediaOf(value) !== undefined) ?? all.find(([name]) => TELLING.includes(name)) ?? all[0]
}

/** A value in a few characters. */
export function short(value: Json, most: number): string {
  const media = mediaOf(value)
  if (media) return mediaInWords(media)
  if (isBlobRef(value)) return `${value.head?.slice(0, most) ?? ''}… ${formatSize(value.size)}`.trim()
  const text = textInWords(value)
  return text.length > most ? `${text.slice(0, most)}…` : text
}
