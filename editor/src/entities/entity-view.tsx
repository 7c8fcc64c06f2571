import { BrainCircuit, Merge, Pencil, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useCallback, useEffect, useState } from 'react'
import { Sure, Trouble, Visited } from '../knowledge/parts.tsx'
import { goBack, goInstead, openKnowledge } from '../knowledge/place.ts'
import type { ChangeRecord, EntityRecord } from '../knowledge/records.ts'
import { deleteEntity, getEntity, listChanges, whyNot } from '../knowledge/rest.ts'
import { say } from '../layout/toasts.tsx'
import { showEventsOf } from '../memory/store.ts'
import { useSession } from '../session/context.ts'
import { AsOf } from './as-of.tsx'
import { byTime } from './changes.ts'
import { EntityFacts } from './entity-facts.tsx'
import { EntityForm } from './entity-form.tsx'
import { History } from './history.tsx'
import { KindIcon } from './kind-icon.tsx'
import { MergeForm } from './merge-form.tsx'
import { Relations } from './relations.tsx'
import { loadEntities } from './store.ts'

type Doing = 'editing' | 'merging' | undefined

/** Somebody or something: what is known of it, and what was known at any time. */
export function EntityView({ id }: { readonly id: string }): ReactNode {
  const [asOf, setAsOf] = useState(0)
  const [doing, setDoing] = useState<Doing>()
  const { entity, past, changes, trouble, refresh } = useEntity(id, asOf)
  if (!entity)
    return (
      <Visited section="entities" title="Entity" testId="entity-view">
        <Trouble text={trouble} />
      </Visited>
    )
  const done = () => {
    setDoing(undefined)
    void refresh()
  }
  const shown = asOf > 0 ? past : entity
  return (
    <Visited
      section="entities"
      testId="entity-view"
      title={
        <h2>
          <KindIcon kind={entity.kind} /> <span>{shown?.name ?? entity.name}</span> <small>{entity.kind}</small>
        </h2>
      }
      tools={asOf === 0 && doing === undefined && <Tools entity={entity} onDo={setDoing} />}
    >
      {doing === 'editing' && <EntityForm entity={entity} onDone={done} />}
      {doing === 'merging' && <MergeForm entity={entity} onDone={() => setDoing(undefined)} />}
      {doing !== 'editing' && (
        <>
          <AsOf changes={changes} asOf={asOf} onChange={setAsOf} />
          <Trouble text={trouble} />
          {shown && <EntityFacts entity={shown} />}
          {shown && <Relations entity={shown} canChange={asOf === 0} onChanged={() => void refresh()} />}
          <History entity={entity} changes={changes} asOf={asOf} onChoose={setAsOf} />
        </>
      )}
    </Visited>
  )
}

/** An entity now, with its history; and as it was, where somebody asks for that. */
function useEntity(id: string, asOf: number) {
  const session = useSession()
  const { rest } = session
  const [entity, setEntity] = useState<EntityRecord | undefined>()
  const [past, setPast] = useState<EntityRecord | undefined>()
  const [changes, setChanges] = useState<readonly ChangeRecord[]>([])
  const [trouble, setTrouble] = useState('')
  const refresh = useCallback(async () => {
    try {
      const found = await getEntity(rest, id)
      if (found.mergedFrom !== '') {
        say(`It was merged into “${found.entity.name}”.`)
        return goInstead('entities', { view: 'entity', id: found.entity.id })
      }
      setEntity(found.entity)
      setChanges(byTime((await listChanges(rest, id)).changes))
      setTrouble('')
    } catch (error) {
      setTrouble(whyNot(error))
    }
    return undefined
  }, [rest, id])
  useEffect(() => void refresh(), [refresh])
  useEffect(() => {
    let current = true
    if (asOf === 0) setTrouble('')
    else
      getEntity(rest, id, asOf).then(
        found => current && (setPast(found.entity), setTrouble('')),
        (error: unknown) => current && (setPast(undefined), setTrouble(whyNot(error))),
      )
    return () => {
      current = false
    }
  }, [rest, id, asOf])
  return { entity, past, changes, trouble, refresh }
}

function Tools({ entity: { id }, onDo }: { readonly entity: EntityRecord; onDo(what: Doing): void }): ReactNode {
  const session = useSession()
  return (
    <>
      <button
        className="icon-button"
        aria-label="What is remembered of it"
        title="What is remembered of it"
        onClick={() => (showEventsOf(session, id), openKnowledge('memory'))}
      >
        <BrainCircuit size={14} />
      </button>
      <button
        className="icon-button"
        aria-label="Edit"
        title="Edit"
        data-testid="edit-entity"
        onClick={() => onDo('editing')}
      >
        <Pencil size={14} />
      </button>
      <button
        className="icon-button"
        aria-label="Merge into another one"
        title="Merge into another one"
        data-testid="merge-entity"
        onClick={() => onDo('merging')}
      >
        <Merge size={14} />
      </button>
      <Sure
        action="Delete it and its history"
        label="Delete the entity"
        testId="delete-entity"
        onSure={async () => {
          await deleteEntity(session.rest, id)
          void loadEntities(session)
          goBack('entities')
        }}
      >
        <Trash2 size={14} />
      </Sure>
    </>
  )
}
