import type { FormEvent, ReactNode } from 'react'
import { useState } from 'react'

/** A field of {@link AccountForm}. */
export interface AccountField {
  readonly name: string
  readonly label: string
  readonly type: 'email' | 'password' | 'text'
  readonly autoComplete: string
  readonly hint?: string
}
export const EMAIL: AccountField = { name: 'email', label: 'E-mail', type: 'email', autoComplete: 'username' }
export const NAME: AccountField = { name: 'name', label: 'Name', type: 'text', autoComplete: 'name' }
export const PASSWORD: AccountField = {
  name: 'password',
  label: 'Password',
  type: 'password',
  autoComplete: 'current-password',
}
export const NEW_PASSWORD: AccountField = { ...PASSWORD, autoComplete: 'new-password', hint: 'At least 8 characters.' }

/** A form whose refusals stand at the fields they are about. What was typed stays. */
export function AccountForm({
  fields,
  action,
  onSubmit,
  children,
}: {
  readonly fields: readonly AccountField[]
  readonly action: string
  onSubmit(values: Record<string, string>): Promise<void>
  readonly children?: ReactNode
}): ReactNode {
  const [busy, setBusy] = useState(false)
  const [problems, setProblems] = useState<Record<string, string>>({})
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const values = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, typeof value === 'string' ? value : '']),
    )
    setBusy(true)
    setProblems({})
    try {
      await onSubmit(values)
    } catch (error) {
      setProblems(problemsOf(error, fields))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="account-form" onSubmit={event => void submit(event)} noValidate>
      {fields.map(field => (
        <label key={field.name} className="field">
          <span>{field.label}</span>
          <input
            name={field.name}
            type={field.type}
            autoComplete={field.autoComplete}
            aria-invalid={problems[field.name] !== undefined}
          />
          {problems[field.name] ? (
            <em role="alert">{problems[field.name]}</em>
          ) : (
            field.hint && <small>{field.hint}</small>
          )}
        </label>
      ))}
      {problems[''] && (
        <p className="account-form__problem" role="alert">
          {problems['']}
        </p>
      )}
      <footer>
        {children}
        <button type="submit" className="button button--primary" disabled={busy}>
          {action}
        </button>
      </footer>
    </form>
  )
}

/** Problems by field; under the empty name what concerns none. */
export function problemsOf(error: unknown, fields: readonly { readonly name: string }[]): Record<string, string> {
  const listed =
    typeof error === 'object' && error !== null && 'problems' in error && Array.isArray(error.problems)
      ? (error.problems as { path: string; message: string }[])
      : []
  const byField = Object.fromEntries(
    listed.filter(({ path }) => fields.some(field => field.name === path)).map(({ path, message }) => [path, message]),
  )
  return Object.keys(byField).length > 0 ? byField : { '': error instanceof Error ? error.message : String(error) }
}
