import { distanceOf } from '#mesh/distance.ts'
import { invalid, notFound } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Asker, Provider, ProviderRecogniser, ProviderVoice } from './provider.ts'

/** A voice or a recogniser, by the name that everybody uses: `provider/name`. */
export interface Found<T> {
  readonly id: string
  readonly name: string
  readonly provider: Provider
  /** What its provider tells of it; undefined: it does not list it. */
  readonly listed: T | undefined
}
export type Listed<T> = T & { readonly id: string; readonly provider: string }

/** The voices and recognisers of all providers. */
export interface Voices {
  /** Those that the asker can use. A provider that cannot be asked has none at the moment. */
  list(
    asker: Asker,
  ): Promise<{ voices: readonly Listed<ProviderVoice>[]; recognisers: readonly Listed<ProviderRecogniser>[] }>
  /** Who speaks so. NOT_FOUND with the nearest names. */
  voice(name: string, asker: Asker): Promise<Found<ProviderVoice>>
  /** Who listens so. NOT_FOUND with the nearest names. */
  recogniser(name: string, asker: Asker): Promise<Found<ProviderRecogniser>>
}

const KINDS = {
  voices: { word: 'voice', field: 'voice', list: (provider: Provider, asker: Asker) => provider.voices(asker) },
  recognisers: {
    word: 'recogniser',
    field: 'options.model',
    list: (provider: Provider, asker: Asker) => provider.recognisers(asker),
  },
} as const

export function createVoices(providers: ReadonlyMap<string, Provider>, log: Log): Voices {
  /** Those who are ready, and what each has. */
  const of = async <T>(asker: Asker, list: (provider: Provider, asker: Asker) => Promise<readonly T[]>) => {
    const all = [...providers].map(async ([name, provider]) => {
      try {
        if (!(await provider.isReady(asker))) return []
        return (await list(provider, asker)).map(one => ({ ...one, provider: name }))
      } catch (error) {
        if (asker.call.signal.aborted) throw error
        log.warn({ provider: name, error }, 'a provider of speech does not tell what it has')
        return []
      }
    })
    return (await Promise.all(all)).flat()
  }
  const find = async <K extends keyof typeof KINDS>(kind: K, given: string, asker: Asker) => {
    const { word, field, list } = KINDS[kind]
    const slash = given.indexOf('/')
    const provider = providers.get(given.slice(0, Math.max(0, slash)))
    const name = given.slice(slash + 1)
    if (provider && name === '')
      throw invalid([{ path: field, message: `"${given}" names no ${word}: expected provider/name` }])
    if (provider) {
      const known = await list(provider, asker).catch((error: unknown) => {
        if (provider.accepts(name)) return []
        throw error
      })
      const listed = known.find(one => one.name === name)
      if (listed || provider.accepts(name)) return { id: given, name, provider, listed }
    }
    const everyone = withIds(await of<ProviderVoice | ProviderRecogniser>(asker, list))
    const bare = everyone.filter(one => one.name === given)
    const [only] = bare
    const own = only && providers.get(only.provider)
    if (only && own && bare.length === 1) return { id: only.id, name: given, provider: own, listed: only }
    if (bare.length > 1)
      throw notFound(`several providers have "${given}": say ${bare.map(({ id }) => `"${id}"`).join(' or ')}`)
    throw notFound(`nobody has the ${word} "${given}"; there are ${nearest(given, everyone).join(', ') || 'none'}`)
  }
  return {
    list: async asker => ({
      voices: withIds(await of(asker, KINDS.voices.list)),
      recognisers: withIds(await of(asker, KINDS.recognisers.list)),
    }),
    voice: (name, asker) => find('voices', name, asker) as Promise<Found<ProviderVoice>>,
    recogniser: (name, asker) => find('recognisers', name, asker) as Promise<Found<ProviderRecogniser>>,
  }
}

function withIds<T extends { provider: string; name: string }>(all: readonly T[]): readonly (T & { id: string })[] {
  return all.map(one => ({ ...one, id: `${one.provider}/${one.name}` }))
}

/** The names most like this one, at most five; those of the provider that it names come first. */
function nearest(name: string, all: readonly { id: string; name: string; provider: string }[]): readonly string[] {
  const wanted = name.slice(name.indexOf('/') + 1).toLowerCase()
  return all
    .map(({ id, name: own, provider }) => ({
      id,
      isOther: !name.startsWith(`${provider}/`),
      distance: distanceOf(wanted, own.toLowerCase()),
    }))
    .toSorted((a, b) => Number(a.isOther) - Number(b.isOther) || a.distance - b.distance)
    .slice(0, 5)
    .map(({ id }) => `"${id}"`)
}
