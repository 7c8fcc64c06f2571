import { discoverFolder } from '#mesh/discover.ts'
import { precondition, unavailable } from '#mesh/errors.ts'
import type { Secrets } from '#mesh/secrets.ts'
import type { Call } from '#mesh/service.ts'
import type { Provider, ProviderCall, ProviderDefinition, ProviderEnvironment } from './provider.ts'

/** A provider that this program knows. */
export interface KnownProvider {
  readonly definition: ProviderDefinition
  /** Undefined: it is not set up here. */
  readonly provider: Provider | undefined
}

/** Whether a provider can be asked for a user, and if not, what is missing. */
export type Standing = { readonly ready: true; readonly provider: Provider } | { readonly ready: false; why: string }

/** For whom something is asked; `caller` and `metadata` of a {@link Call}. */
export type Asker = Pick<Call, 'caller' | 'metadata'>

/** All providers, and who may ask them with which key. */
export interface Providers {
  readonly known: ReadonlyMap<string, KnownProvider>
  /** For listings: looks at names of secrets only. */
  standing(name: string, asker: Asker): Promise<Standing>
  /**
   * What a provider is asked with. FAILED_PRECONDITION: it is not set up, or has no key: which setting and secret to add. UNAVAILABLE: it does not answer now.
   * The provider must be known.
   */
  open(name: string, asker: Asker, signal: AbortSignal): Promise<{ provider: Provider; call: ProviderCall }>
  /** The same where there is a key at hand; undefined: there is none. Never asks whether it answers. */
  glance(name: string, asker: Asker, signal: AbortSignal): Promise<ProviderCall | undefined>
}

export async function openProviders(environment: ProviderEnvironment, secrets: Secrets): Promise<Providers> {
  const found = await discoverFolder(new URL('./providers/', import.meta.url))
  const definitions = found.flatMap(({ value }) => value as ProviderDefinition | readonly ProviderDefinition[])
  return createProviders(definitions, environment, secrets)
}

export function createProviders(
  definitions: readonly ProviderDefinition[],
  environment: ProviderEnvironment,
  secrets: Secrets,
): Providers {
  const { settings } = environment
  const known = new Map(
    definitions.map(definition => [definition.name, { definition, provider: definition.open(environment) }]),
  )
  const ownKey = ({ secret }: ProviderDefinition) => (secret ? settings[secret] : '')
  const keyFor = async ({ secret }: ProviderDefinition, asker: Asker): Promise<string> =>
    secret ? ((await secrets.of(asker).get(secret)) ?? settings[secret]) : ''
  /** For what can do without: secrets that cannot be read now are as none. */
  const keyAtHand = (definition: ProviderDefinition, asker: Asker): Promise<string> =>
    keyFor(definition, asker).catch(() => ownKey(definition))
  return {
    known,
    async standing(name, asker) {
      const { definition, provider } = known.get(name) ?? {}
      if (!definition || !provider) return { ready: false, why: definition?.about ?? '' }
      const away = await provider.unready?.()
      if (away !== undefined) return { ready: false, why: away }
      const { secret, about } = definition
      if (!provider.needsKey || !secret || ownKey(definition) !== '') return { ready: true, provider }
      try {
        return (await secrets.names(asker)).has(secret) ? { ready: true, provider } : { ready: false, why: about }
      } catch (error) {
        return { ready: false, why: error instanceof Error ? error.message : String(error) }
      }
    },
    async open(name, asker, signal) {
      const { definition, provider } = known.get(name) ?? {}
      if (!definition || !provider) throw precondition(`"${name}" is not set up here: ${definition?.about ?? ''}`)
      const key = await (provider.needsKey ? keyFor : keyAtHand)(definition, asker)
      if (key === '' && provider.needsKey)
        throw precondition(
          `"${name}" needs a key: set ${definition.secret}, or add a secret of that name under Account > Secrets`,
          { reason: 'NO_KEY', details: { secret: definition.secret } },
        )
      const away = await provider.unready?.()
      if (away !== undefined) throw unavailable(`"${name}" cannot be asked: ${away}`)
      return { provider, call: toCall(asker, key, signal) }
    },
    async glance(name, asker, signal) {
      const { definition, provider } = known.get(name) ?? {}
      if (!definition || !provider) return undefined
      const key = await keyAtHand(definition, asker)
      return key === '' && provider.needsKey ? undefined : toCall(asker, key, signal)
    },
  }
}

function toCall({ caller, metadata }: Asker, key: string, signal: AbortSignal): ProviderCall {
  const capability = metadata.get('capability')
  return {
    signal,
    key,
    options: {
      caller: { user: caller.user, service: 'completion' },
      signal,
      ...(capability === undefined ? {} : { metadata: { capability } }),
    },
  }
}
