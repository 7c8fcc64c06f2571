// What a vendor's stream says, whatever order and dialect it says it in.
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { unavailable } from '#mesh/errors.ts'
import type { ProviderFinish, ProviderPart, ProviderUsage, ToolCall } from '../provider.ts'
import { createThinkSplitter } from './think-tags.ts'

/** Reads the chunks of one answer. */
export interface ChatReader {
  /** The parts of a chunk; tool calls come at the end. */
  read(chunk: ChatCompletionChunk): Iterable<ProviderPart>
  /** What is left when the stream is over: tool calls and the finish. Throws UNAVAILABLE where the answer broke off, or a tool call makes no sense. */
  end(): Iterable<ProviderPart>
}

export interface ChatReaderOptions {
  readonly thinkTags: boolean
  /** What the request takes, where the vendor does not tell. */
  readonly inputTokens: number
}

/** Servers send what the types do not promise. */
interface LooseDelta {
  readonly content?: unknown
  readonly refusal?: unknown
  readonly reasoning_content?: unknown
  readonly reasoning?: unknown
  readonly tool_calls?: unknown
}

export function createChatReader({ thinkTags, inputTokens }: ChatReaderOptions): ChatReader {
  const calls = createToolCalls()
  const splitter = thinkTags ? createThinkSplitter() : undefined
  let reason: ProviderFinish['reason'] | undefined
  let usage: ProviderUsage | undefined
  let [said, thought] = [0, 0]
  const counted = function* (parts: Iterable<ProviderPart>): Generator<ProviderPart> {
    for (const part of parts) {
      if ('text' in part) said += part.text.length
      else if ('reasoning' in part) thought += part.reasoning.length
      yield part
    }
  }
  const readDelta = function* (delta: LooseDelta): Generator<ProviderPart> {
    const { content, refusal, reasoning_content: older, reasoning: newer } = delta
    const reasoning = typeof older === 'string' && older !== '' ? older : newer
    if (typeof reasoning === 'string' && reasoning !== '') yield { reasoning }
    for (const text of [content, refusal]) {
      if (typeof text !== 'string' || text === '') continue
      if (splitter) yield* splitter.take(text)
      else yield { text }
    }
    if (Array.isArray(delta.tool_calls)) calls.take(delta.tool_calls)
  }
  return {
    *read(chunk) {
      refuseError(chunk)
      const [choice] = chunk.choices ?? []
      if (choice?.delta) yield* counted(readDelta(choice.delta as LooseDelta))
      if (choice?.finish_reason) reason = toReason(choice.finish_reason)
      usage = readUsage(chunk) ?? usage
    },
    *end() {
      if (splitter) yield* counted(splitter.end())
      if (!reason) throw unavailable('the answer of the model broke off before its end')
      const whole = calls.end(reason)
      for (const toolCall of whole) yield { toolCall }
      const letters = whole.reduce(
        (sum, { name, arguments: given }) => sum + name.length + given.length,
        said + thought,
      )
      const told = usage ?? { inputTokens: 0, outputTokens: 0 }
      yield {
        reason: whole.length > 0 && reason === 'stop' ? 'tools' : reason,
        usage: {
          ...told,
          inputTokens: told.inputTokens || inputTokens,
          outputTokens: told.outputTokens || Math.ceil(letters / 4),
        },
      }
    },
  }
}

/** Some vendors put an error where a chunk should be. */
function refuseError(chunk: object): void {
  const error: unknown = 'error' in chunk ? chunk.error : undefined
  if (!error) return
  const message = typeof error === 'object' && 'message' in error ? error.message : error
  throw unavailable(`the model's provider failed in the middle: ${String(message).slice(0, 1_000)}`)
}

function toReason(reason: string): ProviderFinish['reason'] {
  if (reason === 'length' || reason === 'max_tokens') return 'length'
  if (reason === 'content_filter') return 'filtered'
  return reason === 'tool_calls' || reason === 'function_call' ? 'tools' : 'stop'
}

/** Counts that are none are 0. */
const toCount = (value: unknown): number =>
  typeof value === 'number' && value > 0 && value < 2 ** 32 ? Math.floor(value) : 0

/** Groq says it elsewhere. */
function readUsage(chunk: ChatCompletionChunk & { x_groq?: { usage?: object } }): ProviderUsage | undefined {
  const usage = (chunk.usage ?? chunk.x_groq?.usage) as Record<string, unknown> | null | undefined
  if (typeof usage !== 'object' || usage === null) return undefined
  const detail = (of: string, name: string) => {
    const details = usage[of]
    return toCount(typeof details === 'object' && details !== null ? (details as Record<string, unknown>)[name] : 0)
  }
  const [inputTokens, outputTokens] = [toCount(usage['prompt_tokens']), toCount(usage['completion_tokens'])]
  // DeepSeek says what it had cached in a field of its own.
  const cached = detail('prompt_tokens_details', 'cached_tokens') || toCount(usage['prompt_cache_hit_tokens'])
  return {
    inputTokens,
    outputTokens,
    cachedTokens: Math.min(cached, inputTokens),
    reasoningTokens: Math.min(detail('completion_tokens_details', 'reasoning_tokens'), outputTokens),
  }
}

interface LooseCall {
  readonly index?: unknown
  readonly id?: unknown
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown } | null
}
interface OpenCall {
  id: string
  name: string
  given: string
}

/** Puts tool calls together from pieces: by index, where there is one, else by id, else the last one goes on. Ids and names may come late, or again. */
function createToolCalls() {
  const calls = new Map<string, OpenCall>()
  let last = ''
  const keyOf = ({ index, id, function: called }: LooseCall): string => {
    const name = called?.name
    if (typeof index === 'number') return `${index}`
    const known = typeof id === 'string' && id !== '' ? [...calls].find(([, call]) => call.id === id)?.[0] : undefined
    if (known !== undefined) return known
    const isNew = (typeof id === 'string' && id !== '') || (typeof name === 'string' && name !== '') || calls.size === 0
    return isNew ? `+${calls.size}` : last
  }
  return {
    take(pieces: readonly unknown[]): void {
      for (const piece of pieces) {
        if (typeof piece !== 'object' || piece === null) continue
        const { id, function: called } = piece as LooseCall
        const key = keyOf(piece as LooseCall)
        const call = calls.get(key) ?? { id: '', name: '', given: '' }
        calls.set(key, call)
        last = key
        if (typeof id === 'string' && id !== '') call.id = id
        if (typeof called?.name === 'string') call.name = joined(call.name, called.name)
        if (typeof called?.arguments === 'string') call.given += called.arguments
        // Some give an object where the text of one is due.
        else if (called?.arguments) call.given += JSON.stringify(called.arguments)
      }
    },
    end(reason: string): readonly ToolCall[] {
      // Cut off at the most tokens or withheld: what is not whole is not called.
      const isCut = reason === 'length' || reason === 'filtered'
      const ids = new Set<string>()
      return [...calls.values()].flatMap((call, index) => {
        const given = call.given.trim() === '' ? '{}' : call.given
        const problem =
          call.name === ''
            ? 'has no name'
            : isJson(given)
              ? undefined
              : `"${call.name}" has arguments that are not JSON`
        if (problem !== undefined) {
          if (isCut) return []
          throw unavailable(`the model's provider cannot be understood: a tool call ${problem}`)
        }
        const id = call.id === '' || ids.has(call.id) ? `call_${index}` : call.id
        ids.add(id)
        return [{ id, name: call.name, arguments: given }]
      })
    },
  }
}

/** A name comes whole, in pieces, or whole in every piece. */
function joined(known: string, more: string): string {
  return known === more ? known : known + more
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
