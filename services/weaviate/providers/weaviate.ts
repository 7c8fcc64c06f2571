import type { ProviderDefinition } from '../provider.ts'

/** A real Weaviate, where `WEAVIATE_URL` names one. Its client is heavy: it is loaded only then. */
export default {
  name: 'weaviate',
  async open(environment) {
    if (environment.settings.WEAVIATE_URL === '') return undefined
    const { openWeaviateDriver } = await import('../weaviate/driver.ts')
    return openWeaviateDriver(environment)
  },
} satisfies ProviderDefinition
