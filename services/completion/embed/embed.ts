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
import { createKeeping } from './keeping.ts'
import type { Keeping, Vectors } from './keeping.ts'
import { readEmbedRequest, refuseLarge } from './request.ts'
import { toUnit } from './vectors.ts'

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
  const keeping = createKeeping(options)
  const batches = createBatches(wish => ask(wish, options.attempt))
  return {
    async embed(request, call) {
      readEmbedRequest(request)
      const { texts, dimensions } = request
      const found = await options.catalogue.find(request.model || options.defaultModel, 'embedding', call, call.signal)
      const different = [...new Set(texts)]
      const isKept = found.provider.isInstant !== true
      const kept: Vectors = isKept ? await keeping.read(different, { found, dimensions }) : new Map()
      const missing = different.filter(text => !kept.has(text))
      const making = { request, call, found, batches, ledger: options.ledger, keeping: isKept ? keeping : undefined }
      let made = await make(missing, making)
      // The model is not what it was when these were kept.
      if (new Set([...kept.values(), ...made.vectors.values()].map(({ length }) => length)).size > 1) {
        kept.clear()
        made = await make(different, making)
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

interface Making extends Pick<EmbedderOptions, 'ledger'> {
  readonly request: EmbedRequest
  readonly call: Call
  readonly found: Found
  readonly batches: Batches
  /** Undefined: they are not kept. */
  readonly keeping: Keeping | undefined
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
    making.keeping?.keep(units, { found, dimensions })
    return { vectors: units, spent }
  } finally {
    await meter[Symbol.asyncDispose]()
  }
}
