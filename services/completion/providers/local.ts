// The built-in model: no network, no key, no weights. It answers every question with the same text every time, and says that it is a demo.
import { setTimeout as sleep } from 'node:timers/promises'
import { cancelled } from '#mesh/errors.ts'
import type { ProviderDefinition, ProviderMessage, ProviderModel, ProviderPart, ProviderRequest } from '../provider.ts'
import { embedLexically, LEXICAL_MODEL } from './local-embed.ts'
import { composeGrounded } from './local-grounded.ts'
import { sketch, SKETCH_MODEL } from './local-image.ts'
import { fillSchema } from './local-schema.ts'
import { composeText, topicOf } from './local-text.ts'
import { callTools, sayResults } from './local-tools.ts'

const MODELS: readonly ProviderModel[] = [
  {
    name: 'demo',
    about: 'Built in, offline, always the same answer: for trying things out. It understands nothing.',
    kind: 'chat',
    contextTokens: 128_000,
    outputTokens: 4_096,
    inputPrice: 0,
    outputPrice: 0,
    abilities: ['tools', 'images', 'schema', 'reasoning'],
  },
  LEXICAL_MODEL,
  SKETCH_MODEL,
]

export default {
  name: 'local',
  title: 'Built-in demo',
  about: 'offline and without a key: it shows how things work, and understands nothing',
  open: ({ settings: { LOCAL_MODEL_DELAY_MS: delayMs } }) => ({
    needsKey: false,
    isInstant: true,
    models: async () => MODELS,
    complete: (request, { signal }) => answer(request, delayMs, signal),
    embed: (request, call) => embedLexically(request, call),
    async *image(request) {
      yield sketch(request)
    },
  }),
} satisfies ProviderDefinition

async function* answer(request: ProviderRequest, delayMs: number, signal: AbortSignal): AsyncGenerator<ProviderPart> {
  const inputTokens = request.messages.reduce((sum, { content }) => sum + tokensOf(content).length, 0)
  let outputTokens = 0
  const usage = (reasoningTokens: number) => ({ inputTokens, outputTokens, reasoningTokens })
  const pause = async () => {
    if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) throw cancelled()
  }
  if (signal.aborted) throw cancelled()
  const thoughts = request.reasoningEffort ? tokensOf(think(request)) : []
  for (const reasoning of thoughts) {
    outputTokens++
    yield { reasoning }
    await pause()
  }
  const calls = callTools(request)
  for (const toolCall of calls) {
    outputTokens += tokensOf(`${toolCall.name} ${toolCall.arguments}`).length
    yield { toolCall }
    await pause()
  }
  if (calls.length > 0) return yield { reason: 'tools', usage: usage(thoughts.length) }
  for (const token of tokensOf(untilStop(compose(request), request))) {
    if (request.maxTokens !== undefined && outputTokens >= request.maxTokens)
      return yield { reason: 'length', usage: usage(thoughts.length) }
    outputTokens++
    yield { text: token }
    await pause()
  }
  yield { reason: 'stop', usage: usage(thoughts.length) }
}

function compose(request: ProviderRequest): string {
  const { messages, responseSchema } = request
  const asked = messages.findLast(({ role }) => role === 'user')
  if (responseSchema) return JSON.stringify(fillSchema(responseSchema, asked?.content ?? ''))
  if (messages.at(-1)?.role === 'tool') return sayResults(messages)
  const said = composeGrounded(request) ?? composeText(request)
  return asked?.images ? `${look(asked)} ${said}` : said
}

function think({ messages }: ProviderRequest): string {
  const asked = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  return `A thought of the built-in demo model: this seems to be about ${topicOf(asked)}.`
}

/** Tells of images what can be told without looking. */
function look({ images = [] }: ProviderMessage): string {
  const told = images.map(url => {
    const [, type = '', bytes = ''] = /^data:(image\/[a-z]+);base64,(.*)$/.exec(url) ?? []
    return type === '' ? `one at ${URL.parse(url)?.host}` : `${type}, ${Buffer.from(bytes, 'base64').length} bytes`
  })
  return `I see ${images.length === 1 ? 'an image' : `${images.length} images`} (${told.join('; ')}), and only pretend to look: demo.`
}

/** A word with the space before it. */
function tokensOf(text: string): readonly string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

function untilStop(text: string, { stop }: ProviderRequest): string {
  const ends = stop.map(one => text.indexOf(one)).filter(at => at >= 0)
  return ends.length > 0 ? text.slice(0, Math.min(...ends)) : text
}
