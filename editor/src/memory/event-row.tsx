import { Lightbulb, MessageSquare, MessagesSquare, Radio, StickyNote, Trash2, Zap } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { agoInWords } from '../account/ago.ts'
import { useEntities } from '../entities/store.ts'
import { Sure } from '../knowledge/parts.tsx'
import { goTo } from '../knowledge/place.ts'
import type { EventRecord } from '../knowledge/records.ts'
import { jsonInWords } from '../media/media.ts'
import { useSession } from '../session/context.ts'
import { clockOf } from './days.ts'
import { forgetEvent } from './store.ts'

const ICONS = { message: MessageSquare, action: Zap, fact: Lightbulb, event: Radio } as const
const LONG = 400

/** One event. `fit`: how well it fits what was asked, 0 to 1. */
export function EventRow({ event, fit }: { readonly event: EventRecord; readonly fit?: number }): ReactNode {
  const session = useSession()
  const [isWhole, setWhole] = useState(false)
  const { id, at, type, sender, channel, content, data, entityIds } = event
  const Icon = Object.hasOwn(ICONS, type) ? ICONS[type as keyof typeof ICONS] : StickyNote
  const isLong = content.length > LONG
  return (
    <li className="event" data-testid={`event-${id}`}>
      <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>
        {fit === undefined ? clockOf(at) : shortDate(at)}
      </time>
      <div className="event__head">
        <Icon size={13} aria-label={type} />
        <b>{sender || type}</b>
        {channel && (
          <button
            className="event__channel"
            title={`The conversation in ${channel}`}
            onClick={() => goTo('memory', { view: 'transcript', channel })}
          >
            <MessagesSquare size={11} aria-hidden="true" /> {channel}
          </button>
        )}
        {fit !== undefined && (
          <small>
            {agoInWords(at)}, fits {Math.round(fit * 100)} %
          </small>
        )}
        <span className="event__tools">
          <Sure
            action="Forget it"
            label="Forget this event"
            testId={`forget-${id}`}
            onSure={() => forgetEvent(session, id)}
          >
            <Trash2 size={12} />
          </Sure>
        </span>
      </div>
      {content && <p className="event__content">{isLong && !isWhole ? `${content.slice(0, LONG)}…` : content}</p>}
      {isLong && (
        <button className="button button--small button--quiet" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Less' : 'All of it'}
        </button>
      )}
      {data !== undefined && data !== null && <p className="event__data mono">{jsonInWords(data).slice(0, LONG)}</p>}
      {entityIds.length > 0 && <About ids={entityIds} />}
    </li>
  )
}

function shortDate(at: number): string {
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
}

/** The entities that it is about, by their names where these are known. */
function About({ ids }: { readonly ids: readonly string[] }): ReactNode {
  const list = useEntities(one => one.list)
  return (
    <span className="event__entities">
      {ids.map(id => (
        <button key={id} className="chip-link" onClick={() => goTo('entities', { view: 'entity', id })}>
          {list?.find(one => one.id === id)?.name ?? id}
        </button>
      ))}
    </span>
  )
}
