import { createHash } from 'node:crypto'
import type { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import type { CompletionServiceDefinition, EmbedRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { unavailable } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Call, Client, Handlers } from '#mesh/service.ts'
import type { Attempts } from '../attempts.ts'
import type { Catalogue, Found } from '../catalogue.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Spent } from '../ledger/meter.ts'
import type { ProviderEmbedding } from '../provider.ts'
import { createBatches } from './batches.ts'
import type { Batches, Wish } from './batches.ts'
import { readEmbedRequest, refuseLarge } from './request.ts'
import { fromBytes, toBytes, toUnit } from './vectors.ts'

export interface EmbedderOptions {
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly attempt: Attempts
  readonly ledger: Pick<Ledger, 'begin'>
  readonly cache: Pick<Client<typeof CacheServiceDefinition>, 'get' | 'set'>
  readonly defaultModel: string
  readonly log: Log
}

/** Answers `Embed`. */
export function createEmbedder(options: EmbedderOptions): Pick<Handlers<typeof CompletionServiceDefinition>, 'embed'> {
  const batches = createBatches(wish => ask(wish, options.attempt))
  return {
    async embed(request, call) {
      readEmbedRequest(request)
      const { texts, dimensions } = request
      const found = await options.catalogue.find(request.model || options.defaultModel, 'embedding', call, call.signal)
      const different = [...new Set(texts)]
      const kept = await readKept(different, { found, dimensions, ...options })
      const missing = different.filter(text => !kept.has(text))
      let made = await make(missing, { request, call, found, batches, ...options })
      // The model is not what it was when these were kept.
      if (new Set([...kept.values(), ...made.vectors.values()].map(({ length }) => length)).size > 1) {
        kept.clear()
        made = await make(different, { request, call, found, batches, ...options })
      }
      const vectors = texts.map(text => made.vectors.get(text) ?? kept.get(text) ?? new Float32Array())
      const [first] = vectors
      refuseLarge(texts.length, first?.length ?? 0)
      return {
        embeddings: vectors.map(vector => ({ values: [...vector] })),
        model: found.id,
        dimensions: first?.length ?? 0,
        usage: made.spent,
        cached: texts.filter(text => kept.has(text)).length,
      }
    },
  }
}

type Vectors = Map<string, Float32Array>

/** One request to the provider, in turn with others and again where it fails. */
async function ask({ found, texts, dimensions, signal }: Wish, attempt: Attempts): Promise<ProviderEmbedding> {
  const call = { ...found.call, signal, options: { ...found.call.options, signal } }
  const request = { model: found.model, texts, ...(dimensions === undefined ? {} : { dimensions }) }
  const parts = attempt({ ...found, call }, async function* () {
    const answer = await found.provider.embed?.(request, call)
    if (answer) yield answer
  })
  for await (const part of parts) {
    if ('notice' in part) continue
    if (part.vectors.length === texts.length) return part
    throw unavailable(`"${found.id}" gave ${part.vectors.length} vectors for ${texts.length} texts`)
  }
  throw unavailable(`"${found.id}" gave no vectors`)
}

interface Making extends Pick<EmbedderOptions, 'ledger' | 'cache' | 'log'> {
  readonly request: EmbedRequest
  readonly call: Call
  readonly found: Found
  readonly batches: Batches
}

const NOTHING: Spent = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, cost: 0 }

/** Has texts embedded, writes down what it took, and keeps the vectors. */
async function make(texts: readonly string[], making: Making): Promise<{ vectors: Vectors; spent: Spent }> {
  if (texts.length === 0) return { vectors: new Map(), spent: NOTHING }
  const { request, call, found, batches } = making
  const { caller, signal } = call
  const { dimensions, origin } = request
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const estimate = Math.ceil(bytes / 4)
  const meter = await making.ledger.begin({
    caller,
    origin,
    model: found.id,
    inputTokensEstimate: estimate,
    signal,
  })
  try {
    const { vectors, usage } = await batches({ found, texts, dimensions, signal })
    const spent = await meter.end(usage)
    const units: Vectors = new Map(
      texts.map((text, index) => [text, toUnit(vectors[index] ?? [], { id: found.id, dimensions })]),
    )
    await keep(units, { dimensions, ...making })
    return { vectors: units, spent }
  } finally {
    await meter[Symbol.asyncDispose]()
  }
}

const NAMESPACE = 'embeddings'
/** They do not grow old, but room is for those that are used. */
const KEPT_MS = 30 * 86_400_000
/** Calls of the cache at once. */
const AT_ONCE = 32

interface Keeping extends Pick<EmbedderOptions, 'cache' | 'log'> {
  readonly found: Found
  readonly dimensions: number | undefined
}

async function readKept(texts: readonly string[], { found, dimensions, cache, log }: Keeping): Promise<Vectors> {
  const kept: Vectors = new Map()
  await eachAtOnce(texts, async text => {
    try {
      const { value } = await cache.get(
        { namespace: NAMESPACE, key: keyOf(found, dimensions, text) },
        found.call.options,
      )
      const vector = value && fromBytes(value)
      if (vector && vector.length === (dimensions ?? vector.length)) kept.set(text, vector)
    } catch (error) {
      if (found.call.signal.aborted) throw error
      log.warn({ error }, 'an embedding cannot be looked up: it is made again')
    }
  })
  return kept
}

async function keep(vectors: Vectors, { found, dimensions, cache, log }: Keeping): Promise<void> {
  await eachAtOnce([...vectors], async ([text, vector]) => {
    try {
      const entry = {
        namespace: NAMESPACE,
        key: keyOf(found, dimensions, text),
        value: toBytes(vector),
        ttlMs: KEPT_MS,
      }
      await cache.set(entry, found.call.options)
    } catch (error) {
      log.warn({ error }, 'an embedding cannot be kept')
    }
  })
}

function keyOf({ id }: Found, dimensions: number | undefined, text: string): string {
  return createHash('sha256')
    .update(JSON.stringify([id, dimensions ?? 0, text]))
    .digest('base64url')
}

async function eachAtOnce<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values()
  const worker = async () => {
    for (const one of rest) await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker))
}
