import { ChevronLeft, ChevronRight, LocateFixed } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import type { Usage } from '#graph/journal.ts'
import type { Values } from '#graph/json.ts'
import { MissingKey } from '../account/missing-key.tsx'
import { outputsOf } from '../canvas/types.ts'
import { citationsAmong } from '../citations/citations.ts'
import type { Citation } from '../citations/citations.ts'
import { citationsBefore, isNumbered } from '../citations/earlier.ts'
import { costInWords } from '../cost/spending.ts'
import { useTab } from '../document/store.ts'
import { registry } from '../registry.ts'
import type { Activation } from '../run/activations.ts'
import { positionOf, runOf, seek, useNodeRun, useTabRun } from '../run/store.ts'
import type { TabRun } from '../run/store.ts'
import { formatDuration } from '../timeline/duration.ts'
import { stop } from '../timeline/playback.ts'
import { PinRow } from './pin-row.tsx'
import { Value } from './value.tsx'

/** What a node read and gave, as it was at the slider's position; of one that ran several times, which of them. */
export function NodeValues({ page, id }: { readonly page: string; readonly id: string }): ReactNode {
  const run = useTabRun(page)
  const node = useNodeRun(page, id)
  const [chosen, setChosen] = useState<number | undefined>()
  const position = positionOf(run)
  const count = run.activations.count(id, position)
  const index = Math.min(chosen ?? count - 1, count - 1)
  const activation = run.activations.at(id, index, position)
  const document = useTab(page, one => one.document.nodes[id])
  if (!activation && !node)
    return (
      <>
        <p className="inspector__none">It has not run up to the slider’s position.</p>
        {document && <PinRow page={page} id={id} index={index} canPin={false} />}
      </>
    )
  const error = activation ? activation.error : node?.error
  const all = activation ? activation.outputs : (node?.outputs ?? {})
  const isCall = document && registry.get(document.type)?.role === 'sub-spell'
  const outputs = isCall ? outputsOf(registry, document, all) : all
  const known = () => citationsBefore(run.timeline.entries, activation?.lastSeq ?? position)
  const inputs = activation && run.inputs.of((run.outer?.prefix ?? '') + id, activation.activation)
  return (
    <div data-testid="values">
      {activation && (
        <Which page={page} activation={activation} index={index} count={count} onChoose={setChosen} run={run} />
      )}
      {error && (
        <p className="card__error" role="alert">
          <b>{error.code}</b> {error.message}
          <MissingKey message={error.message} />
        </p>
      )}
      {activation && (
        <>
          <h3>In</h3>
          <ValueList
            page={page}
            values={inputs ?? {}}
            none={inputs ? 'It read nothing.' : whyNoInputs(run, activation)}
            known={known}
          />
        </>
      )}
      <h3>Out</h3>
      {activation?.state === 'running' && node && node.text !== '' && index === count - 1 && (
        <p className="values__stream">{node.text}</p>
      )}
      <ValueList
        page={page}
        values={outputs}
        none={activation?.endedAt === undefined && activation ? 'Nothing yet.' : 'It gave nothing.'}
        known={known}
      />
      {activation && document && (
        <PinRow page={page} id={id} index={index} canPin={activation.endedAt !== undefined && !activation.error} />
      )}
      {activation && <Meta activation={activation} run={run} />}
    </div>
  )
}

function whyNoInputs({ replay }: TabRun, { state }: Activation): string {
  if (state === 'cached') return 'It did not run: its result was known.'
  return replay.state === 'verified'
    ? 'Not known.'
    : replay.state === 'failed'
      ? 'What it read is not known: the run could not be repeated in this browser.'
      : 'What it read is known once the run has been repeated in this browser.'
}

function Which({
  page,
  activation,
  index,
  count,
  onChoose,
  run,
}: {
  readonly page: string
  readonly activation: Activation
  readonly index: number
  readonly count: number
  readonly run: TabRun
  onChoose(index: number | undefined): void
}): ReactNode {
  const go = () => {
    const tab = run.outer?.tab ?? page
    const seq = run.outer ? run.outer.seqAt(activation.lastSeq) : activation.lastSeq
    stop(tab)
    seek(tab, seq >= runOf(tab).timeline.last ? 'live' : seq)
  }
  return (
    <div className="activation" role="group" aria-label="Activation">
      <button aria-label="The activation before" disabled={index <= 0} onClick={() => onChoose(index - 1)}>
        <ChevronLeft size={14} />
      </button>
      <span data-testid="activation">
        {index + 1} of {count}
      </span>
      <button
        aria-label="The next activation"
        disabled={index >= count - 1}
        onClick={() => onChoose(index + 1 >= count - 1 ? undefined : index + 1)}
      >
        <ChevronRight size={14} />
      </button>
      <span className={`activation__state card__state--${activation.state}`}>{activation.state}</span>
      <button aria-label="Move the slider to its end" title="Move the slider to its end" onClick={go}>
        <LocateFixed size={13} />
      </button>
    </div>
  )
}

function Meta({ activation, run }: { readonly activation: Activation; readonly run: TabRun }): ReactNode {
  const { startedAt, endedAt, attempt, pulses, usage, scope } = activation
  const calls = run.outer ? runOf(run.outer.tab).calls : run.calls
  const within = scope === undefined ? undefined : calls.scope(scope)
  const rows: readonly (readonly [name: string, value: string])[] = [
    ['Began', `${formatDuration(startedAt - run.view.startedAt)} after the start`],
    ['Took', endedAt === undefined ? 'still at work' : formatDuration(endedAt - startedAt)],
    ...(attempt > 1 ? [['Attempt', String(attempt)] as const] : []),
    ...(pulses.length > 0 ? [['Went on along', pulses.join(', ')] as const] : []),
    ...(within ? [['Scope', `${within.node.replaceAll('/', ' / ')}, turn ${within.index + 1}`] as const] : []),
    ...(usage?.model ? [['Model', usage.model] as const] : []),
    ...(usage?.outputTokens === undefined
      ? []
      : [['Tokens', `${usage.inputTokens ?? 0} → ${usage.outputTokens}`] as const]),
    ...(usage ? [['Cost', costOf(usage)] as const] : []),
  ]
  return (
    <table className="meta">
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th>{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function costOf({ cost, model }: Usage): string {
  const isDemo = model?.startsWith('local/') ?? false
  return costInWords({
    calls: 1,
    cost: cost ?? 0,
    unpriced: cost === undefined && !isDemo ? 1 : 0,
    demo: isDemo ? 1 : 0,
  })
}

function ValueList({
  page,
  values,
  none,
  known,
}: {
  readonly page: string
  readonly values: Values
  readonly none: string
  /** What numbers in texts refer to where the values do not tell. */
  known(): readonly Citation[]
}): ReactNode {
  const list = Object.entries(values)
  if (list.length === 0) return <p className="inspector__none">{none}</p>
  const own = citationsAmong(values)
  const citations = own.length > 0 || !list.some(([, value]) => isNumbered(value)) ? own : known()
  return (
    <dl className="values">
      {list.map(([name, value]) => (
        <Value key={name} page={page} name={name} value={value} citations={citations} />
      ))}
    </dl>
  )
}
