import { BrainCircuit, Radio, Search, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useId } from 'react'
import { loadEntities, useEntities } from '../entities/store.ts'
import { Empty, More, Trouble, Under } from '../knowledge/parts.tsx'
import { usePlace } from '../knowledge/place.ts'
import { useSession } from '../session/context.ts'
import { textInWords } from '../media/media.ts'
import { clockOf, dayInWords, daysOf, valuesOf } from './days.ts'
import { EventRow } from './event-row.tsx'
import { askMemory, filterEvents, followMemory, loadEvents, useMemory } from './store.ts'
import { Transcript } from './transcript.tsx'
import './memory.css'

/** What was said and what happened, newest first, and the search in it. */
export function MemoryPanel(): ReactNode {
  const session = useSession()
  const place = usePlace('memory')
  useEffect(() => {
    // For the names of whom events are about.
    if (!useEntities.getState().list) void loadEntities(session)
    return followMemory(session)
  }, [session])
  return (
    <div className="memory" data-testid="memory">
      <Under isShown={place.view === 'list'}>
        <div className="know__top">
          <Ask />
          <Filters />
        </div>
        <div className="know__scroll">
          <List />
        </div>
      </Under>
      {place.view === 'transcript' && <Transcript key={place.channel} channel={place.channel} />}
    </div>
  )
}

function Ask(): ReactNode {
  const session = useSession()
  const query = useMemory(one => one.query)
  return (
    <search className="know-search">
      <div className="know-search__line">
        <Search size={14} aria-hidden="true" />
        <input
          type="search"
          placeholder="Search by meaning: what was said of …"
          aria-label="Search the memory"
          data-testid="memory-search"
          maxLength={8000}
          value={query}
          onChange={event => askMemory(session, event.target.value)}
          onKeyDown={event => {
            if (event.key !== 'Escape' || query === '') return
            event.preventDefault()
            askMemory(session, '')
          }}
        />
      </div>
    </search>
  )
}

function Filters(): ReactNode {
  const session = useSession()
  const { channel, sender, to, entityId, events = [] } = useMemory()
  const isFiltered = channel !== '' || sender !== '' || to > 0 || entityId !== ''
  return (
    <div className="know__bar memory__filters">
      <Filter name="channel" value={channel} offers={valuesOf(events, 'channel')} />
      <Filter name="sender" value={sender} offers={valuesOf(events, 'sender')} />
      <label title="Only what happened up to this day">
        <span className="visually-hidden">Up to the day</span>
        <input
          type="date"
          data-testid="memory-until"
          value={to > 0 ? toDay(to - 1) : ''}
          onChange={event => filterEvents(session, { to: endOf(event.target.value) })}
        />
      </label>
      {entityId !== '' && <span className="memory__about">of one entity</span>}
      {isFiltered && (
        <button
          className="icon-button"
          aria-label="Show all events"
          title="Show all"
          onClick={() => filterEvents(session, { channel: '', sender: '', entityId: '', to: 0 })}
        >
          <X size={13} />
        </button>
      )}
    </div>
  )
}

function toDay(at: number): string {
  const day = new Date(at)
  return new Date(at - day.getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
}

/** The end of a day; 0: none was given. */
function endOf(day: string): number {
  return day === '' ? 0 : new Date(`${day}T00:00`).setHours(24, 0, 0, 0)
}

function Filter({
  name,
  value,
  offers,
}: {
  readonly name: 'channel' | 'sender'
  readonly value: string
  readonly offers: readonly string[]
}): ReactNode {
  const session = useSession()
  const list = useId()
  return (
    <>
      <input
        className="know__filter"
        key={value}
        list={list}
        placeholder={`Any ${name}`}
        aria-label={`Only this ${name}`}
        data-testid={`memory-${name}`}
        defaultValue={value}
        onChange={event => {
          // One of the list was chosen.
          if (offers.includes(event.target.value)) filterEvents(session, { [name]: event.target.value })
        }}
        onBlur={event => event.target.value !== value && filterEvents(session, { [name]: event.target.value.trim() })}
        onKeyDown={event => event.key === 'Enter' && event.currentTarget.blur()}
      />
      <datalist id={list}>
        {offers.map(offer => (
          <option key={offer} value={offer} />
        ))}
      </datalist>
    </>
  )
}

function List(): ReactNode {
  const session = useSession()
  const { events, found, notice, trouble, nextPage, query } = useMemory()
  if (query.trim() !== '')
    return (
      <>
        <Trouble text={trouble} onAgain={() => askMemory(session, query)} />
        {notice && <p className="know__notice">{notice}</p>}
        {found?.length === 0 && (
          <Empty icon={<Search size={22} aria-hidden="true" />} title="Nothing like that">
            Try other words, or fewer filters.
          </Empty>
        )}
        <ul className="events" data-testid="memory-found">
          {found?.map(({ event, fit }) => (
            <EventRow key={event.id} event={event} fit={fit} />
          ))}
        </ul>
      </>
    )
  return (
    <>
      <Live />
      <Trouble text={trouble} onAgain={() => void loadEvents(session)} />
      {events?.length === 0 && trouble === '' && (
        <Empty icon={<BrainCircuit size={24} aria-hidden="true" />} title="Nothing is remembered yet">
          Spells remember with the node “Remember”; programs with POST /v1/events. What is told by “Send event” is shown
          here as it comes.
        </Empty>
      )}
      {daysOf(events ?? []).map(day => (
        <section key={day.at} aria-label={dayInWords(day.at)}>
          <h3 className="memory__day">{dayInWords(day.at)}</h3>
          <ul className="events">
            {day.events.map(event => (
              <EventRow key={event.id} event={event} />
            ))}
          </ul>
        </section>
      ))}
      <More shown={nextPage !== ''} onMore={() => loadEvents(session, true)} />
    </>
  )
}

/** Custom events as they come: those that are kept stand below. */
function Live(): ReactNode {
  const { live } = useMemory()
  if (live.length === 0) return null
  return (
    <section aria-label="As they come" className="memory__live" data-testid="memory-live">
      <h3 className="memory__day">
        <Radio size={12} aria-hidden="true" /> As they come
      </h3>
      <ul className="events" aria-live="polite">
        {live.map(({ id, topic, value, sender, at }) => (
          <li key={id} className="event event--live" data-testid={`live-${topic}`}>
            <time>{clockOf(at)}</time>
            <div className="event__head">
              <b>{topic}</b>
              {sender && <small>{sender}</small>}
              <small>not kept</small>
            </div>
            {value !== undefined && <p className="event__content mono">{textInWords(value).slice(0, 600)}</p>}
          </li>
        ))}
      </ul>
    </section>
  )
}
