import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { unauthenticated } from '#mesh/errors.ts'
import { defineService, migrations } from '#mesh/service.ts'
import type { Call } from '#mesh/service.ts'
import { choice, integer } from '#mesh/settings.ts'
import { createAccounts } from './accounts.ts'
import { newAccountId } from './secrets.ts'
import { keysSetting } from './vault/envelope.ts'
import { createSecretStore } from './vault/store.ts'
import { createUserStore } from './store.ts'
import { openVault } from './vault/vault.ts'

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
    SECRETS_KEY: keysSetting(
      'key of all users’ secrets: base64 of 32 bytes; several with commas between: the first encrypts, all decrypt. None: one that is kept in the database',
    ),
  },
  uses: {},
  schema: migrations(import.meta.url),
  async start({ settings, database, identities, bus, log, draining, onStop }) {
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
    const vault = await openVault({
      store: createSecretStore(database),
      identities,
      bus,
      log,
      keys: settings.SECRETS_KEY,
    })
    const rotated = vault
      .rotate(draining)
      .catch((error: unknown) => log.warn({ error }, 'bringing secrets under the present key failed'))
    onStop(() => rotated)
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
      listSecrets: async (_, call) => ({ secrets: await vault.list(userOf(call)) }),
      putSecret: async (request, call) => ({ secret: await vault.put(userOf(call), request) }),
      async deleteSecret({ name }, call) {
        await vault.remove(userOf(call), name)
        return {}
      },
      resolveSecrets: async ({ names }, call) => ({ values: await vault.resolve(call, names) }),
      keys: async () => ({ jwks: Buffer.from(JSON.stringify(await identities.jwks())) }),
    }
  },
})

function userOf({ caller }: Call): string {
  if (caller.user === '') throw unauthenticated('this needs a user')
  return caller.user
}
