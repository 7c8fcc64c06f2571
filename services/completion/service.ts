import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { CompleteRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { defineService, migrations } from '#mesh/service.ts'
import type { Call } from '#mesh/service.ts'
import { integer, secret, text } from '#mesh/settings.ts'
import { openAnswers } from './answers.ts'
import type { AnswerPart } from './answers.ts'
import { createCatalogue } from './catalogue.ts'
import type { Provider, ProviderDefinition } from './provider.ts'
import { readKey, readRequest } from './request.ts'

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
    COMPLETION_KEEP_MS: integer(
      'how long an answer is kept for who asks again with its idempotency key, in milliseconds; 0: none is kept',
      86_400_000,
    ),
    COMPLETION_LEASE_MS: integer(
      'how long who asks again waits for an answer that nobody works on any more, in milliseconds',
      10_000,
      { min: 200 },
    ),
  },
  uses: {},
  schema: migrations(import.meta.url),
  async start(environment) {
    const { settings, log, metrics } = environment
    const definitions = await discoverRecord<ProviderDefinition>(new URL('./providers/', import.meta.url))
    const providers = new Map<string, Provider>()
    for (const definition of Object.values(definitions)) {
      const provider = definition.open(settings)
      if (provider) providers.set(definition.name, provider)
    }
    const catalogue = createCatalogue(providers, log, Date.now)
    const tokens = metrics.counter('completion_tokens_total', 'tokens of language models', ['provider', 'direction'])
    const answers = settings.COMPLETION_KEEP_MS > 0 ? openAnswers(environment) : undefined

    async function* ask(request: CompleteRequest, key: string, signal: AbortSignal): AsyncGenerator<AnswerPart> {
      const { id, model, provider } = await catalogue.find(request.model || settings.DEFAULT_MODEL, signal)
      const label = id.slice(0, id.indexOf('/'))
      for await (const part of provider.complete({ ...readRequest(request), model, idempotencyKey: key }, signal)) {
        if (!('text' in part)) {
          tokens.add(part.inputTokens, { provider: label, direction: 'in' })
          tokens.add(part.outputTokens, { provider: label, direction: 'out' })
        }
        yield 'text' in part ? part : { ...part, model: id }
      }
    }

    const answer = (request: CompleteRequest, { caller, signal, metadata }: Call): AsyncIterable<AnswerPart> => {
      const key = readKey(request, metadata.get('idempotency-key'))
      const checked = readRequest(request)
      if (key === '' || !answers) return ask(request, key, signal)
      return answers.once({
        owner: caller.user,
        key,
        request: { model: request.model, ...checked },
        signal,
        ask: () => ask(request, key, signal),
      })
    }

    return {
      async *complete(request, call) {
        for await (const part of answer(request, call)) {
          if ('text' in part) yield { part: { $case: 'text', value: part.text } }
          else {
            const { reason, model, inputTokens, outputTokens } = part
            yield { part: { $case: 'finish', value: { reason, model, usage: { inputTokens, outputTokens } } } }
          }
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
