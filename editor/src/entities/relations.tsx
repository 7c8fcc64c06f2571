import { Link2, Unlink } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { Sure, Trouble } from '../knowledge/parts.tsx'
import { goTo } from '../knowledge/place.ts'
import type { EntityRecord, RelationRecord } from '../knowledge/records.ts'
import { linkEntities, unlinkEntities, whyNot } from '../knowledge/rest.ts'
import { useSession } from '../session/context.ts'
import { EntityPicker } from './entity-picker.tsx'

/** The relations of an entity, from it and to it: links to the other ends. */
export function Relations({
  entity,
  canChange,
  onChanged,
}: {
  readonly entity: EntityRecord
  readonly canChange: boolean
  onChanged(): void
}): ReactNode {
  const [isLinking, setLinking] = useState(false)
  const { relations } = entity
  return (
    <section aria-label="Relations">
      <header className="chunks__head">
        <h3>Relations</h3>
        {canChange && (
          <button
            className="icon-button"
            aria-label="Relate it to another one"
            title="Relate it to another one"
            aria-expanded={isLinking}
            data-testid="new-relation"
            onClick={() => setLinking(!isLinking)}
          >
            <Link2 size={14} />
          </button>
        )}
      </header>
      {isLinking && canChange && (
        <LinkForm
          entity={entity}
          onDone={() => {
            setLinking(false)
            onChanged()
          }}
        />
      )}
      {relations.length === 0 && !isLinking && <p className="know__none">None.</p>}
      <ul className="relations" data-testid="relations">
        {relations.map(relation => (
          <Row
            key={`${relation.fromId} ${relation.kind} ${relation.toId}`}
            relation={relation}
            entity={entity}
            canChange={canChange}
            onChanged={onChanged}
          />
        ))}
      </ul>
    </section>
  )
}

function Row({
  relation,
  entity,
  canChange,
  onChanged,
}: {
  readonly relation: RelationRecord
  readonly entity: EntityRecord
  readonly canChange: boolean
  onChanged(): void
}): ReactNode {
  const { rest } = useSession()
  const { fromId, kind, toId, toEvent, toName, fromName, since, until } = relation
  const isFrom = fromId === entity.id
  const other = isFrom
    ? { id: toId, name: toEvent ? 'an event' : toName || toId }
    : { id: fromId, name: fromName || fromId }
  const verb = <span>{kind.replaceAll(/[_-]/g, ' ')}</span>
  const link = toEvent ? (
    <span title={toId}>{other.name}</span>
  ) : (
    <button className="chip-link" onClick={() => goTo('entities', { view: 'entity', id: other.id })}>
      {other.name}
    </button>
  )
  return (
    <li>
      {isFrom ? (
        <>
          {verb} {link}
        </>
      ) : (
        <>
          {link} {verb} <span>this</span>
        </>
      )}
      <small>
        since {new Date(since).toLocaleDateString()}
        {until > 0 && ` until ${new Date(until).toLocaleDateString()}`}
      </small>
      {canChange && until === 0 && (
        <Sure
          action="It has ended"
          label={`End “${kind}”`}
          testId={`unlink-${toId}`}
          onSure={async () => {
            await unlinkEntities(rest, fromId, kind, toId)
            onChanged()
          }}
        >
          <Unlink size={12} />
        </Sure>
      )}
    </li>
  )
}

function LinkForm({ entity, onDone }: { readonly entity: EntityRecord; onDone(): void }): ReactNode {
  const { rest } = useSession()
  const [kind, setKind] = useState('knows')
  const [trouble, setTrouble] = useState('')
  const link = async (to: EntityRecord) => {
    try {
      await linkEntities(rest, entity.id, kind.trim().toLowerCase().replaceAll(/\s+/g, '_'), to.id)
      onDone()
    } catch (error) {
      setTrouble(whyNot(error))
    }
  }
  return (
    <div className="entity-form" onKeyDown={event => event.key === 'Escape' && (event.preventDefault(), onDone())}>
      <label className="field">
        <span>{entity.name} …</span>
        <input autoFocus data-testid="relation-kind" value={kind} onChange={event => setKind(event.target.value)} />
      </label>
      <EntityPicker label="… whom or what?" without={entity.id} onPick={to => void link(to)} />
      <Trouble text={trouble} />
    </div>
  )
}
