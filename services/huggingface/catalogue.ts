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
}
/** A provider that serves a model, and under what name. */
export interface Served {
  readonly provider: string
  readonly providerId: string
  readonly status: string
  readonly task: string
}
export interface Catalogue {
  /** Most liked first; at most 50. */
  models(task: string, search: string, token: string, signal: AbortSignal): Promise<readonly HubModel[]>
  /** Who serves a model, in the order of the key's owner. NOT_FOUND: there is no such model. */
  serversOf(model: string, token: string, signal: AbortSignal): Promise<readonly Served[]>
}

const KEPT_MS = 60_000
const MOST_KEPT = 500
const MOST_MODELS = 50
const ASK_MS = 15_000

/** Asks the hub at `url`. Answers are good for a minute, for the key they were given to. */
export function createCatalogue(url: string, outbound: Pick<Outbound, 'open'>, limits: WireLimits): Catalogue {
  const kept = new LRUCache<string, Promise<unknown>>({ max: MOST_KEPT, ttl: KEPT_MS })
  const ask = (path: string, model: string, token: string, signal: AbortSignal): Promise<unknown> => {
    const key = `${createHash('sha256').update(token).digest('base64url')} ${path}`
    const found = kept.get(key)
    if (found) return found
    // Others may wait for the same: who asked first may leave.
    const asking = get(
      { url: url + path, method: 'GET', model, token, isEndpoint: false, outbound },
      limits,
      AbortSignal.timeout(ASK_MS),
    )
    kept.set(key, asking)
    asking.catch(() => kept.get(key) === asking && kept.delete(key))
    return Promise.race([asking, whenAborted(signal)])
  }
  return {
    async models(task, search, token, signal) {
      const query = new URLSearchParams({ sort: 'likes', direction: '-1', limit: `${MOST_MODELS}` })
      if (task !== '') query.set('pipeline_tag', task)
      if (search !== '') query.set('search', search)
      const found = await ask(`/api/models?${query.toString()}`, 'the hub', token, signal)
      if (!Array.isArray(found)) throw unavailable('the hub answers in a shape that is no list of models')
      return found.filter(isRecord).flatMap(toModel).slice(0, MOST_MODELS)
    },
    async serversOf(model, token, signal) {
      const found = await known(
        ask(`/api/models/${model}?expand[]=inferenceProviderMapping`, model, token, signal),
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
