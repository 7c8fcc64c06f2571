// Inference Providers behind Hugging Face's router, dedicated endpoints, and servers of that kind: who is asked, with whose key.
import { getProviderHelper, PROVIDERS } from '@huggingface/inference'
import type { InferenceProvider, InferenceTask } from '@huggingface/inference'
import { invalid, isCoded, notFound, precondition } from '#mesh/errors.ts'
import type { Outbound } from '#mesh/outbound.ts'
import type { SecretsOfCall } from '#mesh/secrets.ts'
import type { Catalogue, Served } from '../catalogue.ts'
import { nearestNames } from '../nearest.ts'
import type { Ask, HuggingfaceSettings, Provider } from '../provider.ts'
import { TASKS } from '../tasks.ts'
import { reach } from '../wire.ts'
import type { WireLimits } from '../wire.ts'
import { pipelineOf, readAnswer, toRequest } from './inference-wire.ts'
import type { Target } from './inference-wire.ts'

/** Where a user's key for the hub may go besides the hub itself. */
const HUGGING_FACE = /(^|\.)(huggingface\.co|huggingface\.cloud|hf\.space)$/

export interface InferenceOptions {
  readonly settings: HuggingfaceSettings
  readonly catalogue: Catalogue
  readonly limits: WireLimits
  /** To what the operator named. */
  readonly trusted: Pick<Outbound, 'open'>
  /** To what users name. */
  readonly guarded: Pick<Outbound, 'open'>
}

export function createInference(options: InferenceOptions): Provider {
  return {
    async *run(ask, secrets, signal) {
      const token = await findToken(ask, options.settings, secrets)
      try {
        const target = await findTarget(ask, options, token, signal)
        const request = await toRequest(target, options.settings.HF_BASE_URL)
        const answer = yield* reach(request, options.limits, signal)
        yield* readAnswer(target, { request, answer, outbound: options.guarded }, signal)
      } catch (error) {
        throw await withNearest(error, ask, options.catalogue, token, signal)
      }
    },
  }
}

/** The user's key, else the instance's; empty: none goes along. */
async function findToken({ endpoint }: Ask, settings: HuggingfaceSettings, secrets: SecretsOfCall): Promise<string> {
  const own = await secrets.get('HF_TOKEN')
  if (endpoint === '') return own ?? settings.HF_TOKEN
  // The instance's key is for nobody's server but Hugging Face's, a user's for no stranger's.
  const isTheirs = HUGGING_FACE.test(new URL(endpoint).hostname) && endpoint.startsWith('https:')
  return isTheirs ? (own ?? '') : ''
}

async function findTarget(ask: Ask, options: InferenceOptions, token: string, signal: AbortSignal): Promise<Target> {
  const { settings, catalogue, trusted, guarded } = options
  const { task, model, provider } = ask
  const pipeline = pipelineOf(task)
  const at = (endpoint: string, outbound: Pick<Outbound, 'open'>): Target => ({
    ask,
    helper: getProviderHelper('hf-inference', pipeline),
    model: model || 'tgi',
    endpoint,
    token,
    outbound,
  })
  if (ask.endpoint !== '') return at(ask.endpoint, guarded)
  if (settings.HF_ENDPOINT_URL !== '' && provider === '') return at(settings.HF_ENDPOINT_URL, trusted)
  if (token === '' && settings.HF_BASE_URL === '')
    throw precondition(
      '"huggingface" needs a key: set HF_TOKEN, or add a secret of that name under Account > Secrets',
      { reason: 'NO_KEY', details: { secret: 'HF_TOKEN' } },
    )
  const isAny = provider === '' || provider === 'auto'
  if (isAny && pipeline === 'conversational') return at('', trusted)
  const servers = await catalogue.serversOf(model, token, signal)
  if (task.name === 'text-generation' && onlyChats(servers)) return findTarget(toChat(ask), options, token, signal)
  const served = chooseServer(ask, pipeline, servers)
  const helper = getProviderHelper(served.provider as InferenceProvider, pipeline)
  return { ask, helper, model: served.providerId, endpoint: '', token, outbound: trusted, served }
}

/** Most models of the router only chat. */
const onlyChats = (servers: readonly Served[]): boolean =>
  servers.some(({ task }) => task === 'conversational') && !servers.some(({ task }) => task === 'text-generation')

/** A text to go on with, as a chat. */
function toChat(ask: Ask): Ask {
  const {
    max_new_tokens: most,
    top_k: _,
    repetition_penalty: __,
    return_full_text: ___,
    ...parameters
  } = ask.parameters
  const task = TASKS.get('chat-completion') ?? ask.task
  const inputs = { messages: [{ role: 'user', content: ask.inputs }] }
  return { ...ask, task, inputs, parameters: { ...parameters, ...(most === undefined ? {} : { max_tokens: most }) } }
}

/** The same; of a model that is not there with the names that are most like it. */
async function withNearest(
  error: unknown,
  { task, model, endpoint }: Ask,
  catalogue: Catalogue,
  token: string,
  signal: AbortSignal,
): Promise<unknown> {
  if (!isCoded(error, 'NOT_FOUND') || endpoint !== '') return error
  const isChat = task.name === 'chat-completion'
  const word = /[a-z]{3,}|\d+/i.exec(model.slice(model.indexOf('/') + 1))?.[0] ?? ''
  try {
    const found = isChat
      ? await catalogue.chats('', token, signal)
      : await catalogue.models({ task: task.name, search: word, served: true }, token, signal)
    const names = nearestNames(
      model,
      found.map(({ id }) => id),
    ).map(name => `"${name}"`)
    return names.length === 0 ? error : notFound(`${error.message}; there are ${names.join(', ')}`, { cause: error })
  } catch {
    // What is wrong is told in any case.
    return error
  }
}

/** Of those who serve the model, the first that can do the task. */
function chooseServer({ task, model, provider }: Ask, pipeline: InferenceTask, servers: readonly Served[]): Served {
  const known = Object.entries(PROVIDERS).flatMap(([name, tasks]) =>
    pipeline in tasks && name !== 'openai' ? [name] : [],
  )
  if (provider !== '' && provider !== 'auto' && !known.includes(provider))
    throw invalid([
      {
        path: 'provider',
        message: `"${provider}" is nobody who serves ${task.name}: expected auto, ${known.join(', ')}`,
      },
    ])
  const able = servers.filter(
    one => known.includes(one.provider) && (one.task === pipeline || (VECTORS.has(one.task) && VECTORS.has(pipeline))),
  )
  const fitting = able.filter(one => provider === '' || provider === 'auto' || one.provider === provider)
  const found = fitting.find(({ status }) => status === 'live') ?? fitting[0]
  if (found) return found
  const others = servers.map(one => `${one.task} by ${one.provider}`)
  throw notFound(
    `nobody serves "${model}" for ${task.name}${provider ? ` at "${provider}"` : ''}; it is served for ${others.join(', ') || 'nothing'}: name another model, or an endpoint of your own`,
  )
}
const VECTORS = new Set(['feature-extraction', 'sentence-similarity'])
