import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { defineService } from '#mesh/service.ts'
import { integer, secret, text } from '#mesh/settings.ts'
import { createCatalogue } from './catalogue.ts'
import type { Provider, ProviderDefinition } from './provider.ts'
import { readRequest } from './request.ts'

export default defineService({
  contract: CompletionServiceDefinition,
  settings: {
    DEFAULT_MODEL: text('model used where none is named', 'local/demo'),
    OPENAI_BASE_URL: text(
      'where an OpenAI-compatible API answers, e.g. http://localhost:11434/v1; none: OpenAI itself',
    ),
    OPENAI_API_KEY: secret('key for it'),
    LOCAL_MODEL_DELAY_MS: integer('pause between the words of the built-in demo model, in milliseconds', 20, {
      max: 10_000,
    }),
    COMPLETION_TIMEOUT_MS: integer('longest silence of a model’s provider, in milliseconds', 60_000, { min: 100 }),
  },
  uses: {},
  async start({ settings, log, metrics }) {
    const definitions = await discoverRecord<ProviderDefinition>(new URL('./providers/', import.meta.url))
    const providers = new Map<string, Provider>()
    for (const definition of Object.values(definitions)) {
      const provider = definition.open(settings)
      if (provider) providers.set(definition.name, provider)
    }
    const catalogue = createCatalogue(providers, log, Date.now)
    const tokens = metrics.counter('completion_tokens_total', 'tokens of language models', ['provider', 'direction'])
    return {
      async *complete(request, { signal }) {
        const asked = readRequest(request)
        const { id, model, provider } = await catalogue.find(request.model || settings.DEFAULT_MODEL, signal)
        const label = id.slice(0, id.indexOf('/'))
        for await (const part of provider.complete({ ...asked, model }, signal)) {
          if ('text' in part) {
            yield { part: { $case: 'text', value: part.text } }
            continue
          }
          const { reason, inputTokens, outputTokens } = part
          tokens.add(inputTokens, { provider: label, direction: 'in' })
          tokens.add(outputTokens, { provider: label, direction: 'out' })
          yield { part: { $case: 'finish', value: { reason, model: id, usage: { inputTokens, outputTokens } } } }
        }
      },
      async listModels(_, { signal }) {
        const models = await catalogue.list(signal)
        return {
          models: models.map(({ id, provider, name, about }) => ({ id, provider, name, about })),
          defaultModel: settings.DEFAULT_MODEL,
        }
      },
    }
  },
})
