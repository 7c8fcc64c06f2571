import { createHash } from 'node:crypto'
import type { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import type { Log } from '#mesh/log.ts'
import type { Client } from '#mesh/service.ts'
import type { Found } from '../catalogue.ts'
import { fromBytes, toBytes } from './vectors.ts'

/** Vectors by text. */
export type Vectors = Map<string, Float32Array>

/** Vectors in the cache service, by user, model, dimensions and text. Where it fails, they are made again. */
export interface Keeping {
  read(texts: readonly string[], of: Kept): Promise<Vectors>
  /** Nobody waits until they are written; in this process they are read from now on. */
  keep(vectors: Vectors, of: Kept): void
}
export interface Kept {
  readonly found: Found
  readonly dimensions: number | undefined
}

const NAMESPACE = 'embeddings'
/** They do not grow old, but room is for those that are used. */
const KEPT_MS = 30 * 86_400_000
const READS_AT_ONCE = 32
const WRITES_AT_ONCE = 4
/** What may wait to be written; more is not kept. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024

export interface KeepingOptions {
  readonly cache: Pick<Client<typeof CacheServiceDefinition>, 'get' | 'set'>
  readonly log: Log
}

export function createKeeping({ cache, log }: KeepingOptions): Keeping {
  const queue = createQueue(log)
  return {
    async read(texts, of) {
      const { call } = of.found
      const vectors: Vectors = new Map()
      const readKept = async (key: string) => {
        try {
          const { value } = await cache.get({ namespace: NAMESPACE, key }, call.options)
          return value && fromBytes(value)
        } catch (error) {
          if (call.signal.aborted) throw error
          log.warn({ error }, 'an embedding cannot be looked up: it is made again')
          return undefined
        }
      }
      const rest = texts.values()
      const reader = async () => {
        for (const text of rest) {
          const { id, key } = keyOf(text, of)
          const vector = queue.find(id) ?? (await readKept(key))
          if (vector && vector.length === (of.dimensions ?? vector.length)) vectors.set(text, vector)
        }
      }
      await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, texts.length) }, reader))
      return vectors
    },
    keep(vectors, of) {
      // The call may be over by then: its signal is not for this.
      const { caller } = of.found.call.options
      const options = caller ? { caller } : {}
      for (const [text, vector] of vectors) {
        const { id, key } = keyOf(text, of)
        queue.add(id, vector, async () =>
          cache.set({ namespace: NAMESPACE, key, value: toBytes(vector), ttlMs: KEPT_MS }, options),
        )
      }
    },
  }
}

/** Vectors on their way to the cache, a few at once. */
function createQueue(log: Log) {
  const waiting = new Map<string, Float32Array>()
  const writes: (() => Promise<void>)[] = []
  let bytes = 0
  let writers = 0
  const writeAll = async () => {
    writers++
    for (let write = writes.shift(); write; write = writes.shift()) await write()
    writers--
  }
  return {
    find: (id: string) => waiting.get(id),
    add(id: string, vector: Float32Array, write: () => Promise<unknown>) {
      if (bytes + vector.byteLength > MOST_WAITING_BYTES) return
      waiting.set(id, vector)
      bytes += vector.byteLength
      writes.push(async () => {
        await write().catch((error: unknown) => log.warn({ error }, 'an embedding cannot be kept'))
        if (waiting.get(id) === vector) waiting.delete(id)
        bytes -= vector.byteLength
      })
      if (writers < WRITES_AT_ONCE) void writeAll()
    },
  }
}

function keyOf(text: string, { found: { id, call }, dimensions = 0 }: Kept): { id: string; key: string } {
  const key = createHash('sha256')
    .update(JSON.stringify([id, dimensions, text]))
    .digest('base64url')
  return { id: `${key} ${call.options.caller?.user ?? ''}`, key }
}
