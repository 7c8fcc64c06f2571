// Open models behind Hugging Face's router, through the huggingface service: it knows the wire, keys, loading and retries.
import type { HuggingfaceServiceDefinition, RunFinish } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { invalid, unavailable } from '#mesh/errors.ts'
import type { Client } from '#mesh/service.ts'
import type {
  Ability,
  ModelKind,
  ProviderCall,
  ProviderDefinition,
  ProviderEmbedding,
  ProviderEmbedRequest,
  ProviderFinish,
  ProviderImage,
  ProviderImageRequest,
  ProviderModel,
  ProviderNotice,
  ProviderPart,
  ProviderRequest,
  ToolCall,
} from '../provider.ts'
import { toBody } from './chat-body.ts'

type Huggingface = Client<typeof HuggingfaceServiceDefinition>

export default {
  name: 'huggingface',
  title: 'Hugging Face',
  about: 'Open models at Inference Providers: get a token at https://huggingface.co/settings/tokens, and set HF_TOKEN',
  secret: 'HF_TOKEN',
  open: ({ services: { huggingface } }) => ({
    needsKey: true,
    retriesItself: true,
    models: call => listModels(huggingface, call),
    complete: (request, call) => complete(huggingface, request, call),
    embed: (request, call) => embed(huggingface, request, call),
    image: (request, call) => paint(huggingface, request, call),
  }),
} satisfies ProviderDefinition

const KINDS = [
  ['chat-completion', 'chat'],
  ['feature-extraction', 'embedding'],
  ['text-to-image', 'image'],
] as const satisfies readonly (readonly [task: string, kind: ModelKind])[]
const ABILITIES: readonly string[] = ['tools', 'images', 'schema'] satisfies readonly Ability[]

/** What is served now. Where only its chats can be told, those. */
async function listModels(huggingface: Huggingface, { options }: ProviderCall): Promise<readonly ProviderModel[]> {
  const [chats, ...others] = await Promise.allSettled(
    KINDS.map(async ([task, kind]) => {
      const { models } = await huggingface.listModels({ task, served: true }, options)
      return models.map(({ id, contextTokens, inputPrice, outputPrice, abilities, providers }): ProviderModel => {
        const able = abilities.filter((one): one is Ability => ABILITIES.includes(one))
        return {
          name: id,
          kind,
          about: aboutOf(providers, inputPrice !== undefined),
          ...(contextTokens > 0 ? { contextTokens } : {}),
          ...(inputPrice === undefined ? {} : { inputPrice }),
          ...(outputPrice === undefined ? {} : { outputPrice }),
          ...(able.length > 0 ? { abilities: able } : {}),
        }
      })
    }),
  )
  if (chats?.status === 'rejected') throw chats.reason as Error
  return [chats, ...others].flatMap(one => (one?.status === 'fulfilled' ? one.value : []))
}

function aboutOf(providers: readonly string[], isPriced: boolean): string {
  if (providers.length === 0) return ''
  return `served by ${providers.join(', ')}${isPriced && providers.length > 1 ? '; the price is the dearest' : ''}`
}

async function* complete(
  huggingface: Huggingface,
  request: ProviderRequest,
  { options }: ProviderCall,
): AsyncGenerator<ProviderPart> {
  const { model, messages, stream: _, stream_options: __, ...parameters } = toBody(request, {}, 'Hugging Face')
  const asked = { task: 'chat-completion', model, inputs: toJson({ messages }), parameters: toJson(parameters) }
  let characters = 0
  for await (const { part } of huggingface.run(asked, options)) {
    if (part?.$case === 'text') {
      characters += part.value.length
      yield { text: part.value }
    } else if (part?.$case === 'reasoning') {
      characters += part.value.length
      yield { reasoning: part.value }
    } else if (part?.$case === 'progress') yield { notice: noticeOf(part.value) }
    else if (part?.$case === 'result')
      for (const toolCall of toolCallsIn(part.value)) {
        characters += toolCall.arguments.length
        yield { toolCall }
      }
    else if (part?.$case === 'finish') return yield toFinish(part.value, request, characters)
  }
  throw unavailable('the answer of the model broke off before its end')
}

const noticeOf = ({ text, fraction }: { text: string; fraction?: number | undefined }): string =>
  fraction === undefined ? text : `${text}: ${Math.round(fraction * 100)} %`

function toolCallsIn(result: Uint8Array): readonly ToolCall[] {
  const { toolCalls = [] } = JSON.parse(Buffer.from(result).toString()) as { toolCalls?: readonly ToolCall[] }
  return toolCalls.map((call, index) => ({ ...call, id: call.id || `call_${index}` }))
}

const REASONS: readonly string[] = ['stop', 'length', 'filtered', 'tools'] satisfies readonly ProviderFinish['reason'][]
const CHARACTERS_OF_A_TOKEN = 4

/** What the server did not count is estimated. */
function toFinish(finish: RunFinish, { messages }: ProviderRequest, characters: number): ProviderFinish {
  const given = messages.reduce((sum, { content }) => sum + content.length, 0)
  return {
    reason: REASONS.includes(finish.reason) ? (finish.reason as ProviderFinish['reason']) : 'stop',
    usage: {
      inputTokens: finish.inputTokens || Math.ceil(given / CHARACTERS_OF_A_TOKEN),
      outputTokens: finish.outputTokens || Math.ceil(characters / CHARACTERS_OF_A_TOKEN),
    },
  }
}

async function embed(
  huggingface: Huggingface,
  { model, texts, dimensions }: ProviderEmbedRequest,
  { options }: ProviderCall,
): Promise<ProviderEmbedding> {
  const asked = { task: 'feature-extraction', model, inputs: toJson(texts) }
  for await (const { part } of huggingface.run(asked, options)) {
    if (part?.$case !== 'result') continue
    const vectors: unknown = JSON.parse(Buffer.from(part.value).toString())
    if (!isVectors(vectors) || vectors.length !== texts.length)
      throw unavailable(`"${model}" makes no vector of each text: expected a model of sentence vectors`)
    const length = vectors[0]?.length ?? 0
    if (dimensions !== undefined && dimensions !== length)
      throw invalid([
        { path: 'dimensions', message: `"${model}" makes vectors of ${length} numbers, not ${dimensions}` },
      ])
    const characters = texts.reduce((sum, text) => sum + text.length, 0)
    return { vectors, usage: { inputTokens: Math.ceil(characters / CHARACTERS_OF_A_TOKEN), outputTokens: 0 } }
  }
  throw unavailable('the answer of the model broke off before its end')
}

function isVectors(value: unknown): value is readonly (readonly number[])[] {
  return (
    Array.isArray(value) &&
    value.every((row: unknown) => Array.isArray(row) && row.every(one => typeof one === 'number'))
  )
}

async function* paint(
  huggingface: Huggingface,
  { model, prompt, size, seed }: ProviderImageRequest,
  { options }: ProviderCall,
): AsyncGenerator<ProviderNotice | ProviderImage> {
  const [width, height] = size?.split('x').map(Number) ?? []
  const parameters = { ...(width && height ? { width, height } : {}), ...(seed === undefined ? {} : { seed }) }
  const asked = { task: 'text-to-image', model, inputs: toJson(prompt), parameters: toJson(parameters) }
  const pieces: Uint8Array[] = []
  for await (const { part } of huggingface.run(asked, options)) {
    if (part?.$case === 'progress') yield { notice: noticeOf(part.value) }
    else if (part?.$case === 'data') pieces.push(part.value)
    else if (part?.$case === 'finish') {
      const { mediaType, inputTokens, outputTokens } = part.value
      return yield { mediaType, bytes: Buffer.concat(pieces), usage: { inputTokens, outputTokens } }
    }
  }
  throw unavailable('the picture of the model broke off before its end')
}

const toJson = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
