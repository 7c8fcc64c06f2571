import { Plus, X } from 'lucide-react'
import type { FormEvent, ReactNode } from 'react'
import { useState } from 'react'
import { Trouble } from '../knowledge/parts.tsx'
import type { EntityRecord } from '../knowledge/records.ts'
import { putEntity, whyNot } from '../knowledge/rest.ts'
import { useSession } from '../session/context.ts'
import { fromAttribute, toAttribute } from './changes.ts'
import { loadEntities } from './store.ts'

interface Row {
  readonly key: string
  readonly value: string
}

/** Changes name, aliases, about and attributes. What somebody else changed meanwhile is not overwritten. */
export function EntityForm({ entity, onDone }: { readonly entity: EntityRecord; onDone(): void }): ReactNode {
  const session = useSession()
  const [name, setName] = useState(entity.name)
  const [aliases, setAliases] = useState(entity.aliases.join(', '))
  const [about, setAbout] = useState(entity.about)
  const [rows, setRows] = useState<readonly Row[]>(() =>
    Object.entries(entity.attributes ?? {}).map(([key, value]) => ({ key, value: fromAttribute(value) })),
  )
  const [trouble, setTrouble] = useState('')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const attributes = Object.fromEntries(
      rows.filter(({ key }) => key.trim() !== '').map(({ key, value }) => [key.trim(), toAttribute(value)]),
    )
    const others = aliases.split(',').map(one => one.trim())
    const change = { name: name.trim(), aliases: others.filter(Boolean), about: about.trim(), attributes }
    try {
      await putEntity(session.rest, { id: entity.id, kind: entity.kind, ...change }, entity.version)
      void loadEntities(session)
      onDone()
    } catch (error) {
      setTrouble(whyNot(error))
    }
  }
  return (
    <form
      className="entity-form"
      data-testid="entity-form"
      onSubmit={event => void submit(event)}
      onKeyDown={event => event.key === 'Escape' && (event.preventDefault(), onDone())}
    >
      <label className="field">
        <span>Name</span>
        <input autoFocus required value={name} onChange={event => setName(event.target.value)} />
      </label>
      <label className="field">
        <span>Also called</span>
        <input placeholder="with commas between" value={aliases} onChange={event => setAliases(event.target.value)} />
        {aliases.trim() === '' && entity.aliases.length > 0 && <small>Empty: they stay as they are.</small>}
      </label>
      <label className="field">
        <span>About</span>
        <textarea rows={2} value={about} onChange={event => setAbout(event.target.value)} />
        {about.trim() === '' && entity.about !== '' && <small>Empty: it stays as it is.</small>}
      </label>
      <Attributes rows={rows} onChange={setRows} />
      <Trouble text={trouble} />
      <footer>
        <button type="button" className="button button--small" onClick={onDone}>
          Cancel
        </button>
        <button className="button button--small button--primary" data-testid="save-entity">
          Save
        </button>
      </footer>
    </form>
  )
}

function Attributes({
  rows,
  onChange,
}: {
  readonly rows: readonly Row[]
  onChange(rows: readonly Row[]): void
}): ReactNode {
  const set = (at: number, change: Partial<Row>) =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...change } : row)))
  return (
    <fieldset className="attributes">
      <legend>Attributes</legend>
      {rows.map(({ key, value }, index) => (
        <div key={index}>
          <input aria-label="Attribute" value={key} onChange={event => set(index, { key: event.target.value })} />
          <input
            aria-label={`Value of ${key || 'the attribute'}`}
            value={value}
            onChange={event => set(index, { value: event.target.value })}
          />
          <button
            type="button"
            className="icon-button"
            aria-label={`Remove ${key || 'the attribute'}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            <X size={13} />
          </button>
        </div>
      ))}
      <button
        type="button"
        className="button button--small"
        data-testid="add-attribute"
        onClick={() => onChange([...rows, { key: '', value: '' }])}
      >
        <Plus size={12} aria-hidden="true" /> Attribute
      </button>
    </fieldset>
  )
}
