import { Plus, Users } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useId, useState } from 'react'
import { Empty, Line, More, Trouble, Under } from '../knowledge/parts.tsx'
import { goTo, usePlace } from '../knowledge/place.ts'
import type { EntityRecord } from '../knowledge/records.ts'
import { putEntity } from '../knowledge/rest.ts'
import { useSession } from '../session/context.ts'
import { EntityView } from './entity-view.tsx'
import { KindIcon } from './kind-icon.tsx'
import { chooseEntities, KINDS, loadEntities, useEntities } from './store.ts'
import './entities.css'

/** Who and what is known. */
export function EntitiesPanel(): ReactNode {
  const place = usePlace('entities')
  return (
    <div className="entities" data-testid="entities">
      <Under isShown={place.view === 'list'}>
        <Overview />
      </Under>
      {place.view === 'entity' && <EntityView key={place.id} id={place.id} />}
    </div>
  )
}

function Overview(): ReactNode {
  const session = useSession()
  const { list, nextPage, kind, kinds, text, trouble } = useEntities()
  const [isNew, setNew] = useState(false)
  useEffect(() => void loadEntities(session), [session])
  return (
    <>
      <div className="know__top">
        <NameFilter />
        <div className="collections" role="group" aria-label="Kinds">
          {['', ...kinds].map(one => (
            <button
              key={one}
              className="collections__one"
              aria-pressed={one === kind}
              onClick={() => chooseEntities(session, { kind: one })}
            >
              {one === '' ? 'All' : one}
            </button>
          ))}
          <button
            className="icon-button"
            aria-label="New entity"
            title="New entity"
            aria-expanded={isNew}
            data-testid="new-entity"
            onClick={() => setNew(!isNew)}
          >
            <Plus size={14} />
          </button>
        </div>
        {isNew && <NewEntity onDone={() => setNew(false)} />}
      </div>
      <div className="know__scroll">
        <Trouble text={trouble} onAgain={() => void loadEntities(session)} />
        {list?.length === 0 && trouble === '' && (
          <Empty
            icon={<Users size={24} aria-hidden="true" />}
            title={text === '' && kind === '' ? 'Nobody is known yet' : 'None of that name'}
          >
            {text === '' && kind === ''
              ? 'Make one with +, or let a spell do it with the node “Set entity”. Everything that was known before stays readable.'
              : 'Try a part of the name, or another kind.'}
          </Empty>
        )}
        {byKind(list ?? []).map(([one, entities]) => (
          <section key={one} aria-label={one}>
            <h3 className="memory__day">{one}</h3>
            <ul className="entity-list">
              {entities.map(entity => (
                <li key={entity.id}>
                  <Row entity={entity} />
                </li>
              ))}
            </ul>
          </section>
        ))}
        <More shown={nextPage !== ''} onMore={() => loadEntities(session, true)} />
      </div>
    </>
  )
}

function Row({ entity: { id, kind, name, about, aliases } }: { readonly entity: EntityRecord }): ReactNode {
  return (
    <button
      className="entity-row"
      data-testid={`entity-${id}`}
      onClick={() => goTo('entities', { view: 'entity', id })}
    >
      <KindIcon kind={kind} />
      <b>{name}</b>
      <small>{about || aliases.join(', ')}</small>
    </button>
  )
}

function byKind(
  list: readonly EntityRecord[],
): readonly (readonly [kind: string, entities: readonly EntityRecord[]])[] {
  return [...Map.groupBy(list, ({ kind }) => kind)].toSorted(([a], [b]) => a.localeCompare(b))
}

function NameFilter(): ReactNode {
  const session = useSession()
  const [text, setText] = useState(() => useEntities.getState().text)
  useEffect(() => {
    if (text === useEntities.getState().text) return undefined
    const timer = setTimeout(() => chooseEntities(session, { text }), 180)
    return () => clearTimeout(timer)
  }, [session, text])
  return (
    <search className="know-search">
      <div className="know-search__line">
        <Users size={14} aria-hidden="true" />
        <input
          type="search"
          placeholder="Find by name"
          aria-label="Find an entity by its name"
          data-testid="entity-search"
          value={text}
          onChange={event => setText(event.target.value)}
        />
      </div>
    </search>
  )
}

function NewEntity({ onDone }: { onDone(): void }): ReactNode {
  const session = useSession()
  const kinds = useId()
  const [kind, setKind] = useState(() => useEntities.getState().kind || 'person')
  const [name, setName] = useState('')
  const make = async () => {
    const { id } = await putEntity(session.rest, { kind: kind.trim(), name: name.trim() })
    void loadEntities(session)
    goTo('entities', { view: 'entity', id })
  }
  return (
    <Line action="Make it" isReady={name.trim() !== ''} onSubmit={make} onLeave={onDone}>
      <input
        className="know__kind"
        list={kinds}
        aria-label="Kind"
        data-testid="entity-kind"
        value={kind}
        onChange={event => setKind(event.target.value)}
      />
      <datalist id={kinds}>
        {KINDS.map(one => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <input
        autoFocus
        placeholder="Name"
        aria-label="Name"
        data-testid="entity-name"
        value={name}
        onChange={event => setName(event.target.value)}
      />
    </Line>
  )
}
