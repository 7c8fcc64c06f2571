import type { CompleteRequest, Message, Tool } from '#gen/spellmesh/completion/v1/completion.ts'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import { isObject, parseJson } from './json.ts'
import type { JsonObject } from './json.ts'
import type { ProviderMessage, ProviderRequest, ProviderTool, ToolCall } from './provider.ts'
import { problemOfSchema } from './schema.ts'

const ROLES = ['system', 'user', 'assistant', 'tool'] as const
const EFFORTS = ['low', 'medium', 'high'] as const
const MOST_CHARACTERS = 2_000_000
const MOST_IMAGES = 32
const MOST_TOOLS = 128
const MOST_FALLBACKS = 8
const MOST_BIASES = 1_024
const NAME = /^[A-Za-z0-9_-]{1,64}$/
const IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/

type Refuse = (path: string, message: string) => void

/** A request without the model's name. */
export type CheckedRequest = Omit<ProviderRequest, 'model' | 'abilities' | 'idempotencyKey'>

/** Checks a request. Throws INVALID_ARGUMENT with every bad field. */
export function readRequest(request: CompleteRequest): CheckedRequest {
  const problems: Problem[] = []
  const refuse: Refuse = (path, message) => void problems.push({ path, message })
  const messages = readMessages(request.messages, refuse)
  const { stop, seed } = request
  const sampling = readSampling(request, refuse)
  if (stop.length > 4) refuse('stop', `${stop.length} texts; at most 4`)
  stop.forEach((one, index) => one === '' && refuse(`stop[${index}]`, 'must not be empty'))
  const tools = readTools(request, refuse)
  const schema = readSchema(request.responseSchema, refuse)
  const effort = readEffort(request.reasoningEffort, refuse)
  readNames(request, refuse)
  if (problems.length > 0) throw invalid(problems)
  const { temperature, maxTokens, ...further } = sampling
  // In this order, and without what is not set: answers are kept under its hash.
  return {
    messages,
    stop,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(seed === undefined ? {} : { seed }),
    ...further,
    ...tools,
    ...schema,
    ...effort,
  }
}

function readSampling(request: CompleteRequest, refuse: Refuse) {
  const { temperature, maxTokens, topP, frequencyPenalty, presencePenalty, logitBias } = request
  const ranges = [
    ['temperature', temperature, 0, 2],
    ['topP', topP, 0, 1],
    ['frequencyPenalty', frequencyPenalty, -2, 2],
    ['presencePenalty', presencePenalty, -2, 2],
  ] as const
  for (const [path, value, least, most] of ranges)
    if (value !== undefined && !(value >= least && value <= most))
      refuse(path, `${value} is not from ${least} to ${most}`)
  if (maxTokens === 0) refuse('maxTokens', 'expected at least 1')
  const biases = Object.entries(logitBias)
  if (biases.length > MOST_BIASES) refuse('logitBias', `${biases.length} tokens; at most ${MOST_BIASES}`)
  for (const [token, bias] of biases.slice(0, MOST_BIASES)) {
    if (!/^\d{1,10}$/.test(token)) refuse(`logitBias["${token}"]`, 'expected the number of a token')
    if (!(bias >= -100 && bias <= 100)) refuse(`logitBias["${token}"]`, `${bias} is not from -100 to 100`)
  }
  return {
    temperature,
    maxTokens,
    ...(topP === undefined ? {} : { topP }),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
    ...(biases.length === 0 ? {} : { logitBias }),
  }
}

function readMessages(messages: readonly Message[], refuse: Refuse): readonly ProviderMessage[] {
  if (messages.length === 0) refuse('messages', 'expected at least one')
  const called = new Set<string>()
  let images = 0
  const read = messages.flatMap((message, index): readonly ProviderMessage[] => {
    const path = `messages[${index}]`
    const role = ROLES.find(one => one === message.role)
    if (!role) refuse(`${path}.role`, `"${message.role}" is none of ${ROLES.join(', ')}`)
    images += message.images.length
    message.images.forEach(({ url }, at) => refuseImage(url, `${path}.images[${at}].url`, refuse))
    if (role && role !== 'user' && message.images.length > 0) refuse(`${path}.images`, 'belong to messages of user')
    const toolCalls = readToolCalls(message, path, refuse)
    for (const { id } of toolCalls) called.add(id)
    const { content, toolCallId } = message
    if (role === 'tool' && !called.has(toolCallId))
      refuse(`${path}.toolCallId`, `"${toolCallId}" is the id of no tool call before it`)
    if (role && role !== 'tool' && toolCallId !== '') refuse(`${path}.toolCallId`, 'belongs to messages of tool')
    if (!role) return []
    return [
      {
        role,
        content,
        ...(message.images.length === 0 ? {} : { images: message.images.map(({ url }) => url) }),
        ...(toolCalls.length === 0 ? {} : { toolCalls }),
        ...(role === 'tool' ? { toolCallId } : {}),
      },
    ]
  })
  if (images > MOST_IMAGES) refuse('messages', `have ${images} images; at most ${MOST_IMAGES}`)
  const size = messages.reduce((sum, { content }) => sum + content.length, 0)
  if (size > MOST_CHARACTERS) refuse('messages', `take ${size} characters; at most ${MOST_CHARACTERS}`)
  return read
}

function refuseImage(url: string, path: string, refuse: Refuse): void {
  if (url.startsWith('data:')) {
    if (!IMAGE.test(url))
      refuse(path, `${quoted(url)} is not an image: expected a data URL of PNG, JPEG, GIF or WebP in base64`)
    return
  }
  const parsed = URL.parse(url)
  if (parsed?.protocol !== 'https:' || parsed.username !== '' || parsed.password !== '')
    refuse(path, `${quoted(url)} is neither a data URL nor an https URL`)
}

const quoted = (text: string) => `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`

function readToolCalls({ role, toolCalls }: Message, path: string, refuse: Refuse): readonly ToolCall[] {
  if (role !== 'assistant' && toolCalls.length > 0) refuse(`${path}.toolCalls`, 'belong to messages of assistant')
  return toolCalls.map(({ id, name, arguments: given }, at) => {
    const own = `${path}.toolCalls[${at}]`
    if (id === '') refuse(`${own}.id`, 'must not be empty')
    if (toolCalls.some((other, before) => before < at && other.id === id)) refuse(`${own}.id`, `"${id}" is there twice`)
    if (!NAME.test(name)) refuse(`${own}.name`, `"${name}" does not match ${NAME.source}`)
    if (parseJson(given) === undefined) refuse(`${own}.arguments`, 'expected JSON')
    return { id, name, arguments: given }
  })
}

function readTools(request: CompleteRequest, refuse: Refuse) {
  const { toolChoice, parallelToolCalls } = request
  if (request.tools.length > MOST_TOOLS) refuse('tools', `${request.tools.length}; at most ${MOST_TOOLS}`)
  const names = new Set<string>()
  const tools = request.tools.map((tool, index) => {
    const path = `tools[${index}]`
    if (!NAME.test(tool.name)) refuse(`${path}.name`, `"${tool.name}" does not match ${NAME.source}`)
    else if (names.has(tool.name)) refuse(`${path}.name`, `"${tool.name}" is there twice`)
    names.add(tool.name)
    return readTool(tool, path, refuse)
  })
  const isWord = toolChoice === 'none' || toolChoice === 'auto' || toolChoice === ''
  if (!isWord && toolChoice !== 'required' && !names.has(toolChoice))
    refuse('toolChoice', `"${toolChoice}" is none of auto, none, required or a tool's name`)
  if (toolChoice === 'required' && tools.length === 0) refuse('toolChoice', '"required" needs at least one tool')
  if (tools.length === 0) return {}
  const choice = isWord || toolChoice === 'required' ? toolChoice : { name: toolChoice }
  return {
    tools,
    ...(choice === '' ? {} : { toolChoice: choice }),
    ...(parallelToolCalls === undefined ? {} : { parallelToolCalls }),
  }
}

function readTool({ name, description, parameters: bytes }: Tool, path: string, refuse: Refuse): ProviderTool {
  const given = bytes.length === 0 ? EMPTY : parseJson(text(bytes))
  const parameters = isObject(given) ? given : EMPTY
  const type = parameters['type']
  const problem = !isObject(given)
    ? 'expected a JSON Schema of an object'
    : type !== undefined && type !== 'object'
      ? `expected a JSON Schema of an object, not of ${JSON.stringify(type)}`
      : problemOfSchema(parameters)
  if (problem !== undefined) refuse(`${path}.parameters`, problem)
  return { name, description, parameters: type === undefined ? { type: 'object', ...parameters } : parameters }
}
const EMPTY: JsonObject = { type: 'object', properties: {} }

function readSchema(bytes: Uint8Array, refuse: Refuse): { responseSchema?: JsonObject } {
  if (bytes.length === 0) return {}
  const responseSchema = parseJson(text(bytes))
  const problem = isObject(responseSchema) ? problemOfSchema(responseSchema) : 'expected a JSON Schema, an object'
  if (problem !== undefined) refuse('responseSchema', problem)
  return isObject(responseSchema) ? { responseSchema } : {}
}

function readEffort(given: string, refuse: Refuse): Pick<ProviderRequest, 'reasoningEffort'> {
  const reasoningEffort = EFFORTS.find(one => one === given)
  if (reasoningEffort) return { reasoningEffort }
  if (given !== '') refuse('reasoningEffort', `"${given}" is none of ${EFFORTS.join(', ')}`)
  return {}
}

function readNames({ fallbacks, limits }: CompleteRequest, refuse: Refuse): void {
  if (fallbacks.length > MOST_FALLBACKS) refuse('fallbacks', `${fallbacks.length} models; at most ${MOST_FALLBACKS}`)
  fallbacks.forEach((one, index) => one === '' && refuse(`fallbacks[${index}]`, 'expected the name of a model'))
  limits.forEach(({ scope, cost }, index) => {
    if (scope !== 'node' && scope !== 'run') refuse(`limits[${index}].scope`, `"${scope}" is neither node nor run`)
    if (!(cost >= 0 && cost < Infinity)) refuse(`limits[${index}].cost`, `${cost} is no sum of dollars`)
  })
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')

const MOST_KEY_CHARACTERS = 200

/** The idempotency key: of the call's metadata, else of the request; empty: there is none. Throws INVALID_ARGUMENT with what is wrong with it. */
export function readKey({ idempotencyKey }: CompleteRequest, given: string | undefined): string {
  const key = given ?? idempotencyKey
  const problem =
    key.length > MOST_KEY_CHARACTERS
      ? `is ${key.length} characters long; at most ${MOST_KEY_CHARACTERS}`
      : /[^\x20-\x7e]/.test(key)
        ? 'expected printable ASCII characters'
        : given !== undefined && idempotencyKey !== '' && given !== idempotencyKey
          ? `"${idempotencyKey}" is not "${given}", which the metadata says`
          : undefined
  if (problem !== undefined) throw invalid([{ path: 'idempotencyKey', message: problem }])
  return key
}
