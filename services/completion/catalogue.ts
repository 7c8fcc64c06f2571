import { distanceOf } from '#mesh/distance.ts'
import { invalid, notFound } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import { toPrice } from './figures.ts'
import type { Figures, Price } from './figures.ts'
import { createModelLists } from './model-lists.ts'
import type { ModelKind, Provider, ProviderCall, ProviderModel } from './provider.ts'
import type { Asker, Providers } from './providers.ts'

/** A provider's model, by the name that everybody uses: `provider/model`. */
export interface CatalogueModel extends ProviderModel {
  readonly id: string
  readonly provider: string
  readonly kind: ModelKind
  readonly cachedPrice?: number
  /** Empty: the figures are the provider's own. */
  readonly asOf: string
}

/** A model, and what it is asked with. */
export interface Found {
  /** `provider/model`. */
  readonly id: string
  /** The provider's name. */
  readonly name: string
  /** Without the provider's name. */
  readonly model: string
  readonly provider: Provider
  readonly call: ProviderCall
  /** What is known of it. */
  readonly figures: Omit<Figures, 'asOf'> | undefined
}

/** The models of all providers. */
export interface Catalogue {
  /** Those of providers that can be asked for this user. One that does not tell its models has those that are known of it. */
  list(asker: Asker): Promise<readonly CatalogueModel[]>
  /**
   * Who answers for this name, and with which key. NOT_FOUND with the nearest names; FAILED_PRECONDITION where a provider is not set up or has no key;
   * INVALID_ARGUMENT where the model is of another kind.
   */
  find(name: string, kind: ModelKind, asker: Asker, signal: AbortSignal): Promise<Found>
  /** The names most like this one, as a text. */
  nearest(name: string, kind: ModelKind, asker: Asker): Promise<string>
  /** What a model costs, as `provider/model`; undefined: nobody knows. */
  priceOf(id: string): Price | undefined
}

const NEVER = new AbortController().signal

export function createCatalogue(
  providers: Providers,
  figures: ReadonlyMap<string, Figures>,
  log: Log,
  now: () => number,
): Catalogue {
  const lists = createModelLists(log, now)
  const modelsOf = async (name: string, provider: Provider, asker: Asker): Promise<readonly CatalogueModel[]> => {
    const call = await providers.glance(name, asker, NEVER)
    const models = (call && (await lists.of(name, provider, call))) ?? builtIn(figures, name, provider)
    return models.map(model => toCatalogueModel(name, model, figures.get(`${name}/${model.name}`)))
  }
  const list = async (asker: Asker): Promise<readonly CatalogueModel[]> => {
    const all = await Promise.all(
      [...providers.known.keys()].map(async name => {
        const standing = await providers.standing(name, asker)
        return standing.ready ? modelsOf(name, standing.provider, asker) : []
      }),
    )
    return all.flat()
  }
  const toFound = async (name: string, model: string, kind: ModelKind, asker: Asker, signal: AbortSignal) => {
    const { provider, call } = await providers.open(name, asker, signal)
    const id = `${name}/${model}`
    const known = figures.get(id)
    if (known) return ofKind({ id, name, model, provider, call, figures: known }, kind)
    const models = await lists.of(name, provider, call)
    const listed = models?.find(one => one.name === model)
    // A provider may serve models that it does not list.
    if (models && models.length > 0 && !listed) return undefined
    return ofKind({ id, name, model, provider, call, figures: listed }, kind)
  }
  const nearest = async (name: string, kind: ModelKind, asker: Asker) =>
    nearestOf(
      name,
      (await list(asker)).filter(model => model.kind === kind),
    ).join(', ') || 'none'
  return {
    list,
    nearest,
    priceOf: id => toPrice(figures.get(id)) ?? lists.priceOf(id),
    async find(name, kind, asker, signal) {
      const slash = name.indexOf('/')
      const owner = slash > 0 ? name.slice(0, slash) : ''
      if (providers.known.has(owner)) {
        const found = await toFound(owner, name.slice(slash + 1), kind, asker, signal)
        if (found) return found
      }
      const bare = (await list(asker)).filter(model => model.name === name)
      const [only, ...more] = bare
      if (more.length > 0)
        throw notFound(`several providers list "${name}": say ${bare.map(({ id }) => `"${id}"`).join(' or ')}`)
      const found = only && (await toFound(only.provider, only.name, kind, asker, signal))
      if (found) return found
      throw notFound(`nobody lists the model "${name}"; there are ${await nearest(name, kind, asker)}`)
    },
  }
}

/** Those that are known of a provider which does not tell. */
function builtIn(
  figures: ReadonlyMap<string, Figures>,
  name: string,
  { isUsual = true }: Provider,
): readonly ProviderModel[] {
  const ids = [...figures.keys()].filter(id => isUsual && id.startsWith(`${name}/`))
  return ids.map(id => ({ name: id.slice(name.length + 1), about: '' }))
}

function toCatalogueModel(provider: string, told: ProviderModel, figures: Figures | undefined): CatalogueModel {
  return {
    kind: kindOf(told.name),
    ...told,
    ...figures,
    about: figures?.about ?? told.about,
    id: `${provider}/${told.name}`,
    provider,
    asOf: figures?.asOf ?? '',
  }
}

/** Vendors list models of all kinds, and most do not say which is which. */
function kindOf(name: string): ModelKind {
  if (/embed|\bbge-|\bgte-|\be5-|minilm/i.test(name)) return 'embedding'
  return /dall-e|gpt-image|imagen|flux|stable-diffusion|sdxl/i.test(name) ? 'image' : 'chat'
}

const MAKES: Readonly<Record<ModelKind, string>> = {
  chat: 'answers with text',
  embedding: 'makes embeddings',
  image: 'makes images',
}

function ofKind(found: Found, kind: ModelKind): Found {
  const { id, figures, provider } = found
  const own = figures?.kind ?? kind
  const method = kind === 'embedding' ? provider.embed : kind === 'image' ? provider.image : provider.complete
  if (own !== kind)
    throw invalid([{ path: 'model', message: `"${id}" ${MAKES[own]}: expected a model that ${MAKES[kind]}` }])
  if (!method) throw invalid([{ path: 'model', message: `"${found.name}" has no model that ${MAKES[kind]}` }])
  return found
}

/** The names most like this one, at most five. */
function nearestOf(name: string, models: readonly CatalogueModel[]): readonly string[] {
  const wanted = name.slice(name.indexOf('/') + 1).toLowerCase()
  return models
    .map(({ id, name: own }) => ({ id, distance: distanceOf(wanted, own.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 5)
    .map(({ id }) => `"${id}"`)
}
