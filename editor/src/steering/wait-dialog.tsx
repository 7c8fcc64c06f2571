import type { FormEvent, ReactNode } from 'react'
import { useEffect, useId, useRef, useState } from 'react'
import { create } from 'zustand'
import { ApiError } from '#client/index.ts'
import type { Json } from '#graph/json.ts'
import type { WaitView } from '#graph/view.ts'
import { titleOf } from '../document/edits.ts'
import { SchemaField } from '../inspector/form.tsx'
import { registry } from '../registry.ts'
import { answerRun } from '../run/controls.ts'
import { needsPerson, standingOf } from '../run/standing.ts'
import { documentAt, useTabRun } from '../run/store.ts'
import { timeOf } from '../run/words.ts'
import { byField, decisionOf, firstAnswer, hasFields, problemsOf, toAnswer, toOutputs } from './answer.ts'
import { Prose } from './markdown.tsx'

interface Open {
  readonly tab: string
  /** Undefined: the first wait of the run that comes. */
  readonly activation: string | undefined
  /** The run that is meant; undefined: the one that is shown. */
  readonly run: string | undefined
}
const useOpen = create<{ open: Open | undefined }>(() => ({ open: undefined }))

/** Opens the form of something that a tab's run waits for. */
export function openWait(tab: string, activation: string): void {
  useOpen.setState({ open: { tab, activation, run: undefined } })
}

/** Opens the first form of a run as soon as it is known that it waits. */
export function openWaitOf(tab: string, run: string): void {
  useOpen.setState({ open: { tab, activation: undefined, run } })
}

const close = () => useOpen.setState({ open: undefined })

/** The dialog in which somebody answers what a run waits for. One in the page. */
export function WaitDialog({ tab }: { readonly tab: string }): ReactNode {
  const { open } = useOpen()
  const { timeline, run } = useTabRun(open?.tab ?? tab)
  const isMeant = open !== undefined && open.tab === tab && (open.run === undefined || open.run === run?.id)
  const { waits } = standingOf(timeline)
  const wait = isMeant
    ? open.activation === undefined
      ? (waits.find(needsPerson) ?? waits[0])
      : waits.find(({ activation }) => activation === open.activation)
    : undefined
  // Answered elsewhere, or its time has passed: then there is nothing to ask any more.
  useEffect(() => {
    if (isMeant && !wait && open.activation !== undefined) close()
  }, [isMeant, wait, open])
  return wait ? <Dialog key={wait.activation} tab={tab} wait={wait} /> : null
}

function Dialog({ tab, wait }: { readonly tab: string; readonly wait: WaitView }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const title = useId()
  const run = useTabRun(tab)
  useEffect(() => dialog.current?.showModal(), [])
  const parts = wait.node.split('/')
  const id = parts.pop() ?? ''
  const node = documentAt(run, parts)?.nodes[id]
  const name = node ? titleOf(node, registry) : id
  const told = node?.title === undefined ? UNNAMED[wait.reason] : undefined
  return (
    <dialog ref={dialog} className="dialog wait" onCancel={close} onClose={close} aria-labelledby={title}>
      <header className="wait__head">
        <h2 id={title}>{told ?? TITLES[wait.reason](name)}</h2>
        {wait.until !== undefined && <Deadline until={wait.until} reason={wait.reason} />}
      </header>
      {wait.reason === 'interrupted' ? (
        <Interrupted tab={tab} wait={wait} />
      ) : wait.reason === 'time' ? (
        <Time tab={tab} wait={wait} />
      ) : (
        <Question tab={tab} wait={wait} />
      )}
    </dialog>
  )
}

const UNNAMED: Readonly<Record<WaitView['reason'], string | undefined>> = {
  question: 'A question for you',
  interrupted: undefined,
  time: 'Waiting for its time',
}
const TITLES: Readonly<Record<WaitView['reason'], (name: string) => string>> = {
  question: name => `${name} asks`,
  interrupted: name => `${name} was interrupted`,
  time: name => `${name} waits`,
}

/** Sends an answer; says what is wrong where it is refused. */
function useSending(tab: string, activation: string) {
  const [sending, setSending] = useState(false)
  const [refused, setRefused] = useState<ApiError | Error | undefined>()
  const send = (answer: Omit<Parameters<typeof answerRun>[1], 'activation'>) => {
    setSending(true)
    setRefused(undefined)
    answerRun(tab, { activation, ...answer }).then(close, (error: unknown) => {
      setSending(false)
      setRefused(error instanceof Error ? error : new Error(String(error)))
    })
  }
  return { sending, refused, send }
}

function Question({ tab, wait }: { readonly tab: string; readonly wait: WaitView }): ReactNode {
  const form = wait.form ?? {}
  const [value, setValue] = useState<Json | undefined>(() => firstAnswer(form))
  const [shown, setShown] = useState<Readonly<Record<string, string>>>({})
  const [tries, setTries] = useState(0)
  const { sending, refused, send } = useSending(tab, wait.activation)
  const told = refused instanceof ApiError ? byField(refused.problems, form) : {}
  const problems = { ...told, ...shown }
  const body = useRef<HTMLDivElement>(null)
  // The first field, or the first one that something is wrong with.
  useEffect(() => {
    const wrong = body.current?.querySelector('.setting:has(em)')
    ;(wrong ?? body.current)?.querySelector<HTMLElement>('input, textarea, select')?.focus()
  }, [tries, refused])
  const decision = decisionOf(form)
  const give = (given: Json | undefined) => {
    const answer = toAnswer(form, given)
    const wrong = problemsOf(form, answer)
    setShown(wrong)
    setTries(tries + 1)
    if (Object.keys(wrong).length === 0) send({ value: answer })
  }
  const decide = (name: string, yes: boolean) => give({ ...(value as Record<string, Json> | undefined), [name]: yes })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (decision === undefined) give(value)
    else decide(decision, true)
  }
  const isField = hasFields(form)
  const fields = Object.entries(form.properties ?? {}).filter(([name]) => name !== decision)
  const [yes, no] = decision === 'approved' ? ['Approve', 'Reject'] : ['Yes', 'No']
  const whole = problems[''] ?? (refused && Object.keys(told).length === 0 ? refused.message : undefined)
  return (
    <form
      onSubmit={submit}
      data-testid="wait-form"
      noValidate
      onKeyDown={event => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit()
      }}
    >
      {wait.prompt && <Prose text={wait.prompt} />}
      <div className="wait__fields" ref={body}>
        {isField ? (
          fields.map(([name, schema]) => (
            <SchemaField
              key={name}
              name={name}
              schema={schema}
              value={(value as Record<string, Json> | undefined)?.[name]}
              required={form.required?.includes(name) ?? false}
              problem={problems[name]}
              isQuiet
              onChange={next => {
                const { [name]: _, ...rest } = (value ?? {}) as Record<string, Json>
                setValue(next === undefined ? rest : { ...rest, [name]: next })
                setShown(({ [name]: _gone, ...left }) => left)
              }}
            />
          ))
        ) : (
          <SchemaField name="Answer" schema={form} value={value} problem={problems['']} isQuiet onChange={setValue} />
        )}
      </div>
      {isField && whole && (
        <em className="wait__problem" role="alert">
          {whole}
        </em>
      )}
      <footer>
        <button type="button" className="button" onClick={close}>
          Later
        </button>
        {decision !== undefined && (
          <button
            type="button"
            className="button"
            disabled={sending}
            data-testid="wait-no"
            onClick={() => decide(decision, false)}
          >
            {no}
          </button>
        )}
        <button type="submit" className="button button--primary" disabled={sending} data-testid="wait-answer">
          {sending ? 'Sending…' : decision === undefined ? 'Answer' : yes}
        </button>
      </footer>
    </form>
  )
}

function Interrupted({ tab, wait }: { readonly tab: string; readonly wait: WaitView }): ReactNode {
  const [text, setText] = useState('{}')
  const id = useId()
  const { sending, refused, send } = useSending(tab, wait.activation)
  const outputs = toOutputs(text)
  return (
    <div data-testid="wait-form">
      <p>
        It was at work when its runner stopped, and must not be repeated without a person’s word: nobody knows how far
        it came.
      </p>
      <div className="wait__choices">
        <button className="button button--primary" disabled={sending} onClick={() => send({ choice: 'retry' })}>
          Run it again
        </button>
        <button className="button" disabled={sending} onClick={() => send({ choice: 'fail' })}>
          Let it fail
        </button>
      </div>
      <div className="setting">
        <label htmlFor={id}>Or go on with these outputs</label>
        <JsonText id={id} text={text} onChange={setText} />
        {!outputs && <em role="alert">expected a JSON object of values by output</em>}
      </div>
      {refused && (
        <em className="wait__problem" role="alert">
          {refused.message}
        </em>
      )}
      <footer>
        <button className="button" onClick={close}>
          Later
        </button>
        <button
          className="button"
          disabled={sending || !outputs}
          onClick={() => outputs && send({ choice: 'use', outputs })}
        >
          Use these outputs
        </button>
      </footer>
    </div>
  )
}

function JsonText({
  id,
  text,
  onChange,
}: {
  readonly id: string
  readonly text: string
  onChange(text: string): void
}): ReactNode {
  return (
    <textarea
      id={id}
      className="mono"
      rows={4}
      spellCheck={false}
      value={text}
      onChange={event => onChange(event.target.value)}
    />
  )
}

function Time({ tab, wait }: { readonly tab: string; readonly wait: WaitView }): ReactNode {
  const { sending, refused, send } = useSending(tab, wait.activation)
  return (
    <div data-testid="wait-form">
      {wait.prompt && <Prose text={wait.prompt} />}
      <p>It goes on by itself {wait.until === undefined ? 'later' : `at ${timeOf(wait.until)}`}.</p>
      {refused && (
        <em className="wait__problem" role="alert">
          {refused.message}
        </em>
      )}
      <footer>
        <button className="button" onClick={close}>
          Leave it
        </button>
        <button
          className="button button--primary"
          disabled={sending}
          data-testid="wait-now"
          onClick={() => send({ choice: 'expired' })}
        >
          Go on now
        </button>
      </footer>
    </div>
  )
}

/** How long there is left, each second. */
function Deadline({ until, reason }: { readonly until: number; readonly reason: WaitView['reason'] }): ReactNode {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const left = Math.max(0, Math.round((until - now) / 1000))
  const parts = [Math.floor(left / 3600), Math.floor((left % 3600) / 60), left % 60].map(one =>
    String(one).padStart(2, '0'),
  )
  return (
    <time className="wait__deadline" data-testid="wait-deadline" title={`until ${timeOf(until)}`}>
      {left > 86_400
        ? `until ${timeOf(until)}`
        : `${reason === 'question' ? 'answer within' : 'in'} ${parts.join(':')}`}
    </time>
  )
}
