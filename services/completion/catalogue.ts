import { notFound, precondition } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Provider, ProviderModel } from './provider.ts'

/** A provider's model, by the name that everybody uses: `provider/model`. */
export interface CatalogueModel extends ProviderModel {
  readonly id: string
  readonly provider: string
}

/** The models of all providers that are set up. */
export interface Catalogue {
  /** All of them; a provider that cannot be asked has none at the moment. */
  list(signal: AbortSignal): Promise<readonly CatalogueModel[]>
  /** Who answers for this name. NOT_FOUND with the nearest names; FAILED_PRECONDITION where a provider is not set up. */
  find(name: string, signal: AbortSignal): Promise<{ id: string; model: string; provider: Provider }>
}

const KEPT_MS = 60_000
const ASK_MS = 3_000

export function createCatalogue(providers: ReadonlyMap<string, Provider>, log: Log, now: () => number): Catalogue {
  const known = new Map<string, { at: number; models: Promise<readonly ProviderModel[]> }>()
  const modelsOf = (name: string, provider: Provider): Promise<readonly ProviderModel[]> => {
    const found = known.get(name)
    if (found && now() - found.at < KEPT_MS) return found.models
    const models = provider.models(AbortSignal.timeout(ASK_MS)).catch((error: unknown) => {
      log.warn({ provider: name, error }, 'a provider does not tell its models')
      known.delete(name)
      return []
    })
    known.set(name, { at: now(), models })
    return models
  }
  const list = async (): Promise<readonly CatalogueModel[]> => {
    const all = await Promise.all(
      [...providers].map(async ([name, provider]) =>
        (await modelsOf(name, provider)).map(model => ({ ...model, id: `${name}/${model.name}`, provider: name })),
      ),
    )
    return all.flat()
  }
  return {
    list,
    async find(name) {
      const slash = name.indexOf('/')
      const named = slash > 0 ? providers.get(name.slice(0, slash)) : undefined
      // A provider may serve models that it does not list.
      if (named) {
        const model = name.slice(slash + 1)
        const models = await modelsOf(name.slice(0, slash), named)
        if (models.length === 0 || models.some(one => one.name === model)) return { id: name, model, provider: named }
      }
      const models = await list()
      const bare = models.filter(model => model.name === name)
      const [only, ...more] = bare
      const provider = only && providers.get(only.provider)
      if (only && provider && more.length === 0) return { id: only.id, model: only.name, provider }
      if (more.length > 0)
        throw notFound(`several providers list "${name}": say ${bare.map(({ id }) => `"${id}"`).join(' or ')}`)
      if (name.startsWith('openai/') && !providers.has('openai'))
        throw precondition(`"${name}" needs OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own`)
      throw notFound(`nobody lists the model "${name}"; there are ${nearest(name, models).join(', ') || 'none'}`)
    },
  }
}

/** The names most like this one, at most five. */
function nearest(name: string, models: readonly CatalogueModel[]): readonly string[] {
  const wanted = name.slice(name.indexOf('/') + 1).toLowerCase()
  return models
    .map(({ id, name: own }) => ({ id, distance: distanceOf(wanted, own.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 5)
    .map(({ id }) => `"${id}"`)
}

/** Levenshtein's distance. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      )
    row = next
  }
  return row[b.length] ?? 0
}
