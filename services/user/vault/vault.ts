import type { Bus } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import { denied, exhausted, invalid, notFound, precondition, unauthenticated } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Identities } from '#mesh/identity.ts'
import type { Log } from '#mesh/log.ts'
import type { Call } from '#mesh/service.ts'
import { newKeyBytes, readKeys, rewrap, seal, toInstanceKey, unseal } from './envelope.ts'
import type { InstanceKey } from './envelope.ts'
import type { SealedRow, SecretRow, SecretStore } from './store.ts'

/** Secrets of users: put by people, given to the services that work for a run of theirs. */
export interface Vault {
  list(user: string): Promise<SecretRow[]>
  put(user: string, given: { readonly name: string; readonly value: string }): Promise<SecretRow>
  remove(user: string, name: string): Promise<void>
  resolve(call: Pick<Call, 'caller' | 'metadata'>, names: readonly string[]): Promise<Record<string, string>>
  /** Brings all values under the key that encrypts now. */
  rotate(signal: AbortSignal): Promise<void>
}

export interface VaultOptions {
  readonly store: SecretStore
  readonly identities: Pick<Identities, 'verify'>
  readonly bus: Pick<Bus, 'publish'>
  readonly log: Log
  /** `SECRETS_KEY`. */
  readonly keys: string
}

const NAME = /^[A-Z][A-Z0-9_]{0,63}$/
const LONGEST = 8_192
const MOST = 100
const BATCH = 200

export async function openVault({ store, identities, bus, log, keys }: VaultOptions): Promise<Vault> {
  const ring = await openKeyRing(store, log, readKeys(keys))
  const changed = (user: string) => bus.publish(subject('sys.v1.secret', user), new Uint8Array())
  return {
    list: user => store.list(user),
    async put(account, { name, value }) {
      refuse([...problemsOfName('name', name), ...problemsOfValue(value)])
      const row = await store.put({ account, name, ...seal(value, await ring.first(), { account, name }) }, MOST)
      if (row === 'gone') throw unauthenticated('the account is gone: sign in')
      if (row === 'full') throw exhausted(`at most ${MOST} secrets can be kept: delete one that is not needed`)
      changed(account)
      return row
    },
    async remove(account, name) {
      refuse(problemsOfName('name', name))
      if (!(await store.remove({ account, name }))) throw notFound(`there is no secret "${name}"`)
      changed(account)
    },
    async resolve(call, names) {
      const user = await checkRun(call, identities)
      if (names.length > MOST) throw invalid(`expected at most ${MOST} names, got ${names.length}`)
      refuse(names.flatMap((name, index) => problemsOfName(`names[${index}]`, name)))
      const rows = await store.read(user, [...new Set(names)])
      const opened: [string, string][] = []
      for (const row of rows) opened.push([row.name, await open(row, ring, store)])
      if (rows.length > 0) await store.used(user, [...new Set(names)])
      return Object.fromEntries(opened)
    },
    rotate: signal => rotate(ring, store, log, signal),
  }
}

interface KeyRing {
  /** The key that encrypts. */
  first(): Promise<InstanceKey>
  find(id: string): Promise<InstanceKey | undefined>
}

/** The keys of the setting; where it has none, one that is made once and kept in the database. */
async function openKeyRing(store: SecretStore, log: Log, given: readonly InstanceKey[]): Promise<KeyRing> {
  const warn = () =>
    log.warn({}, 'SECRETS_KEY is not set: the key of all users’ secrets lies in the database beside them')
  const kept = async () => {
    const bytes = await store.instanceKey()
    return bytes && toInstanceKey(bytes)
  }
  const [chosen] = given
  if (chosen) {
    return {
      first: async () => chosen,
      find: async id => given.find(key => key.id === id) ?? matching(await kept(), id),
    }
  }
  let own = await kept()
  if (own) warn()
  return {
    async first() {
      if (own) return own
      own = toInstanceKey(await store.keepInstanceKey(newKeyBytes()))
      warn()
      return own
    },
    // Another process may have made it.
    find: async id => matching(own ?? (own = await kept()), id),
  }
}

const matching = (key: InstanceKey | undefined, id: string) => (key?.id === id ? key : undefined)

/** The user for whom a service asks. Throws PERMISSION_DENIED unless it proves a run of that user. */
async function checkRun(
  { caller, metadata }: Pick<Call, 'caller' | 'metadata'>,
  identities: Pick<Identities, 'verify'>,
) {
  if (caller.user === '' || caller.service === '' || caller.service === 'edge')
    throw denied('secrets are for services that work for a run of a user')
  const capability = metadata.get('capability') ?? ''
  if (capability === '') throw denied('secrets are for nodes of a run: expected its capability')
  const { user, claims } = await identities.verify(capability, 'secrets').catch((cause: unknown) => {
    throw denied('the capability is not valid or has expired', { cause })
  })
  if (user !== caller.user) throw denied('the capability is another user’s')
  const { run } = claims
  if (typeof run !== 'string' || run === '') throw denied('the capability is no run’s')
  return user
}

/** The value of a row. Under an older key: it is brought under the one that encrypts now. */
async function open(row: SealedRow, ring: KeyRing, store: SecretStore): Promise<string> {
  const key = await ring.find(row.keyId)
  if (!key) throw precondition(`the secret "${row.name}" is kept under a key that is not in SECRETS_KEY: put it again`)
  const value = unseal(row, key, row)
  if (value === undefined) throw precondition(`the secret "${row.name}" was damaged in the database: put it again`)
  await renew(row, key, await ring.first(), store)
  return value
}

async function renew(row: SealedRow, from: InstanceKey, to: InstanceKey, store: SecretStore): Promise<boolean> {
  const renewed = from.id === to.id ? undefined : rewrap(row, from, to, row)
  if (renewed) await store.replace(row, renewed)
  return renewed !== undefined
}

async function rotate(ring: KeyRing, store: SecretStore, log: Log, signal: AbortSignal): Promise<void> {
  let after: SealedRow | undefined
  let renewed = 0
  let lost = 0
  // Where no key was ever made there is nothing under another.
  if ((await store.under('', undefined, 1)).length === 0) return
  const to = await ring.first()
  for (;;) {
    const rows = await store.under(to.id, after, BATCH)
    for (const row of rows) {
      const from = await ring.find(row.keyId)
      if (from && (await renew(row, from, to, store))) renewed++
      else lost++
    }
    after = rows.at(-1)
    if (rows.length < BATCH || signal.aborted) break
  }
  if (renewed > 0) log.info({ renewed }, 'brought secrets under the first key of SECRETS_KEY')
  if (lost > 0) log.error({ lost }, 'there are secrets under a key that is not in SECRETS_KEY: nobody can read them')
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw invalid(problems)
}

/** What is given is not quoted: people take the one field for the other. */
function problemsOfName(path: string, name: string): Problem[] {
  if (NAME.test(name)) return []
  const got = name.length > 64 ? `, got ${name.length}` : ''
  const message = `expected capital letters, digits and "_", a letter first, at most 64 characters${got}, e.g. OPENAI_API_KEY`
  return [{ path, message }]
}

function problemsOfValue(value: string): Problem[] {
  const problems: Problem[] = []
  const add = (message: string) => problems.push({ path: 'value', message })
  if (value.length === 0 || value.length > LONGEST) add(`expected 1 to ${LONGEST} characters, got ${value.length}`)
  if (value !== value.trim()) add('must not begin or end with white space')
  if (!value.isWellFormed()) add('is not well-formed Unicode')
  return problems
}
