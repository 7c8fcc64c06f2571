import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Log } from '#mesh/log.ts'
import { toPrice } from './figures.ts'
import type { Price } from './figures.ts'
import type { Provider, ProviderCall, ProviderModel } from './provider.ts'

/** What providers tell of their models, by provider and key. */
export interface ModelLists {
  /** Asked at most once a minute; who asks meanwhile is given what was said before. Undefined: it does not tell. */
  of(name: string, provider: Provider, call: ProviderCall): Promise<readonly ProviderModel[] | undefined>
  /** What a model costs by its provider's own word, as `provider/model`. */
  priceOf(id: string): Price | undefined
}

interface Listed {
  readonly at: number
  readonly models: Promise<readonly ProviderModel[] | undefined>
}

const KEPT_MS = 60_000
const STALE_MS = 3_600_000
const ASK_MS = 3_000
const MOST_LISTS = 1_000

export function createModelLists(log: Log, now: () => number): ModelLists {
  const known = new LRUCache<string, Listed>({ max: MOST_LISTS })
  const prices = new Map<string, Price>()
  const ask = async (name: string, provider: Provider, call: ProviderCall): Promise<readonly ProviderModel[]> => {
    const signal = AbortSignal.timeout(ASK_MS)
    const models = await provider.models({ ...call, signal, options: { ...call.options, signal } })
    for (const model of models) {
      const price = toPrice(model)
      if (price) prices.set(`${name}/${model.name}`, price)
    }
    return models
  }
  return {
    priceOf: id => prices.get(id),
    of(name, provider, call) {
      const key = `${name} ${createHash('sha256').update(call.key).digest('base64url')}`
      const found = known.get(key)
      const age = found ? now() - found.at : Infinity
      if (found && age < KEPT_MS) return found.models
      const models = ask(name, provider, call).catch((error: unknown) => {
        log.warn({ provider: name, error }, 'a provider does not tell its models')
        known.delete(key)
        return undefined
      })
      known.set(key, { at: now(), models })
      return found && age < STALE_MS ? found.models : models
    },
  }
}
