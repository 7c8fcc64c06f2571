import { Copy } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { countOf } from '../documents/jobs.ts'
import { Trouble, Visited } from '../knowledge/parts.tsx'
import type { EventRecord } from '../knowledge/records.ts'
import { readTranscript, whyNot } from '../knowledge/rest.ts'
import { say } from '../layout/toasts.tsx'
import { useSession } from '../session/context.ts'
import { clockOf, dayInWords, daysOf } from './days.ts'

const TOKENS = [1_000, 2_000, 8_000, 32_000] as const

interface Read {
  readonly events: readonly EventRecord[]
  readonly text: string
  readonly tokens: number
  readonly more: boolean
}

/** A conversation as a spell would be given it: its last messages within a number of tokens. */
export function Transcript({ channel }: { readonly channel: string }): ReactNode {
  const { rest } = useSession()
  const [tokens, setTokens] = useState<number>(TOKENS[1])
  const [read, setRead] = useState<Read | undefined>()
  const [trouble, setTrouble] = useState('')
  useEffect(() => {
    let current = true
    readTranscript(rest, { channel, tokens, limit: 500 }).then(
      found => current && (setRead(found), setTrouble('')),
      (error: unknown) => current && setTrouble(whyNot(error)),
    )
    return () => {
      current = false
    }
  }, [rest, channel, tokens])
  const copy = async () => {
    await navigator.clipboard.writeText(read?.text ?? '')
    say('The conversation was copied.')
  }
  return (
    <Visited
      section="memory"
      testId="transcript"
      title={
        <h2>
          <span>{channel}</span>
        </h2>
      }
      tools={
        <button className="icon-button" aria-label="Copy the conversation" title="Copy" onClick={() => void copy()}>
          <Copy size={14} />
        </button>
      }
    >
      <p className="transcript__bar">
        <label>
          The last{' '}
          <select value={tokens} onChange={event => setTokens(Number(event.target.value))}>
            {TOKENS.map(one => (
              <option key={one} value={one}>
                {one.toLocaleString('en')}
              </option>
            ))}
          </select>{' '}
          tokens
        </label>
        {read && (
          <small>
            {countOf(read.events.length, 'message')}, {countOf(read.tokens, 'token')}
            {read.more && ', more before'}
          </small>
        )}
      </p>
      <Trouble text={trouble} />
      {read?.events.length === 0 && <p className="know__none">No messages are kept of it.</p>}
      {daysOf(read?.events ?? []).map(day => (
        <section key={day.at}>
          <h3 className="memory__day">{dayInWords(day.at)}</h3>
          <ol className="transcript">
            {day.events.map(({ id, at, sender, content }) => (
              <li key={id}>
                <b>{sender || 'somebody'}</b> <time>{clockOf(at)}</time>
                <p>{content}</p>
              </li>
            ))}
          </ol>
        </section>
      ))}
    </Visited>
  )
}
