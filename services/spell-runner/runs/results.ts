import { createHash } from 'node:crypto'
import type { KnownEnd, ResultStore } from '#graph/known.ts'
import type { Log } from '#mesh/log.ts'
import type { RunnerEnvironment } from '../runner.ts'

type Cache = Pick<RunnerEnvironment['services']['cache'], 'get' | 'set'>

/** What a result that is kept in parts has in its place. */
interface Parts {
  /** Where they are, in order. */
  readonly parts: readonly string[]
}

const NAMESPACE = 'results'
const KEPT_MS = 30 * 86_400_000
/** The cache takes no value as large as some outputs are. */
const PART_BYTES = 512 * 1024
/** A node waits so long for what may spare it its work. */
const LOOK_UP_MS = 1_000
const STORE_MS = 10_000
/** After the cache was away, nodes do without it for so long. */
const REST_MS = 5_000

/** Results of nodes with `reuse`, each user's own, kept in the cache. What cannot be read is not there; what cannot be kept is made again. */
export function createResults(cache: Cache, log: Log): (user: string) => ResultStore {
  let restsUntil = -Infinity
  const failed = (error: unknown, what: string) => {
    restsUntil = performance.now() + REST_MS
    log.warn({ error }, what)
  }
  return user => {
    const values = createValuesOf(cache, user)
    return {
      async get(key) {
        if (performance.now() < restsUntil) return undefined
        try {
          return await read(values, hashOf(key))
        } catch (error) {
          failed(error, 'results of nodes cannot be looked up: nodes work anew')
          return undefined
        }
      },
      put(key, end) {
        if (performance.now() < restsUntil) return
        write(values, hashOf(key), end).catch((error: unknown) => failed(error, 'a result is not kept for re-use'))
      },
    }
  }
}

const hashOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('base64url')

type ValuesOf = ReturnType<typeof createValuesOf>

/** What a user keeps there. */
function createValuesOf(cache: Cache, user: string) {
  const caller = { user, service: 'spell-runner' }
  return {
    async get(key: string): Promise<Uint8Array | undefined> {
      const signal = AbortSignal.timeout(LOOK_UP_MS)
      return (await cache.get({ namespace: NAMESPACE, key }, { caller, signal })).value
    },
    async set(key: string, value: Uint8Array): Promise<void> {
      const signal = AbortSignal.timeout(STORE_MS)
      await cache.set({ namespace: NAMESPACE, key, value, ttlMs: KEPT_MS }, { caller, signal })
    },
  }
}

async function read(values: ValuesOf, key: string): Promise<KnownEnd | undefined> {
  const value = await values.get(key)
  if (!value) return undefined
  const found = JSON.parse(Buffer.from(value).toString()) as KnownEnd | Parts
  if (!('parts' in found)) return found
  const parts = await Promise.all(found.parts.map(part => values.get(part)))
  const there = parts.filter(part => part !== undefined)
  // One of them had to make room.
  if (there.length < parts.length) return undefined
  return JSON.parse(Buffer.concat(there).toString()) as KnownEnd
}

async function write(values: ValuesOf, key: string, end: KnownEnd): Promise<void> {
  const whole = Buffer.from(JSON.stringify(end))
  if (whole.byteLength <= PART_BYTES) return values.set(key, whole)
  const slices: Buffer[] = []
  for (let at = 0; at < whole.byteLength; at += PART_BYTES) slices.push(whole.subarray(at, at + PART_BYTES))
  // Under names of their content: parts of two results never mix.
  const parts = slices.map(hashOf)
  for (const [index, slice] of slices.entries()) await values.set(parts[index] ?? '', slice)
  await values.set(key, Buffer.from(JSON.stringify({ parts } satisfies Parts)))
}
