import type { Bus } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import { denied, exists, invalid, precondition, unauthenticated } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Identities } from '#mesh/identity.ts'
import { hashPassword, isPassword } from './passwords.ts'
import { hashSecret, newAccountId, newSecret } from './secrets.ts'
import type { AccountRow, Grant, UserStore } from './store.ts'
import { createBearerStrategy, createPasswordStrategy } from './strategies.ts'

/** A signed-in account, and what its owner gets. */
export interface SignedIn {
  readonly account: { readonly id: string; readonly email: string; readonly name: string; readonly role: string }
  readonly accessToken: string
  readonly expiresInMs: number
  readonly session: string
}

export interface AccountsOptions {
  readonly store: UserStore
  readonly identities: Identities
  readonly bus: Bus
  readonly registration: '' | 'open' | 'closed'
  readonly sessionMs: number
}

const TOKEN_MS = 10 * 60_000
const TICKET_MS = 30_000

/** Accounts of this instance and everything that proves who a caller is. */
export function createAccounts(options: AccountsOptions) {
  const { store } = options
  const signing = createSigning(options)
  return {
    ...createRegistration(options, signing),
    ...createProofs(options),
    async login(email: string, password: string): Promise<SignedIn> {
      const account = await signing.byPassword({ body: { email, password } })
      if (!account) throw unauthenticated('the e-mail or the password is wrong')
      return signing.signIn(account)
    },
    async openLocal(): Promise<SignedIn> {
      const account = await store.localAccount()
      if (!account) throw precondition('this instance is claimed: sign in')
      return signing.signIn(account)
    },
    async refresh(session: string) {
      const grant = session === '' ? undefined : await store.session(hashSecret(session))
      const account = grant && (await store.account(grant.account))
      if (!account) throw unauthenticated('the session has ended: sign in')
      return { accessToken: await signing.tokenFor(account), expiresInMs: TOKEN_MS }
    },
    async logout(session: string): Promise<void> {
      const ended = session === '' ? undefined : await store.endSession(hashSecret(session))
      if (!ended) return
      // Access tokens of the session live on their own: only a new version ends them, and its sockets.
      const version = await store.revoke(ended.account)
      if (version !== undefined) signing.announce(ended.account, version)
    },
    versions: (users: readonly string[]) => store.versions(users),
    async me(user: string) {
      const account = await store.account(user)
      if (!account) throw gone()
      return toAccount(account)
    },
  }
}

type Signing = ReturnType<typeof createSigning>

/** Gives sessions and access tokens. */
function createSigning({ store, identities, bus, sessionMs }: AccountsOptions) {
  const tokenFor = ({ id, version }: AccountRow) =>
    identities.sign({ user: id, service: 'edge' }, { audience: 'access', lifeMs: TOKEN_MS, claims: { ver: version } })
  return {
    tokenFor,
    byPassword: createPasswordStrategy<AccountRow>(async (email, password) => {
      const account = await store.accountByEmail(email)
      return (await isPassword(account?.password, password)) ? account : undefined
    }),
    async signIn(account: AccountRow): Promise<SignedIn> {
      const session = newSecret()
      await store.putSession(hashSecret(session), account, sessionMs)
      return { account: toAccount(account), accessToken: await tokenFor(account), expiresInMs: TOKEN_MS, session }
    },
    /** Ends what an account's earlier version still holds open. */
    announce: (account: string, version: number) =>
      bus.publish(subject('sys.v1.revoke', account), Buffer.from(JSON.stringify({ version }))),
  }
}

function createRegistration({ store, registration }: AccountsOptions, { signIn, announce }: Signing) {
  const isOpen = (claimed: boolean) => (registration === '' ? !claimed : registration === 'open')
  return {
    async instance() {
      const claimed = await store.isClaimed()
      return { claimed, registration: isOpen(claimed) ? 'open' : 'closed' }
    },
    async register(given: Registration): Promise<SignedIn> {
      const { email, password, name } = readRegistration(given)
      const claimed = await store.isClaimed()
      // The first account is always welcome: it claims the instance.
      if (claimed && !isOpen(claimed)) throw denied('registration is closed on this instance')
      const hashed = await hashPassword(password)
      const owner = claimed ? undefined : await store.claim({ email, name, password: hashed })
      if (owner) {
        announce(owner.id, owner.version)
        return signIn(owner)
      }
      if (!isOpen(true)) throw denied('registration is closed on this instance')
      const account = await store.add({ id: newAccountId(), email, name, role: 'member', password: hashed })
      if (!account) throw exists(`there is already an account for "${email}"`)
      return signIn(account)
    },
  }
}

/** What proves who a caller is: tickets, sessions, access tokens. */
function createProofs({ store, identities, sessionMs }: AccountsOptions) {
  const byToken = createBearerStrategy<Grant>(async token => {
    const { user, claims } = await identities.verify(token, 'access')
    const version = Number(claims['ver'])
    const account = await store.account(user)
    return account?.version === version
      ? { account: user, version, expires_at: Number(claims['exp']) * 1000 }
      : undefined
  })
  return {
    async issueTicket(user: string) {
      const account = await store.account(user)
      if (!account) throw gone()
      const ticket = newSecret()
      await store.putTicket(hashSecret(ticket), account, Date.now() + sessionMs, TICKET_MS)
      return { ticket, expiresInMs: TICKET_MS }
    },
    async redeemTicket(ticket: string) {
      const grant = await store.takeTicket(hashSecret(ticket))
      if (!grant) throw unauthenticated('the ticket is unknown, used or expired')
      return toAnswer(grant)
    },
    async authenticate(proof: { $case: 'session' | 'accessToken'; value: string } | undefined) {
      const grant =
        proof?.$case === 'session'
          ? await store.session(hashSecret(proof.value))
          : proof && (await byToken({ headers: { authorization: `Bearer ${proof.value}` } }))
      if (grant) return toAnswer(grant)
      throw unauthenticated(
        proof?.$case === 'accessToken' ? 'the access token is not valid' : 'the session has ended: sign in',
      )
    },
  }
}

function gone() {
  return unauthenticated('the account is gone: sign in')
}

interface Registration {
  readonly email: string
  readonly password: string
  readonly name: string
}

function readRegistration({ email, password, name }: Registration): Registration {
  const problems: Problem[] = []
  const trimmed = email.trim()
  if (!/^[^\s@]+@[^\s@]+$/.test(trimmed) || trimmed.length > 254)
    problems.push({ path: 'email', message: `"${trimmed}" is not an e-mail address` })
  if (password.length < 8 || password.length > 256)
    problems.push({ path: 'password', message: `expected 8 to 256 characters, got ${password.length}` })
  if (name.trim() === '' || name.length > 200)
    problems.push({ path: 'name', message: name.length > 200 ? 'is longer than 200 characters' : 'must not be empty' })
  if (problems.length > 0) throw invalid(problems)
  return { email: trimmed, password, name: name.trim() }
}

function toAccount({ id, email, name, role }: AccountRow) {
  return { id, email, name, role }
}

function toAnswer({ account, version, expires_at }: Grant) {
  return { userId: account, version, sessionExpiresAt: Number(expires_at) }
}
