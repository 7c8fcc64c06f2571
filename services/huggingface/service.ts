import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { invalid } from '#mesh/errors.ts'
import { createOutbound, OUTBOUND_SETTINGS } from '#mesh/outbound.ts'
import { createSecrets } from '#mesh/secrets.ts'
import { defineService } from '#mesh/service.ts'
import { httpUrl, integer, secret } from '#mesh/settings.ts'
import { createCatalogue } from './catalogue.ts'
import { toResponse } from './answer.ts'
import { createLocal } from './providers/local.ts'
import { readRun } from './request.ts'
import { TASKS } from './tasks.ts'

const HUB = 'https://huggingface.co'
const ROUTER = 'https://router.huggingface.co'

export default defineService({
  contract: HuggingfaceServiceDefinition,
  settings: {
    HF_TOKEN: secret('key of Hugging Face for everybody here; users may keep one of their own'),
    HF_BASE_URL: httpUrl('where Inference Providers are reached; none: https://router.huggingface.co'),
    HF_HUB_URL: httpUrl('where the hub answers; none: https://huggingface.co'),
    HF_ENDPOINT_URL: httpUrl(
      'a dedicated endpoint, or a server of that kind, that is asked in place of Inference Providers',
    ),
    HF_TIMEOUT_MS: integer('longest silence of a model’s server, in milliseconds', 120_000, { min: 100 }),
    HF_LOAD_TIMEOUT_MS: integer('longest wait for a model that is being loaded, in milliseconds', 300_000),
    ...OUTBOUND_SETTINGS,
  },
  uses: { user: UserServiceDefinition },
  start({ settings, services, bus, onStop }) {
    const named = [settings.HF_BASE_URL, settings.HF_HUB_URL, settings.HF_ENDPOINT_URL].filter(Boolean)
    const connections = 1024
    const guarded = createOutbound({ ...settings, connections })
    const trusted = createOutbound({ OUTBOUND_ALLOW: named.map(url => new URL(url).host).join(','), connections })
    onStop(async () => {
      await Promise.all([guarded[Symbol.asyncDispose](), trusted[Symbol.asyncDispose]()])
    })
    const limits = { timeoutMs: settings.HF_TIMEOUT_MS, loadTimeoutMs: settings.HF_LOAD_TIMEOUT_MS }
    const hub = (settings.HF_HUB_URL || HUB).replace(/\/+$/, '')
    const router = (settings.HF_BASE_URL || ROUTER).replace(/\/+$/, '')
    const catalogue = createCatalogue({ hub, router, outbound: trusted, limits })
    const secrets = createSecrets({ service: 'huggingface', user: services.user, bus })
    // Its library is large, and many an instance never asks it.
    const openInference = async () => {
      const { createInference } = await import('./providers/inference.ts')
      return createInference({ settings, catalogue, limits, trusted, guarded })
    }
    let inference: ReturnType<typeof openInference> | undefined
    const local = createLocal()

    return {
      async *run(request, call) {
        const ask = readRun(request)
        const isLocal = ask.endpoint === '' && ask.model.startsWith('local/')
        const provider = isLocal ? local : await (inference ??= openInference())
        for await (const part of provider.run(ask, secrets.of(call), call.signal)) yield toResponse(part)
      },
      async listTasks() {
        return {
          tasks: [...TASKS.values()].map(({ name, about, inputs, parameters, gives, takes = '', usualModel }) => ({
            name,
            about,
            inputs: Buffer.from(JSON.stringify(inputs)),
            parameters: Buffer.from(JSON.stringify(parameters)),
            gives,
            takes,
            usualModel,
          })),
        }
      },
      async listModels({ task, search, served }, call) {
        if (task !== '' && !TASKS.has(task))
          throw invalid([{ path: 'task', message: `"${task}" is none of ${[...TASKS.keys()].toSorted().join(', ')}` }])
        const token = (await secrets.of(call).get('HF_TOKEN')) ?? settings.HF_TOKEN
        const isChat = task === 'chat-completion'
        // The hub knows chats as text generation.
        const wanted = { task: isChat ? 'text-generation' : task, search, served }
        const models =
          isChat && served
            ? await catalogue.chats(search, token, call.signal)
            : await catalogue.models(wanted, token, call.signal)
        return { models: [...models] }
      },
    }
  },
})
