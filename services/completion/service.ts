import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { CompleteRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { createSecrets } from '#mesh/secrets.ts'
import { defineService, migrations } from '#mesh/service.ts'
import type { Call } from '#mesh/service.ts'
import { openAnswers } from './answers.ts'
import type { AnswerPart } from './answers.ts'
import { createAsking } from './asking.ts'
import { createAttempts } from './attempts.ts'
import { createCatalogue } from './catalogue.ts'
import { createEmbedder } from './embed/embed.ts'
import { readFigures } from './figures.ts'
import { createGate } from './gate.ts'
import { createImages } from './images/images.ts'
import { openLedger } from './ledger/ledger.ts'
import { createListing } from './listing.ts'
import { openProviders } from './providers.ts'
import { readKey, readRequest } from './request.ts'
import { toResponse } from './response.ts'
import { SETTINGS } from './settings.ts'

export default defineService({
  contract: CompletionServiceDefinition,
  settings: SETTINGS,
  uses: { cache: CacheServiceDefinition, huggingface: HuggingfaceServiceDefinition, user: UserServiceDefinition },
  schema: migrations(import.meta.url),
  async start(environment) {
    const { settings, log, metrics, services, bus } = environment
    const secrets = createSecrets({ service: 'completion', user: services.user, bus })
    const figures = await readFigures(settings.MODEL_CATALOGUE)
    const providers = await openProviders(environment, secrets)
    const catalogue = createCatalogue(providers, figures, log, Date.now)
    const ledger = openLedger(environment, id => catalogue.priceOf(id))
    const { COMPLETION_RATE: rate, COMPLETION_CONCURRENCY: concurrency, COMPLETION_RETRIES: retries } = settings
    const gate = createGate({ rate, concurrency, now: () => performance.now() })
    const attempt = createAttempts({ gate, retries, random: Math.random })
    const ask = createAsking({ catalogue, attempt, ledger })
    const answers = settings.COMPLETION_KEEP_MS > 0 ? openAnswers(environment) : undefined
    const tokens = metrics.counter('completion_tokens_total', 'tokens of language models', ['provider', 'direction'])
    const count = ({ model, usage }: Extract<AnswerPart, { reason: string }>) => {
      const provider = model.slice(0, model.indexOf('/'))
      tokens.add(usage.inputTokens, { provider, direction: 'in' })
      tokens.add(usage.outputTokens, { provider, direction: 'out' })
    }
    const counted = async function* (parts: AsyncIterable<AnswerPart>): AsyncGenerator<AnswerPart> {
      for await (const part of parts) {
        if ('reason' in part) count(part)
        yield part
      }
    }

    const answer = (request: CompleteRequest, call: Call): AsyncIterable<AnswerPart> => {
      const idempotencyKey = readKey(request, call.metadata.get('idempotency-key'))
      const checked = readRequest(request)
      const { model, fallbacks, origin, limits } = request
      const models = [model || settings.DEFAULT_MODEL, ...fallbacks] as const
      const asked = { models, request: checked, idempotencyKey, call, origin, limits }
      if (idempotencyKey === '' || !answers) return counted(ask(asked))
      return answers.once({
        owner: call.caller.user,
        key: idempotencyKey,
        request: { model, ...checked, ...(fallbacks.length === 0 ? {} : { fallbacks }) },
        signal: call.signal,
        ask: () => counted(ask(asked)),
      })
    }

    return {
      async *complete(request, call) {
        for await (const part of answer(request, call)) yield toResponse(part)
      },
      ...createEmbedder({
        ...{ catalogue, attempt, ledger, log },
        cache: services.cache,
        defaultModel: settings.DEFAULT_EMBEDDING_MODEL,
      }),
      ...createImages({ catalogue, attempt, ledger, defaultModel: settings.DEFAULT_IMAGE_MODEL }),
      listModels: createListing(catalogue, providers, settings),
      ...ledger.handlers,
    }
  },
})
