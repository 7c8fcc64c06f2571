import type { Schema } from '@cfworker/json-schema'
import type { RunRequest } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import { sniff } from './media.ts'
import type { Ask, Media } from './provider.ts'
import { problemsOf } from './shape.ts'
import { isRecord } from './task.ts'
import type { Task } from './task.ts'
import { TASKS } from './tasks.ts'

const MOST_DATA_BYTES = 3 * 1024 * 1024
const MOST_DEPTH = 64
/** `owner/name` or `name`, with the word by which the router chooses among providers. */
const MODEL = /^(?!.*\.\.)[\w-][\w.-]{0,95}(\/[\w-][\w.-]{0,95})?(:[a-z0-9-]{1,40})?$/

/** Checks a request by its task's own shape. Throws INVALID_ARGUMENT with every bad field. */
export function readRun(request: RunRequest): Ask {
  const problems: Problem[] = []
  const task = TASKS.get(ALIASES[request.task] ?? request.task)
  if (!task)
    throw invalid([
      { path: 'task', message: `"${request.task}" is none of ${[...TASKS.keys()].toSorted().join(', ')}` },
    ])
  const { endpoint, provider } = request
  const model = request.model || (endpoint === '' ? task.usualModel : '')
  if (model !== '' && !MODEL.test(model))
    problems.push({ path: 'model', message: `"${model}" is not a model’s name: expected "owner/name"` })
  if (endpoint !== '' && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    problems.push({ path: 'endpoint', message: `"${endpoint}" is not a URL with http or https` })
  if (endpoint !== '' && provider !== '' && provider !== 'auto')
    problems.push({
      path: 'provider',
      message: `"${provider}" cannot be asked at an endpoint: expected one of the two`,
    })
  const inputs = readJson(request.inputs, null, { path: 'inputs', schema: task.inputs, problems })
  const parameters = readJson(request.parameters, {}, { path: 'parameters', schema: task.parameters, problems })
  const media = readMedia(request, task, problems)
  if (problems.length > 0) throw invalid(problems)
  return { task, model, provider, endpoint, inputs, parameters: isRecord(parameters) ? parameters : {}, media }
}

/** What the providers call it. */
const ALIASES: Readonly<Record<string, string>> = { conversational: 'chat-completion' }

interface Expected {
  readonly path: string
  readonly schema: Schema
  readonly problems: Problem[]
}

function readJson(bytes: Uint8Array, absent: unknown, { path, schema, problems }: Expected): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const value: unknown = text === '' ? absent : JSON.parse(text)
    if (isDeeper(value, MOST_DEPTH)) problems.push({ path, message: `is deeper than ${MOST_DEPTH} levels` })
    else problems.push(...problemsOf(schema, value, path))
    return value
  } catch (error) {
    problems.push({ path, message: `is not JSON: ${error instanceof Error ? error.message : String(error)}` })
    return absent
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(inner => isDeeper(inner, levels - 1))
}

function readMedia({ data, mediaType }: RunRequest, { name, takes }: Task, problems: Problem[]): Media | undefined {
  const refuse = (path: string, message: string) => void problems.push({ path, message })
  const found = sniff(data)
  if (!takes) {
    if (data.length > 0) refuse('data', `"${name}" takes no data`)
    return undefined
  }
  if (data.length === 0) refuse('data', `is empty; expected the bytes of ${takes === 'image' ? 'an image' : 'audio'}`)
  if (data.length > MOST_DATA_BYTES) refuse('data', `has ${data.length} bytes; at most ${MOST_DATA_BYTES}`)
  if (!new RegExp(`^${takes}/[\\w.+-]+$`).test(mediaType))
    refuse('mediaType', `"${mediaType}" is not a media type of ${takes}; expected e.g. "${EXAMPLES[takes]}"`)
  else if (takes === 'image' && data.length > 0 && !found?.startsWith('image/') && mediaType !== 'image/svg+xml')
    refuse('data', 'is not an image: expected PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF or HEIC')
  // Sound comes in more forms than can be told by their beginning.
  else if (takes === 'audio' && found?.startsWith('image/')) refuse('data', `is ${found}, not audio`)
  return { bytes: data, mediaType }
}

const EXAMPLES = { audio: 'audio/wav', image: 'image/png' }
