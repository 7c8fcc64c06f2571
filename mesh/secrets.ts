import { LRUCache } from 'lru-cache'
import type { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import type { Bus } from './bus.ts'
import { isCoded, unavailable } from './errors.ts'
import type { Call, Client } from './service.ts'

/** The secrets of users, as a service reads them for a call that it answers. */
export interface Secrets {
  /** Those of the call's user. They open for calls of a running node only: the call's metadata `capability` proves the run. */
  of(call: Pick<Call, 'caller' | 'metadata'>): SecretsOfCall
  /** The names that the call's user keeps; none for nobody. Needs no running node. Rejects with UNAVAILABLE where they cannot be read now. */
  names(call: Pick<Call, 'caller'>): Promise<ReadonlySet<string>>
}

/** The secrets of one call's user. */
export interface SecretsOfCall {
  /** The value; undefined: there is none, or the call is nobody's or no running node's. Rejects with UNAVAILABLE where it cannot be read now, and as `user.ResolveSecrets` does. */
  get(name: string): Promise<string | undefined>
}

export interface SecretsOptions {
  /** Who asks: the service's own name. */
  readonly service: string
  readonly user: Pick<Client<UserServiceDefinition>, 'resolveSecrets' | 'listSecrets'>
  readonly bus: Pick<Bus, 'subscribe' | 'onGap'>
  /** How long an answer is good. What changes meanwhile is told by the bus. Absent: 30 s. */
  readonly keepMs?: number
}

const KEEP_MS = 30_000
const MOST = 10_000
/** `sys.v1.secret.<user>`: a secret of this user was put or deleted. */
const CHANGED = 'sys.v1.secret.'

/** Reads secrets through the user service. An answer is kept for a while for the user, and for values the capability, that it was given to; who asks for the same at once shares one call. */
export function createSecrets({ service, user, bus, keepMs = KEEP_MS }: SecretsOptions): Secrets {
  const values = createMemory<string | undefined>(keepMs)
  const names = createMemory<ReadonlySet<string>>(keepMs)
  bus.subscribe(`${CHANGED}*`, ({ subject }) => {
    const changed = subject.slice(CHANGED.length)
    for (const memory of [values, names]) memory.forget(changed)
  })
  bus.onGap(() => {
    for (const memory of [values, names]) memory.forgetAll()
  })
  return {
    of: ({ caller, metadata }) => ({
      async get(name) {
        const capability = metadata.get('capability') ?? ''
        if (caller.user === '' || capability === '') return undefined
        return values.recall(caller.user, `${capability} ${name}`, async () => {
          const asking = { caller: { user: caller.user, service }, metadata: { capability } }
          const answer = await explained(`the secret "${name}"`, user.resolveSecrets({ names: [name] }, asking))
          return Object.hasOwn(answer.values, name) ? answer.values[name] : undefined
        })
      },
    }),
    async names({ caller }) {
      if (caller.user === '') return new Set()
      return names.recall(caller.user, '', async () => {
        const asking = { caller: { user: caller.user, service } }
        const { secrets } = await explained('the names of your secrets', user.listSecrets({}, asking))
        return new Set(secrets.map(({ name }) => name))
      })
    },
  }
}

/** Says what could not be read where the user service does not answer. */
async function explained<T>(what: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!isCoded(error, 'UNAVAILABLE') && !isCoded(error, 'DEADLINE_EXCEEDED')) throw error
    throw unavailable(`${what} cannot be read now: ${error.message}`, { cause: error })
  }
}

interface Memory<T> {
  recall(user: string, key: string, read: () => Promise<T>): Promise<T>
  forget(user: string): void
  forgetAll(): void
}

/** Answers by user and key, for a while. What is being read counts as read, failures do not. */
function createMemory<T>(keepMs: number): Memory<T> {
  // Values leave the memory in time, not only when they are looked for.
  const users = new LRUCache<string, Map<string, Promise<T>>>({ max: MOST, ttl: keepMs, ttlAutopurge: true })
  return {
    recall(user, key, read) {
      let known = users.get(user)
      if (!known) users.set(user, (known = new Map()))
      const found = known.get(key)
      if (found) return found
      const of = known
      const reading = read()
      of.set(key, reading)
      reading.catch(() => of.get(key) === reading && of.delete(key))
      return reading
    },
    forget: user => void users.delete(user),
    forgetAll: () => users.clear(),
  }
}
