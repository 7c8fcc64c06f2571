import { isCoded, precondition } from '#mesh/errors.ts'
import type { Secrets } from '#mesh/secrets.ts'
import type { Call } from '#mesh/service.ts'
import { scoreOf } from './fusion.ts'
import type { WebEnvironment, WebPage, WebProvider, WebProviderDefinition } from './provider.ts'
import type { Asking, Found, Source } from './source.ts'
import { WEB_PROVIDERS } from './wish.ts'
import type { WebProviderName, Wish } from './wish.ts'

type Asker = Pick<Call, 'caller' | 'metadata'>

/** The web, and who can be asked for it. */
export interface Web extends Source {
  /** Providers that are set up here, or that the asker keeps a key for. */
  ready(asker: Asker): Promise<readonly WebProviderName[]>
}

interface Known {
  readonly definition: WebProviderDefinition
  readonly provider: WebProvider | undefined
}

interface Chosen {
  readonly definition: WebProviderDefinition
  readonly provider: WebProvider
  readonly key: string
}

export function createWeb(
  definitions: readonly WebProviderDefinition[],
  environment: WebEnvironment,
  secrets: Secrets,
): Web {
  const known = WEB_PROVIDERS.flatMap((name): readonly Known[] => {
    const definition = definitions.find(one => one.name === name)
    return definition ? [{ definition, provider: definition.open(environment) }] : []
  })
  const ownKey = ({ secret }: WebProviderDefinition) => (secret ? environment.settings[secret] : '')
  const ready = async (asker: Asker) => {
    // Secrets that cannot be read now are as none.
    const kept = await secrets.names(asker).catch(() => new Set<string>())
    return known
      .filter(
        ({ definition: { secret }, provider }) =>
          provider && (!secret || environment.settings[secret] !== '' || kept.has(secret)),
      )
      .map(({ definition }) => definition.name)
  }
  const choose = async ({ webProvider }: Wish, { call }: Asking): Promise<Chosen> => {
    const names = webProvider ? [webProvider] : await ready(call)
    const found = known.find(({ definition }) => definition.name === names[0])
    if (!found) throw precondition(`no provider is set up: ${known.map(one => one.definition.about).join('; or ')}`)
    const { definition, provider } = found
    if (!provider) throw precondition(`"${definition.name}" is not set up: ${definition.about}`)
    if (!definition.secret) return { definition, provider, key: '' }
    const key = (await ownSecret(secrets, call, definition.secret)) ?? ownKey(definition)
    if (key === '')
      throw precondition(
        `"${definition.name}" needs a key: set ${definition.secret}, or add a secret of that name under Account > Secrets: running spells may use it`,
        { reason: 'NO_KEY', details: { secret: definition.secret } },
      )
    return { definition, provider, key }
  }
  return {
    ready,
    async find(wish, asking) {
      const { definition, provider, key } = await choose(wish, asking)
      const { query, limit, from, to } = wish
      const pages = await provider.search({ query, limit, from, to }, { signal: asking.signal, key })
      return { found: toFound(pages, wish, definition.name), notices: [] }
    },
  }
}

/** A secret that cannot be read now is as none, where the instance has a key of its own. */
async function ownSecret(secrets: Secrets, asker: Asker, name: string): Promise<string | undefined> {
  try {
    return await secrets.of(asker).get(name)
  } catch (error) {
    if (isCoded(error, 'UNAVAILABLE')) return undefined
    throw error
  }
}

/** Each page once; those with a date that is not asked for are left out, those without one are not. */
function toFound(pages: readonly WebPage[], { from, to, limit }: Wish, provider: string): readonly Found[] {
  const seen = new Set<string>()
  const kept = pages.filter(({ url, at }) => {
    const address = url.replace(/#.*$/, '').replace(/\/$/, '')
    if (seen.has(address) || (at > 0 && (at < from || (to > 0 && at >= to)))) return false
    seen.add(address)
    return true
  })
  return kept.slice(0, limit).map(({ url, title, text, at }, index) => {
    const places = { vectorRank: 0, wordRank: 0, webRank: index + 1 }
    return { source: 'web', id: url, title, text, url, at, places, score: scoreOf(places, 0), metadata: { provider } }
  })
}
