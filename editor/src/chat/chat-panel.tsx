import { Radio, Send } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { RunHandle } from '#client/types.ts'
import { CitedProse } from '../citations/chips.tsx'
import { usePage } from '../contracts.ts'
import { Preview } from '../media/preview.tsx'
import { sendToRun } from '../run/controls.ts'
import { documentAt, positionOf, useTabRun } from '../run/store.ts'
import type { TabRun } from '../run/store.ts'
import { useRunActions } from '../run/use-run-actions.ts'
import type { Listener, Message } from './messages.ts'
import { listenersOf, messagesOf, toMessage } from './messages.ts'
import './chat.css'

/** What was said to a played spell and what it answered, as it was at the slider; and a line to say more. */
export function ChatPanel({ tab }: { readonly tab: string }): ReactNode {
  const run = useTabRun(tab)
  const { timeline } = run
  const position = positionOf(run)
  const page = usePage(tab)
  const listeners = useMemo(() => listenersOf(page.document), [page.document])
  const messages = useMemo(
    () => messagesOf(timeline.entries, position, path => typeAt(run, path)),
    [timeline, position, run.document, run.library],
  )
  return (
    <div className="chat" data-testid="chat">
      <Messages
        tab={tab}
        canWrite={listeners.length > 0 && page.fixed === undefined}
        messages={messages}
        onNode={page.selectNode}
      />
      {page.fixed === undefined && <Line tab={tab} listeners={listeners} />}
    </div>
  )
}

function typeAt(run: TabRun, path: string): string | undefined {
  const parts = path.split('/')
  const id = parts.pop() ?? ''
  return documentAt(run, parts)?.nodes[id]?.type
}

function Messages({
  tab,
  canWrite,
  messages,
  onNode,
}: {
  readonly tab: string
  readonly canWrite: boolean
  readonly messages: readonly Message[]
  onNode(node: string): void
}): ReactNode {
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight
  }, [messages.length])
  return (
    <ol className="chat__messages" ref={list} role="log" aria-label="Chat" tabIndex={0}>
      {messages.length === 0 && (
        <li className="chat__none">
          Nothing has been said yet. {canWrite && 'What you write below goes to the spell while it is played.'}
        </li>
      )}
      {messages.map(({ seq, from, name, text, media, citations, node, at }) => (
        <li key={seq} className={`chat__message chat__message--${from}`}>
          {from === 'event' && (
            <small>
              <Radio size={11} aria-hidden="true" /> {name}
            </small>
          )}
          <div title={`${new Date(at).toLocaleTimeString()}, ${node}`} onDoubleClick={() => onNode(node)}>
            {media !== undefined ? (
              <Preview page={tab} name={node} value={media} />
            ) : from === 'spell' ? (
              <CitedProse text={text} citations={citations ?? []} />
            ) : (
              text
            )}
          </div>
        </li>
      ))}
    </ol>
  )
}

function Line({ tab, listeners }: { readonly tab: string; readonly listeners: readonly Listener[] }): ReactNode {
  const actions = useRunActions(tab)
  const [chosen, setChosen] = useState('')
  const [text, setText] = useState('')
  const [trouble, setTrouble] = useState('')
  const [sending, setSending] = useState(false)
  const to = listeners.find(({ node }) => node === chosen) ?? listeners[0]
  if (!to) return null
  const send = async () => {
    const written = text
    setTrouble('')
    setSending(true)
    try {
      const message = to.kind === 'chat' ? written : toMessage(written)
      if (actions.isRunning) await sendToRun(tab, to.name, message)
      else {
        const started = await actions.run()
        if (!started) return
        await listening(started, to.node)
        await started.send(to.name, message)
      }
      setText(before => (before === written ? '' : before))
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error))
    } finally {
      setSending(false)
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    if (text.trim() !== '' && !sending) void send()
  }
  return (
    <form
      className="chat__line"
      onSubmit={event => {
        event.preventDefault()
        if (text.trim() !== '' && !sending) void send()
      }}
    >
      {listeners.length > 1 && (
        <select aria-label="To" value={to.node} onChange={event => setChosen(event.target.value)}>
          {listeners.map(({ node, name, kind }) => (
            <option key={node} value={node}>
              {kind === 'event' ? `event: ${name}` : name}
            </option>
          ))}
        </select>
      )}
      <textarea
        data-testid="chat-input"
        aria-label={to.kind === 'chat' ? 'Message' : 'Event, JSON or text'}
        placeholder={
          to.kind === 'event'
            ? `JSON for “${to.name}”`
            : actions.isRunning
              ? 'Write a message'
              : 'Write a message: the spell is played then'
        }
        rows={Math.min(6, text.split('\n').length)}
        value={text}
        className={to.kind === 'event' ? 'mono' : ''}
        onChange={event => {
          setText(event.target.value)
          setTrouble('')
        }}
        onKeyDown={onKeyDown}
      />
      <button className="button button--primary" disabled={sending || text.trim() === ''} title="Send (Enter)">
        <Send size={14} aria-hidden="true" /> Send
      </button>
      {trouble && <em role="alert">{trouble}</em>}
    </form>
  )
}

/** Resolves when a source of a run that has begun takes messages; or when the run is over, which then says why. */
function listening(run: RunHandle, node: string): Promise<void> {
  return new Promise(resolve => {
    const look = () => {
      if (!run.entries.some(entry => ('node' in entry && entry.node === node) || 'lastSeq' in entry)) return
      stop()
      resolve()
    }
    const stop = run.onEntries(look)
    look()
  })
}
