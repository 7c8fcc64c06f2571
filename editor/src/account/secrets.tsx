import { KeyRound, Trash2 } from 'lucide-react'
import type { FormEvent, ReactNode } from 'react'
import { useEffect, useId, useRef, useState } from 'react'
import type { SecretRecord } from '#client/types.ts'
import { loadChoices, useChoices } from '../models/catalogue.ts'
import { useSession } from '../session/context.ts'
import { agoInWords } from './ago.ts'
import { problemsOf } from './form.tsx'
import { closeSecrets, keepSecret, loadSecrets, openSecrets, removeSecret, useSecrets } from './secrets-store.ts'
import './secrets.css'

/** Opens the dialog. */
export function SecretsButton(): ReactNode {
  return (
    <button
      className="icon-button"
      aria-label="Secrets"
      title="Secrets: your keys of model providers"
      data-testid="open-secrets"
      onClick={() => openSecrets()}
    >
      <KeyRound size={15} />
    </button>
  )
}

/** The keys that a user's runs may use: their names, never their values. One in the page. */
export function Secrets(): ReactNode {
  const asked = useSecrets(state => state.asked)
  return asked === undefined ? null : <Dialog key={asked} asked={asked} />
}

function Dialog({ asked }: { readonly asked: string }): ReactNode {
  const { rest } = useSession()
  const { list, trouble } = useSecrets()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    void loadSecrets(rest)
  }, [rest])
  return (
    <dialog
      ref={dialog}
      className="dialog secrets"
      onClose={closeSecrets}
      aria-labelledby="secrets-title"
      data-testid="secrets"
    >
      <h2 id="secrets-title">Secrets</h2>
      <p>
        Keys of model providers and other services. Your runs use them; they are kept encrypted, and nobody is shown one
        again.
      </p>
      {trouble && (
        <p className="account-form__problem" role="alert">
          {trouble}
        </p>
      )}
      {list && list.length > 0 && (
        <ul className="secrets__list">
          {list.map(secret => (
            <Row key={secret.name} secret={secret} />
          ))}
        </ul>
      )}
      {list?.length === 0 && !trouble && <p className="secrets__none">None is kept yet.</p>}
      <Add key={list?.length ?? -1} asked={asked} list={list ?? []} />
    </dialog>
  )
}

function Row({ secret: { name, updatedAt, usedAt } }: { readonly secret: SecretRecord }): ReactNode {
  const { rest } = useSession()
  const [isSure, setSure] = useState(false)
  return (
    <li data-testid={`secret-${name}`}>
      <code>{name}</code>
      <small>
        changed {agoInWords(updatedAt)} · {usedAt > 0 ? `used ${agoInWords(usedAt)}` : 'not used yet'}
      </small>
      {isSure ? (
        <span className="secrets__sure">
          <button
            className="button button--small secrets__delete"
            data-testid={`delete-${name}`}
            autoFocus
            onClick={() => void removeSecret(rest, name)}
          >
            Delete
          </button>
          <button className="button button--small" onClick={() => setSure(false)}>
            Keep
          </button>
        </span>
      ) : (
        <button className="icon-button" aria-label={`Delete ${name}`} title="Delete" onClick={() => setSure(true)}>
          <Trash2 size={14} />
        </button>
      )}
    </li>
  )
}

const FIELDS = [{ name: 'name' }, { name: 'value' }]

function Add({ asked, list }: { readonly asked: string; readonly list: readonly SecretRecord[] }): ReactNode {
  const { rest } = useSession()
  const names = useId()
  const known = useKnownNames()
  const isKept = list.some(one => one.name === asked)
  const [name, setName] = useState(isKept ? '' : asked)
  const [problems, setProblems] = useState<Record<string, string>>({})
  const [isBusy, setBusy] = useState(false)
  const value = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (name !== '') value.current?.focus()
  }, [])
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblems({})
    try {
      await keepSecret(rest, name, value.current?.value ?? '')
    } catch (error) {
      setProblems(problemsOf(error, FIELDS))
      setBusy(false)
    }
  }
  const about = known.find(one => one.secret === name)
  return (
    <form className="secrets__add" onSubmit={event => void submit(event)} noValidate>
      <label className="field">
        <span>Name</span>
        <input
          className="mono"
          list={names}
          data-testid="secret-name"
          placeholder="OPENAI_API_KEY"
          autoComplete="off"
          spellCheck={false}
          value={name}
          aria-invalid={problems['name'] !== undefined}
          onChange={event => setName(event.target.value.toUpperCase().replaceAll(/[\s-]/g, '_'))}
        />
        <datalist id={names}>
          {known.map(({ secret, title }) => (
            <option key={secret} value={secret} label={title} />
          ))}
        </datalist>
        {problems['name'] ? <em role="alert">{problems['name']}</em> : about && <small>{withLinks(about.about)}</small>}
      </label>
      <label className="field">
        <span>Value</span>
        <input
          ref={value}
          type="password"
          data-testid="secret-value"
          autoComplete="new-password"
          spellCheck={false}
          aria-invalid={problems['value'] !== undefined}
        />
        {problems['value'] && <em role="alert">{problems['value']}</em>}
      </label>
      {problems[''] && (
        <p className="account-form__problem" role="alert">
          {problems['']}
        </p>
      )}
      <footer>
        <button type="button" className="button" onClick={closeSecrets}>
          Close
        </button>
        <button type="submit" className="button button--primary" data-testid="keep-secret" disabled={isBusy}>
          {list.some(one => one.name === name) ? 'Replace' : 'Add'}
        </button>
      </footer>
    </form>
  )
}

/** A text with its addresses as links. */
function withLinks(text: string): ReactNode {
  return text.split(/(https:\/\/[^\s,)]+)/).map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <a key={index} href={part} target="_blank" rel="noreferrer noopener">
        {part.slice('https://'.length)}
      </a>
    ),
  )
}

/** Of the providers of models, one for each name. */
function useKnownNames(): readonly { readonly secret: string; readonly title: string; readonly about: string }[] {
  const { rest } = useSession()
  const choices = useChoices('model')
  useEffect(() => {
    if (choices === undefined) void loadChoices(rest, 'model')
  }, [rest, choices])
  const providers = choices === undefined || choices === 'away' ? [] : choices.providers
  return providers.filter(
    ({ secret }, index) => secret !== '' && providers.findIndex(one => one.secret === secret) === index,
  )
}
