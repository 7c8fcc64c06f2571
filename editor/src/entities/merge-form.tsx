import type { ReactNode } from 'react'
import { useState } from 'react'
import { Trouble } from '../knowledge/parts.tsx'
import { goInstead } from '../knowledge/place.ts'
import type { EntityRecord } from '../knowledge/records.ts'
import { mergeEntities, whyNot } from '../knowledge/rest.ts'
import { say } from '../layout/toasts.tsx'
import { useSession } from '../session/context.ts'
import { EntityPicker } from './entity-picker.tsx'
import { loadEntities } from './store.ts'

/** Makes one of two: what this one has goes into another one of its kind. */
export function MergeForm({ entity, onDone }: { readonly entity: EntityRecord; onDone(): void }): ReactNode {
  const session = useSession()
  const [into, setInto] = useState<EntityRecord | undefined>()
  const [trouble, setTrouble] = useState('')
  const merge = async (target: EntityRecord) => {
    try {
      await mergeEntities(session.rest, target.id, entity.id)
      void loadEntities(session)
      say(`“${entity.name}” is a part of “${target.name}” now.`)
      goInstead('entities', { view: 'entity', id: target.id })
    } catch (error) {
      setTrouble(whyNot(error))
    }
  }
  return (
    <section
      className="entity-form"
      aria-label="Merge"
      onKeyDown={event => event.key === 'Escape' && (event.preventDefault(), onDone())}
    >
      {into ? (
        <p>
          All that is known of “{entity.name}” goes into “{into.name}”; where both know something, “{into.name}” is
          right. It cannot be undone.
        </p>
      ) : (
        <EntityPicker label={`“${entity.name}” is really…`} kind={entity.kind} without={entity.id} onPick={setInto} />
      )}
      <Trouble text={trouble} />
      <footer>
        <button className="button button--small" onClick={into ? () => setInto(undefined) : onDone}>
          {into ? 'Another one' : 'Cancel'}
        </button>
        {into && (
          <button
            className="button button--small button--primary"
            autoFocus
            data-testid="merge-sure"
            onClick={() => void merge(into)}
          >
            Merge them
          </button>
        )}
      </footer>
    </section>
  )
}
