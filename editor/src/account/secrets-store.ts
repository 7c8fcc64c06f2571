import { create } from 'zustand'
import type { RestClient, SecretRecord } from '#client/types.ts'
import { forgetChoices } from '../models/catalogue.ts'

interface SecretsState {
  /** Whether the dialog is open, and the name that it was opened for; empty: none. */
  readonly asked: string | undefined
  /** Undefined: nobody has answered yet. */
  readonly list: readonly SecretRecord[] | undefined
  /** What could not be. */
  readonly trouble: string
}

export const useSecrets = create<SecretsState>(() => ({ asked: undefined, list: undefined, trouble: '' }))

/** Opens the dialog; with a name, to add the secret of that name. */
export function openSecrets(name = ''): void {
  useSecrets.setState({ asked: name, list: undefined, trouble: '' })
}

export function closeSecrets(): void {
  useSecrets.setState({ asked: undefined })
}

export async function loadSecrets(rest: RestClient): Promise<void> {
  try {
    useSecrets.setState({ list: await rest.secrets(), trouble: '' })
  } catch (error) {
    useSecrets.setState({ list: [], trouble: error instanceof Error ? error.message : String(error) })
  }
}

/** Keeps a secret. Rejects where it is refused. */
export async function keepSecret(rest: RestClient, name: string, value: string): Promise<void> {
  await rest.putSecret(name, value)
  // With another key there are other models.
  forgetChoices()
  await loadSecrets(rest)
}

export async function removeSecret(rest: RestClient, name: string): Promise<void> {
  try {
    await rest.deleteSecret(name)
    forgetChoices()
  } catch (error) {
    useSecrets.setState({ trouble: error instanceof Error ? error.message : String(error) })
    return
  }
  await loadSecrets(rest)
}
