import type { ReactNode } from 'react'
import { useEffect, useId, useState } from 'react'
import type { EntityRecord } from '../knowledge/records.ts'
import { listEntities } from '../knowledge/rest.ts'
import { useSession } from '../session/context.ts'
import { KindIcon } from './kind-icon.tsx'

/** Finds an entity by a part of its name. */
export function EntityPicker({
  label,
  kind = '',
  without,
  onPick,
}: {
  readonly label: string
  /** Only of this kind; empty: any. */
  readonly kind?: string
  /** The id of one that is not meant. */
  readonly without: string
  onPick(entity: EntityRecord): void
}): ReactNode {
  const { rest } = useSession()
  const list = useId()
  const [text, setText] = useState('')
  const [found, setFound] = useState<readonly EntityRecord[]>([])
  useEffect(() => {
    let current = true
    const timer = setTimeout(() => {
      listEntities(rest, { kind, text: text.trim(), limit: 8 }).then(
        ({ entities }) => current && setFound(entities.filter(({ id }) => id !== without)),
        () => current && setFound([]),
      )
    }, 150)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [rest, kind, text, without])
  return (
    <div className="picker">
      <input
        placeholder={label}
        aria-label={label}
        aria-controls={list}
        data-testid="pick-entity"
        value={text}
        onChange={event => setText(event.target.value)}
      />
      <ul id={list} aria-label="Entities">
        {found.map(entity => (
          <li key={entity.id}>
            <button type="button" data-testid={`pick-${entity.id}`} onClick={() => onPick(entity)}>
              <KindIcon kind={entity.kind} /> {entity.name}
            </button>
          </li>
        ))}
        {found.length === 0 && <li className="know__none">None of that name.</li>}
      </ul>
    </div>
  )
}
