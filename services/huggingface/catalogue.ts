// What the hub knows of models: which there are, and who serves them.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { isCoded, notFound, unavailable } from '#mesh/errors.ts'
import type { Outbound } from '#mesh/outbound.ts'
import { isRecord } from './task.ts'
import { readJsonAnswer, reach } from './wire.ts'
import type { WireLimits, WireRequest } from './wire.ts'

export interface HubModel {
  readonly id: string
  readonly task: string
  readonly likes: number
  readonly downloads: number
  readonly contextTokens?: number
  readonly inputPrice?: number
  readonly outputPrice?: number
  readonly abilities?: readonly string[]
  readonly providers?: readonly string[]
}
/** A provider that serves a model, and under what name. */
export interface Served {
  readonly provider: string
  readonly providerId: string
  readonly status: string
  readonly task: string
}
/** Which models are asked for; empty texts: any. */
export interface Wanted {
  readonly task: string
  readonly search: string
  /** Only those that an inference provider serves: then up to 500. */
  readonly served: boolean
}
export interface Catalogue {
  /** Most liked first; at most 50. */
  models(wanted: Wanted, token: string, signal: AbortSignal): Promise<readonly HubModel[]>
  /** The chats that the router knows, with what they cost and can do. */
  chats(search: string, token: string, signal: AbortSignal): Promise<readonly HubModel[]>
  /** Who serves a model, in the order of the key's owner. NOT_FOUND: there is no such model. */
  serversOf(model: string, token: string, signal: AbortSignal): Promise<readonly Served[]>
}

const KEPT_MS = 60_000
const MOST_KEPT = 500
const MOST_MODELS = 50
const MOST_SERVED = 500
const ASK_MS = 15_000

export interface CatalogueOptions {
  /** Where the hub answers. */
  readonly hub: string
  /** Where Inference Providers are reached. */
  readonly router: string
  readonly outbound: Pick<Outbound, 'open'>
  readonly limits: WireLimits
}

/** Asks the hub and the router. Answers are good for a minute, for the key they were given to. */
export function createCatalogue({ hub, router, outbound, limits }: CatalogueOptions): Catalogue {
  const kept = new LRUCache<string, Promise<unknown>>({ max: MOST_KEPT, ttl: KEPT_MS })
  const ask = (url: string, model: string, token: string, signal: AbortSignal): Promise<unknown> => {
    const key = `${createHash('sha256').update(token).digest('base64url')} ${url}`
    const found = kept.get(key)
    if (found) return found
    // Others may wait for the same: who asked first may leave.
    const asking = get(
      { url, method: 'GET', model, token, isEndpoint: false, outbound },
      limits,
      AbortSignal.timeout(ASK_MS),
    )
    kept.set(key, asking)
    asking.catch(() => kept.get(key) === asking && kept.delete(key))
    return Promise.race([asking, whenAborted(signal)])
  }
  return {
    async models({ task, search, served }, token, signal) {
      const most = served ? MOST_SERVED : MOST_MODELS
      const query = new URLSearchParams({ sort: 'likes', direction: '-1', limit: `${most}` })
      if (task !== '') query.set('pipeline_tag', task)
      if (search !== '') query.set('search', search)
      if (served) query.set('inference_provider', 'all')
      const found = await ask(`${hub}/api/models?${query.toString()}`, 'the hub', token, signal)
      if (!Array.isArray(found)) throw unavailable('the hub answers in a shape that is no list of models')
      return found.filter(isRecord).flatMap(toModel).slice(0, most)
    },
    async chats(search, token, signal) {
      const found = await ask(`${router}/v1/models`, 'the router', token, signal)
      const rows = isRecord(found) ? found['data'] : undefined
      if (!Array.isArray(rows)) throw unavailable('the router answers in a shape that is no list of models')
      const words = search.toLowerCase().split(/\s+/)
      const chats = rows.filter(isRecord).flatMap(toChat)
      return chats.filter(({ id }) => words.every(word => id.toLowerCase().includes(word))).slice(0, MOST_SERVED)
    },
    async serversOf(model, token, signal) {
      const found = await known(
        ask(`${hub}/api/models/${model}?expand[]=inferenceProviderMapping`, model, token, signal),
        model,
        token,
      )
      return serversIn(isRecord(found) ? found['inferenceProviderMapping'] : undefined)
    },
  }
}

async function get(request: WireRequest, limits: WireLimits, signal: AbortSignal): Promise<unknown> {
  const reaching = reach(request, limits, signal)
  let step = await reaching.next()
  while (!step.done) step = await reaching.next()
  return readJsonAnswer(step.value, request)
}

/** The hub does not tell a model that is not there from one that is somebody else’s. */
async function known<T>(asked: Promise<T>, model: string, token: string): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (isCoded(error, 'NOT_FOUND') || (isCoded(error, 'FAILED_PRECONDITION') && token === ''))
      throw notFound(`there is no model "${model}" on the hub, or the key may not see it`)
    throw error
  }
}

async function whenAborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted()
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  )
}

function toModel(model: Readonly<Record<string, unknown>>): readonly HubModel[] {
  const { id, modelId, pipeline_tag: task, likes, downloads } = model
  const name = typeof id === 'string' ? id : modelId
  if (typeof name !== 'string') return []
  return [
    { id: name, task: typeof task === 'string' ? task : '', likes: toCount(likes), downloads: toCount(downloads) },
  ]
}
const toCount = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0

/** A list, or in older answers an object by provider. */
function serversIn(mapping: unknown): readonly Served[] {
  const rows: readonly unknown[] = Array.isArray(mapping)
    ? mapping
    : isRecord(mapping)
      ? Object.entries(mapping).map(([provider, row]) => ({ provider, ...(isRecord(row) ? row : {}) }))
      : []
  return rows
    .filter(isRecord)
    .flatMap(({ provider, providerId, status, task }) =>
      typeof provider === 'string' && typeof providerId === 'string' && typeof task === 'string'
        ? [{ provider, providerId, task, status: typeof status === 'string' ? status : 'live' }]
        : [],
    )
}

/** A model of the router: each who serves it has a context and prices of its own. */
function toChat(row: Readonly<Record<string, unknown>>): readonly HubModel[] {
  const { id, architecture, providers } = row
  if (typeof id !== 'string') return []
  const servers = (Array.isArray(providers) ? providers : []).filter(isRecord).filter(one => one['status'] !== 'error')
  const modalities = isRecord(architecture) ? architecture['input_modalities'] : undefined
  const abilities = [
    ...(servers.some(one => one['supports_tools'] === true) ? ['tools'] : []),
    ...(Array.isArray(modalities) && modalities.includes('image') ? ['images'] : []),
    ...(servers.some(one => one['supports_structured_output'] === true) ? ['schema'] : []),
  ]
  const contextTokens = Math.min(...numbersOf(servers, one => one['context_length']))
  const inputPrice = Math.max(...numbersOf(servers, one => priceIn(one, 'input')))
  const outputPrice = Math.max(...numbersOf(servers, one => priceIn(one, 'output')))
  return [
    {
      id,
      task: 'chat-completion',
      likes: 0,
      downloads: 0,
      ...(Number.isSafeInteger(contextTokens) ? { contextTokens } : {}),
      ...(Number.isFinite(inputPrice) && Number.isFinite(outputPrice) ? { inputPrice, outputPrice } : {}),
      abilities,
      providers: servers.flatMap(({ provider }) => (typeof provider === 'string' ? [provider] : [])),
    },
  ]
}

const priceIn = ({ pricing }: Readonly<Record<string, unknown>>, name: string): unknown =>
  isRecord(pricing) ? pricing[name] : undefined

function numbersOf(
  rows: readonly Readonly<Record<string, unknown>>[],
  read: (row: Readonly<Record<string, unknown>>) => unknown,
): readonly number[] {
  return rows.map(read).filter((value): value is number => typeof value === 'number' && value >= 0)
}
