import { ArrowLeft, CircleAlert } from 'lucide-react'
import type { FormEvent, ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { goBack } from './place.ts'
import type { Section } from './place.ts'
import { whyNot } from './rest.ts'

/** What is under a place that somebody visits: as it was left, with its scrolling and its focus, when they come back. */
export function Under({ isShown, children }: { readonly isShown: boolean; readonly children: ReactNode }): ReactNode {
  const left = useRef<HTMLElement | undefined>(undefined)
  const wasShown = useRef(isShown)
  useEffect(() => {
    if (isShown && !wasShown.current) left.current?.focus({ preventScroll: true })
    wasShown.current = isShown
  }, [isShown])
  return (
    <div
      className={isShown ? 'under' : 'under under--left'}
      inert={!isShown}
      onFocus={event => {
        left.current = event.target
      }}
    >
      {children}
    </div>
  )
}

/** A place that was come to: its title, the way back, and what is there. */
export function Visited({
  section,
  title,
  tools,
  testId,
  children,
}: {
  readonly section: Section
  readonly title: ReactNode
  readonly tools?: ReactNode
  readonly testId: string
  readonly children: ReactNode
}): ReactNode {
  const box = useRef<HTMLElement>(null)
  useEffect(() => box.current?.focus(), [])
  return (
    <article className="visited" ref={box} tabIndex={-1} data-testid={testId}>
      <header className="visited__head">
        <button className="icon-button" aria-label="Back" title="Back (Esc)" onClick={() => goBack(section)}>
          <ArrowLeft size={15} />
        </button>
        <div className="visited__title">{title}</div>
        <div className="visited__tools">{tools}</div>
      </header>
      <div className="visited__body">{children}</div>
    </article>
  )
}

/** A button that asks once, in its own place. */
export function Sure({
  children,
  question,
  action,
  label,
  className = 'icon-button',
  testId,
  onSure,
}: {
  readonly children: ReactNode
  /** Beside the buttons, once it is asked. */
  readonly question?: string
  readonly action: string
  readonly label: string
  readonly className?: string
  readonly testId: string
  onSure(): Promise<unknown>
}): ReactNode {
  const [state, setState] = useState<'idle' | 'asking' | 'busy'>('idle')
  const [trouble, setTrouble] = useState('')
  if (state === 'idle')
    return (
      <>
        <button
          type="button"
          className={className}
          aria-label={label}
          title={label}
          data-testid={testId}
          onClick={() => setState('asking')}
        >
          {children}
        </button>
        <Trouble text={trouble} />
      </>
    )
  const go = async () => {
    setState('busy')
    setTrouble('')
    try {
      await onSure()
    } catch (error) {
      setTrouble(whyNot(error))
    }
    setState('idle')
  }
  return (
    <span className="sure" onKeyDown={event => event.key === 'Escape' && (event.preventDefault(), setState('idle'))}>
      {question && <span>{question}</span>}
      <button
        type="button"
        className="button button--small sure__go"
        disabled={state === 'busy'}
        autoFocus
        data-testid={`${testId}-sure`}
        onClick={() => void go()}
      >
        {action}
      </button>
      <button
        type="button"
        className="button button--small"
        disabled={state === 'busy'}
        onClick={() => setState('idle')}
      >
        Keep
      </button>
    </span>
  )
}

/** A line to fill in, which Escape leaves. It stays, with the reason, where what was given is refused; it is sent once. */
export function Line({
  action,
  busy = action,
  isReady = true,
  children,
  onSubmit,
  onLeave,
}: {
  readonly action: string
  /** What the button says meanwhile. */
  readonly busy?: string
  readonly isReady?: boolean
  readonly children: ReactNode
  /** Takes it; the line is gone once that is done. */
  onSubmit(): Promise<void>
  onLeave(): void
}): ReactNode {
  const [isBusy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState('')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setTrouble('')
    try {
      await onSubmit()
      onLeave()
    } catch (error) {
      setTrouble(whyNot(error))
      setBusy(false)
    }
  }
  return (
    <form
      className="know__form"
      onSubmit={event => void submit(event)}
      onKeyDown={event => event.key === 'Escape' && (event.preventDefault(), onLeave())}
    >
      {children}
      <button className="button button--small button--primary" disabled={isBusy || !isReady}>
        {isBusy ? busy : action}
      </button>
      <Trouble text={trouble} />
    </form>
  )
}

/** What went wrong; nothing where nothing did. */
export function Trouble({ text, onAgain }: { readonly text: string; onAgain?(): void }): ReactNode {
  if (text === '') return null
  return (
    <p className="know__trouble" role="alert">
      <CircleAlert size={14} aria-hidden="true" /> <span>{text}</span>
      {onAgain && (
        <button className="button button--small" onClick={onAgain}>
          Try again
        </button>
      )}
    </p>
  )
}

/** What to do where there is nothing yet. */
export function Empty({
  icon,
  title,
  children,
}: {
  readonly icon: ReactNode
  readonly title: string
  readonly children: ReactNode
}): ReactNode {
  return (
    <div className="know__empty">
      {icon}
      <b>{title}</b>
      <p>{children}</p>
    </div>
  )
}

/** The next page of a list. */
export function More({ shown, onMore }: { readonly shown: boolean; onMore(): Promise<unknown> }): ReactNode {
  const [isBusy, setBusy] = useState(false)
  if (!shown) return null
  return (
    <button
      className="button button--small know__more"
      disabled={isBusy}
      data-testid="more"
      onClick={() => {
        setBusy(true)
        void onMore().finally(() => setBusy(false))
      }}
    >
      {isBusy ? 'Loading…' : 'Show more'}
    </button>
  )
}
