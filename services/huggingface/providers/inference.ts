// Inference Providers behind Hugging Face's router, dedicated endpoints, and servers of that kind.
import { getProviderHelper, makeRequestOptionsFromResolvedModel, PROVIDERS } from '@huggingface/inference'
import type { InferenceProvider, InferenceTask } from '@huggingface/inference'
import { cancelled, CodedError, invalid, notFound, precondition, unavailable } from '#mesh/errors.ts'
import type { Outbound } from '#mesh/outbound.ts'
import type { SecretsOfCall } from '#mesh/secrets.ts'
import type { Catalogue, Served } from '../catalogue.ts'
import { toCoded, wordsOf } from '../failures.ts'
import { readMedia } from '../media.ts'
import type { Ask, AskPart, HuggingfaceSettings, Provider } from '../provider.ts'
import { problemsOf } from '../shape.ts'
import { readEvents, readGenerated, readWholeAnswer } from '../stream.ts'
import { isRecord } from '../task.ts'
import type { Task } from '../task.ts'
import { reach, readJsonAnswer, readWhole } from '../wire.ts'
import type { WireAnswer, WireLimits, WireRequest } from '../wire.ts'

const ROUTER = 'https://router.huggingface.co'
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

/** Where an ask goes. */
interface Target {
  /** Of the SDK's. */
  readonly helper: ReturnType<typeof getProviderHelper>
  /** What it calls the model. */
  readonly model: string
  readonly endpoint: string
  readonly token: string
  readonly outbound: Pick<Outbound, 'open'>
  readonly served?: Served
}

export function createInference(options: InferenceOptions): Provider {
  return {
    async *run(ask, secrets, signal) {
      const target = await findTarget(ask, options, secrets, signal)
      const request = await toRequest(ask, target, options.settings)
      const answer = yield* reach(request, options.limits, signal)
      yield* readAnswer(ask, target, { request, answer, options }, signal)
    },
  }
}

async function findTarget(
  ask: Ask,
  { settings, catalogue, trusted, guarded }: InferenceOptions,
  secrets: SecretsOfCall,
  signal: AbortSignal,
): Promise<Target> {
  const { task, model, provider } = ask
  const pipeline = pipelineOf(task)
  const own = await secrets.get('HF_TOKEN')
  const at = (endpoint: string, token: string, outbound: Pick<Outbound, 'open'>): Target => ({
    helper: getProviderHelper('hf-inference', pipeline),
    model: model || 'tgi',
    endpoint,
    token,
    outbound,
  })
  if (ask.endpoint !== '') {
    // The instance's key is for nobody's server but Hugging Face's, a user's for no stranger's.
    const isTheirs = HUGGING_FACE.test(new URL(ask.endpoint).hostname) && ask.endpoint.startsWith('https:')
    return at(ask.endpoint, isTheirs ? (own ?? '') : '', guarded)
  }
  const token = own ?? settings.HF_TOKEN
  if (settings.HF_ENDPOINT_URL !== '' && provider === '') return at(settings.HF_ENDPOINT_URL, token, trusted)
  if (token === '' && settings.HF_BASE_URL === '')
    throw precondition(
      '"huggingface" needs a key: set HF_TOKEN, or add a secret of that name under Account > Secrets',
      {
        reason: 'NO_KEY',
        details: { secret: 'HF_TOKEN' },
      },
    )
  const isAny = provider === '' || provider === 'auto'
  if (isAny && pipeline === 'conversational') return { ...at('', token, trusted), model }
  const served = chooseServer(ask, pipeline, await catalogue.serversOf(model, token, signal))
  const helper = getProviderHelper(served.provider as InferenceProvider, pipeline)
  return { helper, model: served.providerId, endpoint: '', token, outbound: trusted, served }
}

const pipelineOf = ({ name, pipeline }: Task): InferenceTask => (pipeline ?? name) as InferenceTask

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

async function toRequest(ask: Ask, target: Target, settings: HuggingfaceSettings): Promise<WireRequest> {
  const { helper, model, endpoint, token, outbound, served } = target
  const task = pipelineOf(ask.task)
  try {
    const args = await toArgs(ask, target)
    const made = makeRequestOptionsFromResolvedModel(
      model,
      helper,
      { ...args, ...(endpoint === '' ? {} : { endpointUrl: endpoint }) } as Parameters<
        typeof makeRequestOptionsFromResolvedModel
      >[2],
      served && { ...served, hfModelId: ask.model, status: 'live', task: served.task as never },
      { task, outputType: 'json' },
    )
    const isAuto = endpoint === '' && !served
    const base = (settings.HF_BASE_URL || ROUTER).replace(/\/+$/, '')
    const headers = Object.fromEntries(
      Object.entries(made.info.headers as Record<string, string>).filter(([name]) => !/^authorization$/i.test(name)),
    )
    if (endpoint === '' && !made.url.startsWith(`${ROUTER}/`)) throw invalid(`${made.url} is not the router's`)
    const { body } = made.info
    const isBinary = body instanceof Blob
    return {
      url: isAuto ? `${base}/v1/chat/completions` : made.url.replace(ROUTER, base),
      headers: isBinary ? { ...headers, 'Content-Type': body.type } : headers,
      body: isBinary ? new Uint8Array(await body.arrayBuffer()) : (body as string),
      token,
      model: ask.model || new URL(endpoint).host,
      isEndpoint: endpoint !== '',
      outbound,
    }
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw invalid(`the request cannot be made: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** What the SDK's functions take. */
async function toArgs({ task, inputs, parameters, media }: Ask, { helper, served }: Target): Promise<object> {
  const hasParameters = Object.keys(parameters).length > 0
  if (task.name === 'chat-completion')
    return { ...parameters, ...(inputs as object), stream: true, stream_options: { include_usage: true } }
  if (task.name === 'text-generation') return { inputs, parameters, stream: true }
  if (!media) return { inputs, ...(hasParameters ? { parameters } : {}) }
  const blob = new Blob([Uint8Array.from(media.bytes)], { type: media.mediaType })
  if (served && served.provider !== 'hf-inference' && 'preparePayloadAsync' in helper) {
    const prepare = helper.preparePayloadAsync as (args: object) => Promise<object>
    return prepare.call(helper, { inputs: blob, ...(hasParameters ? { parameters } : {}) })
  }
  return hasParameters ? { inputs: Buffer.from(media.bytes).toString('base64'), parameters } : { data: blob }
}

interface Exchange {
  readonly request: WireRequest
  readonly answer: WireAnswer
  readonly options: InferenceOptions
}

async function* readAnswer(
  { task, inputs }: Ask,
  target: Target,
  { request, answer, options }: Exchange,
  signal: AbortSignal,
): AsyncGenerator<AskPart> {
  if (task.streams && answer.contentType === 'text/event-stream')
    return yield* readGenerated(readEvents(answer.body), request)
  if (task.streams) return yield* readWholeAnswer(await readJsonAnswer(answer, request), request.model, request.token)
  if (task.gives === 'image' || task.gives === 'audio') {
    const isMedia = /^(image|audio)\/|^application\/octet-stream$/.test(answer.contentType)
    const given = isMedia && isPlain(target) ? answer : await normalize(target, request, answer, signal)
    const mediaType = yield* readMedia(given, task.gives, { model: request.model, outbound: options.guarded }, signal)
    return yield { finish: true, model: request.model, mediaType }
  }
  const raw = await normalize(target, request, answer, signal)
  const found = task.read?.(raw, inputs) ?? raw
  const [problem] = problemsOf(task.result ?? {}, found, '')
  if (problem)
    throw unavailable(
      `"${request.model}" answers in a shape that is not ${task.name}: ${problem.path.replace(/^\./, '') || 'the answer'} ${problem.message}`,
    )
  if (task.gives === 'json') yield { result: found }
  else if (typeof found === 'string') yield { text: found }
  else if (isRecord(found)) {
    const { text, ...more } = found
    yield { text: String(text) }
    if (Object.keys(more).length > 0) yield { result: more }
  }
  yield { finish: true, model: request.model }
}

/** Whether answers are as the hub's own inference and endpoints write them. */
const isPlain = ({ served }: Target): boolean => !served || served.provider === 'hf-inference'

/** An answer as the task's own reader takes it; that of another provider as the SDK reads it. */
async function normalize(
  target: Target,
  request: WireRequest,
  answer: WireAnswer,
  signal: AbortSignal,
): Promise<unknown> {
  if (isPlain(target)) return readJsonAnswer(answer, request)
  const { helper, served } = target
  const isJson = /^application\/([\w.-]+\+)?json$/.test(answer.contentType)
  const given = isJson
    ? await readJsonAnswer(answer, request)
    : new Blob([Uint8Array.from(await readWhole(answer.body))], { type: answer.contentType })
  const headers = { ...request.headers, Authorization: `Bearer ${request.token}` }
  try {
    return await helper.getResponse(given, request.url, headers, 'json', signal)
  } catch (error) {
    if (signal.aborted) throw cancelled()
    if (hasResponse(error)) {
      const { status, body } = error.httpResponse
      throw toCoded({ status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) }, request)
    }
    const said = wordsOf(error instanceof Error ? error.message : String(error), request.token)
    throw unavailable(`"${request.model}" at ${served?.provider}: ${said}`, { cause: error })
  }
}

function hasResponse(error: unknown): error is { httpResponse: { status: number; body: unknown } } {
  return error instanceof Error && 'httpResponse' in error
}
