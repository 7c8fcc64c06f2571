import { Plus, X } from 'lucide-react'
import type { FormEvent, ReactNode } from 'react'
import { useId, useState } from 'react'
import type { SpellDocument, StateDeclaration, StateScope } from '#graph/document.ts'
import { edit } from '../document/store.ts'
import { JsonField } from './form.tsx'

const SCOPES: readonly (readonly [scope: StateScope, words: string])[] = [
  ['run', 'each run has its own'],
  ['session', 'kept while this page is open'],
  ['spell', 'kept for good'],
]

/** The keys of a spell's state: where each is kept, and what it is at first. */
export function StateFields({ tab, document }: { readonly tab: string; readonly document: SpellDocument }): ReactNode {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState('')
  const change = (key: string, declaration: StateDeclaration | undefined) =>
    edit(tab, 'Change state', one => {
      const { [key]: _, ...rest } = one.state
      return { ...one, state: declaration ? { ...one.state, [key]: declaration } : rest }
    })
  const add = (event: FormEvent) => {
    event.preventDefault()
    const key = name.trim()
    if (key === '') return
    if (key === '__proto__' || Object.hasOwn(document.state, key)) return setProblem(`“${key}” is there already`)
    change(key, { scope: 'run' })
    setName('')
  }
  return (
    <>
      <h3>State</h3>
      {Object.entries(document.state).map(([key, declaration]) => (
        <Key key={key} name={key} declaration={declaration} onChange={next => change(key, next)} />
      ))}
      <form className="state-add" onSubmit={add}>
        <input
          type="text"
          aria-label="New key of the state"
          placeholder="new key"
          value={name}
          onChange={event => (setName(event.target.value), setProblem(''))}
        />
        <button className="button button--small" disabled={name.trim() === ''}>
          <Plus size={13} aria-hidden="true" /> Add
        </button>
      </form>
      {problem && (
        <em className="wait__problem" role="alert">
          {problem}
        </em>
      )}
      <p className="inspector__none">A key that is not named here is kept for good, and begins with nothing.</p>
    </>
  )
}

function Key({
  name,
  declaration,
  onChange,
}: {
  readonly name: string
  readonly declaration: StateDeclaration
  onChange(next: StateDeclaration | undefined): void
}): ReactNode {
  const initial = useId()
  const { scope = 'spell' } = declaration
  return (
    <div className="state-key" data-testid={`state-${name}`}>
      <header>
        <code>{name}</code>
        <select
          aria-label={`Where ${name} is kept`}
          title={SCOPES.find(([one]) => one === scope)?.[1]}
          value={scope}
          onChange={event => onChange({ ...declaration, scope: event.target.value as StateScope })}
        >
          {SCOPES.map(([one, words]) => (
            <option key={one} value={one} title={words}>
              {one}
            </option>
          ))}
        </select>
        <button className="icon-button" aria-label={`Remove ${name}`} onClick={() => onChange(undefined)}>
          <X size={13} />
        </button>
      </header>
      <div className="setting">
        <label htmlFor={initial} className="visually-hidden">
          First value of {name}
        </label>
        <JsonField
          id={initial}
          value={declaration.initial}
          placeholder="no first value"
          onChange={value => {
            const { initial: _, ...rest } = declaration
            onChange(value === undefined ? rest : { ...rest, initial: value })
          }}
        />
      </div>
    </div>
  )
}
