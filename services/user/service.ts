import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { unauthenticated } from '#mesh/errors.ts'
import { defineService, migrations } from '#mesh/service.ts'
import type { Call } from '#mesh/service.ts'
import { choice, integer } from '#mesh/settings.ts'
import { createAccounts } from './accounts.ts'
import { newAccountId } from './secrets.ts'
import { createUserStore } from './store.ts'

const SWEEP_MS = 60_000

export default defineService({
  contract: UserServiceDefinition,
  open: [
    'getInstance',
    'register',
    'login',
    'openLocal',
    'refresh',
    'logout',
    'redeemTicket',
    'authenticate',
    'listVersions',
    'keys',
  ],
  settings: {
    REGISTRATION: choice(
      'whether anybody may make an account; empty: only the first one, which claims the instance',
      ['', 'open', 'closed'],
      '',
    ),
    SESSION_HOURS: integer('how long a browser stays signed in, in hours', 720, { min: 1 }),
  },
  uses: {},
  schema: migrations(import.meta.url),
  async start({ settings, database, identities, bus, log, onStop }) {
    const store = createUserStore(database)
    await store.begin(newAccountId())
    const accounts = createAccounts({
      store,
      identities,
      bus,
      registration: settings.REGISTRATION,
      sessionMs: settings.SESSION_HOURS * 3_600_000,
    })
    const sweep = setInterval(
      () => void store.sweep().catch((error: unknown) => log.warn({ error }, 'sweeping sessions failed')),
      SWEEP_MS,
    )
    sweep.unref()
    onStop(() => clearInterval(sweep))
    return {
      getInstance: () => accounts.instance(),
      register: request => accounts.register(request),
      login: ({ email, password }) => accounts.login(email, password),
      openLocal: () => accounts.openLocal(),
      refresh: ({ session }) => accounts.refresh(session),
      async logout({ session }) {
        await accounts.logout(session)
        return { session: '' }
      },
      me: async (_, call) => ({ account: await accounts.me(userOf(call)) }),
      issueTicket: async (_, call) => accounts.issueTicket(userOf(call)),
      redeemTicket: ({ ticket }) => accounts.redeemTicket(ticket),
      authenticate: ({ proof }) => accounts.authenticate(proof),
      listVersions: async ({ userIds }) => ({ versions: await accounts.versions(userIds) }),
      keys: async () => ({ jwks: Buffer.from(JSON.stringify(await identities.jwks())) }),
    }
  },
})

function userOf({ caller }: Call): string {
  if (caller.user === '') throw unauthenticated('this needs a user')
  return caller.user
}
