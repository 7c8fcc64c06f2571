// Requests and answers of each provider, as the vendor's SDK makes and reads them.
import { makeRequestOptionsFromResolvedModel } from '@huggingface/inference'
import type { getProviderHelper, InferenceTask } from '@huggingface/inference'
import { cancelled, CodedError, invalid, unavailable } from '#mesh/errors.ts'
import type { Outbound } from '#mesh/outbound.ts'
import type { Served } from '../catalogue.ts'
import { toCoded, wordsOf } from '../failures.ts'
import { readMedia } from '../media.ts'
import type { Ask, AskPart } from '../provider.ts'
import { problemsOf } from '../shape.ts'
import { readEvents, readGenerated, readWholeAnswer } from '../stream.ts'
import { isRecord } from '../task.ts'
import type { Task } from '../task.ts'
import { readJsonAnswer, readWhole } from '../wire.ts'
import type { WireAnswer, WireRequest } from '../wire.ts'

const ROUTER = 'https://router.huggingface.co'

/** Where an ask goes. */
export interface Target {
  readonly ask: Ask
  /** Of the SDK's. */
  readonly helper: ReturnType<typeof getProviderHelper>
  /** What it calls the model. */
  readonly model: string
  readonly endpoint: string
  readonly token: string
  readonly outbound: Pick<Outbound, 'open'>
  readonly served?: Served
}

/** What providers call a task. */
export const pipelineOf = ({ name, pipeline }: Task): InferenceTask => (pipeline ?? name) as InferenceTask

/** The request as its receiver takes it. */
export async function toRequest(target: Target, baseUrl: string): Promise<WireRequest> {
  const { ask, helper, model, endpoint, token, outbound, served } = target
  const task = pipelineOf(ask.task)
  try {
    const args = await toArgs(target)
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
    const base = (baseUrl || ROUTER).replace(/\/+$/, '')
    const headers = Object.fromEntries(
      Object.entries(made.info.headers as Record<string, string>).filter(([name]) => !/^authorization$/i.test(name)),
    )
    if (endpoint === '' && !made.url.startsWith(`${ROUTER}/`)) throw invalid(`${made.url} is not the router's`)
    const { body } = made.info
    // Bytes and forms say themselves what they are.
    const binary = typeof body === 'string' ? undefined : new Response(body)
    return {
      url: isAuto ? `${base}/v1/chat/completions` : made.url.replace(ROUTER, base),
      headers: binary ? { ...headers, ...typeOf(binary) } : headers,
      body: binary ? new Uint8Array(await binary.arrayBuffer()) : (body as string),
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

const typeOf = ({ headers }: Response): Readonly<Record<string, string>> => {
  const type = headers.get('content-type')
  return type === null ? {} : { 'Content-Type': type }
}

/** What the SDK's functions take. */
async function toArgs({ ask, helper, served }: Target): Promise<object> {
  const { task, inputs, parameters, media } = ask
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
  /** For addresses in answers. */
  readonly outbound: Pick<Outbound, 'open'>
}

/** What an answer says. Throws UNAVAILABLE where it is not what the task must give. */
export async function* readAnswer(
  target: Target,
  { request, answer, outbound }: Exchange,
  signal: AbortSignal,
): AsyncGenerator<AskPart> {
  const { task, inputs } = target.ask
  if (task.streams && answer.contentType === 'text/event-stream')
    return yield* readGenerated(readEvents(answer.body), request)
  if (task.streams) return yield* readWholeAnswer(await readJsonAnswer(answer, request), request.model, request.token)
  if (task.gives === 'image' || task.gives === 'audio') {
    const isMedia = /^(image|audio)\/|^application\/octet-stream$/.test(answer.contentType)
    const given = isMedia && isPlain(target) ? answer : await normalize(target, request, answer, signal)
    const mediaType = yield* readMedia(given, task.gives, { model: request.model, outbound }, signal)
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
