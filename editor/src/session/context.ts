import { createContext, useContext } from 'react'
import type { JournalStore, RestClient, SpellmeshClient } from '#client/types.ts'
import type { Registry } from '#graph/define.ts'

/** An account, as its owner sees it. */
export interface Account {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
}

/** What the signed-in page works with. */
export interface Session {
  readonly rest: RestClient
  /** An access token, for what does not go through `rest`: uploads with progress, streams. */
  token(): Promise<string>
  readonly client: SpellmeshClient
  /** Runs that this browser has kept, for replay without the server. */
  readonly journals: JournalStore
  readonly registry: Registry
  readonly account: Account
  /** Whether the instance has an owner with a password. */
  readonly claimed: boolean
  /** Makes the page start over with whoever is signed in now. */
  restart(): void
}

export const SessionContext = createContext<Session | undefined>(undefined)

/** The session of the signed-in page. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('useSession outside of SessionGate')
  return session
}
