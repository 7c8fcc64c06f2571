import { Plus, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { Line, Sure } from '../knowledge/parts.tsx'
import type { CollectionRecord } from '../knowledge/records.ts'
import { createCollection, deleteCollection } from '../knowledge/rest.ts'
import { useSession } from '../session/context.ts'
import { countOf } from './jobs.ts'
import { chooseDocuments, loadCollections, useDocuments } from './store.ts'

/** Which collection is shown, searched and sent to. */
export function CollectionBar(): ReactNode {
  const session = useSession()
  const { collections = [], collection } = useDocuments()
  const [isNaming, setNaming] = useState(false)
  const chosen = collections.find(({ name }) => name === collection)
  const all = collections.reduce((sum, { documents }) => sum + documents, 0)
  const choose = (name: string) => chooseDocuments(session, { collection: name })
  return (
    <>
      <div className="collections" role="group" aria-label="Collections" data-testid="collections">
        <Choice name="All" count={all} isChosen={collection === ''} onChoose={() => choose('')} />
        {collections.map(({ name, documents }) => (
          <Choice
            key={name}
            name={name}
            count={documents}
            isChosen={name === collection}
            onChoose={() => choose(name)}
          />
        ))}
        <button
          className="icon-button"
          aria-label="New collection"
          title="New collection"
          aria-expanded={isNaming}
          data-testid="new-collection"
          onClick={() => setNaming(!isNaming)}
        >
          <Plus size={14} />
        </button>
        {chosen && <Remove collection={chosen} />}
      </div>
      {isNaming && <NewCollection onDone={() => setNaming(false)} />}
    </>
  )
}

function Choice({
  name,
  count,
  isChosen,
  onChoose,
}: {
  readonly name: string
  readonly count: number
  readonly isChosen: boolean
  onChoose(): void
}): ReactNode {
  return (
    <button className="collections__one" aria-pressed={isChosen} onClick={onChoose}>
      {name} <small>{count}</small>
    </button>
  )
}

function Remove({ collection }: { readonly collection: CollectionRecord }): ReactNode {
  const session = useSession()
  const { name, documents } = collection
  return (
    <Sure
      action={documents > 0 ? `Delete it and ${countOf(documents, 'document')}` : 'Delete it'}
      label={`Delete the collection “${name}”`}
      testId="delete-collection"
      onSure={async () => {
        await deleteCollection(session.rest, name)
        chooseDocuments(session, { collection: '' })
        await loadCollections(session)
      }}
    >
      <Trash2 size={13} />
    </Sure>
  )
}

function NewCollection({ onDone }: { onDone(): void }): ReactNode {
  const session = useSession()
  const [name, setName] = useState('')
  const make = async () => {
    await createCollection(session.rest, name.trim())
    await loadCollections(session)
    chooseDocuments(session, { collection: name.trim() })
  }
  return (
    <Line action="Make it" isReady={name.trim() !== ''} onSubmit={make} onLeave={onDone}>
      <input
        autoFocus
        placeholder="Name, e.g. contracts"
        aria-label="Name of the collection"
        data-testid="collection-name"
        maxLength={63}
        value={name}
        onChange={event => setName(event.target.value)}
      />
    </Line>
  )
}
