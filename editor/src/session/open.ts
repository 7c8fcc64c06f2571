import { createClient, createRest, indexedDbStore } from '#client/index.ts'
import type { Registry } from '#graph/define.ts'
import { forgetLedger } from '../cost/ledger.ts'
import { forgetChoices } from '../models/catalogue.ts'
import type { Account, Session } from './context.ts'

/** What stands between a visitor and the page. */
export type Gate =
  | { readonly state: 'opening' }
  | { readonly state: 'sign-in'; readonly registration: boolean }
  | { readonly state: 'unreachable'; readonly message: string }
  | { readonly state: 'open'; readonly session: Session }

const ACCOUNT = 'spellmesh.account'

/** Opens a session: of the local account while the instance is unclaimed, else of whoever the cookie says. Never rejects. */
export async function openGate(registry: Registry, restart: () => void): Promise<Gate> {
  let token: { readonly value: string; readonly until: number } | undefined
  const keep = ({ accessToken, expiresInMs }: { accessToken: string; expiresInMs: number }) => {
    token = { value: accessToken, until: Date.now() + expiresInMs - 30_000 }
    return accessToken
  }
  const anonymous = createRest({ baseUrl: location.origin })
  const fresh = async () => (token && token.until > Date.now() ? token.value : keep(await anonymous.refresh()))
  const rest = createRest({ baseUrl: location.origin, token: fresh })
  try {
    const instance = await anonymous.instance()
    let account: Account
    if (!instance.claimed) {
      const local = await anonymous.openLocal()
      keep(local)
      account = local.account
    } else {
      try {
        keep(await anonymous.refresh())
        account = (await rest.me()).account
      } catch (error) {
        if (isRefused(error)) return { state: 'sign-in', registration: instance.registration === 'open' }
        throw error
      }
    }
    localStorage.setItem(ACCOUNT, JSON.stringify(account))
    return {
      state: 'open',
      session: connect({ rest, token: fresh, registry, account, claimed: instance.claimed, restart }),
    }
  } catch (error) {
    // Without the server the page still opens for whoever was here last: drafts and recorded runs are in this browser.
    const account = readAccount()
    if (account)
      return { state: 'open', session: connect({ rest, token: fresh, registry, account, claimed: true, restart }) }
    return { state: 'unreachable', message: error instanceof Error ? error.message : String(error) }
  }
}

function connect(rest: Omit<Session, 'client' | 'journals'>): Session {
  // Who is here now may have other keys.
  forgetChoices()
  forgetLedger()
  const journals = indexedDbStore(`spellmesh-journals-${rest.account.id}`)
  const client = createClient({
    url: location.origin,
    name: 'editor',
    version: '0.1.0',
    authenticate: async () => ({ ticket: (await rest.rest.wsTicket()).ticket }),
    store: journals,
  })
  return { ...rest, client, journals }
}

function isRefused(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'status' in error && (error.status === 401 || error.status === 403)
  )
}

function readAccount(): Account | undefined {
  try {
    return (JSON.parse(localStorage.getItem(ACCOUNT) ?? 'null') as Account | null) ?? undefined
  } catch {
    return undefined
  }
}

/** Forgets who was here last. */
export function forgetAccount(): void {
  localStorage.removeItem(ACCOUNT)
}
