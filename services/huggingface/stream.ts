// Server-sent events of text generation: OpenAI's chat and completion chunks, and text-generation-inference's own.
import { unavailable } from '#mesh/errors.ts'
import { wordsOf } from './failures.ts'
import type { AskFinish, AskPart } from './provider.ts'
import { isRecord } from './task.ts'

const MOST_LINE = 4 * 1024 * 1024

/** The data of the events, however the bytes are cut; those that came together are given together. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  let event: string[] = []
  let size = 0
  for await (const bytes of body) {
    const text = decoder.decode(bytes, { stream: true })
    if (!text.includes('\n')) {
      rest += text
      if (rest.length > MOST_LINE) throw unavailable('the stream of the model has a line without end')
      continue
    }
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    const events: string[] = []
    for (const one of lines) {
      const line = one.endsWith('\r') ? one.slice(0, -1) : one
      if (line.startsWith('data:')) {
        event.push(line.startsWith('data: ') ? line.slice(6) : line.slice(5))
        size += line.length
        if (size > MOST_LINE) throw unavailable('the stream of the model has an event without end')
      } else if (line === '' && event.length > 0) {
        events.push(event.join('\n'))
        event = []
        size = 0
      }
    }
    if (events.length > 0) yield events
  }
}

interface ToolCall {
  id: string
  name: string
  arguments: string
}

/** What a stream of events says: pieces of one kind that came together are one. Throws UNAVAILABLE where it breaks off, is no JSON, or tells an error. */
export async function* readGenerated(
  batches: AsyncIterable<readonly string[]>,
  asked: { readonly model: string; readonly token: string },
): AsyncGenerator<AskPart> {
  const { model } = asked
  const state: State = { calls: new Map(), usage: {}, reason: undefined, model }
  for await (const events of batches) {
    const { parts, error, isDone } = readBatch(events, state, asked)
    yield* parts
    if (error) throw error
    if (isDone) break
  }
  if (state.reason === undefined) throw unavailable(`the answer of "${model}" broke off before its end`)
  if (state.calls.size > 0) yield { result: { toolCalls: inOrder(state.calls) } }
  yield { finish: true, model: state.model, reason: state.reason, ...state.usage }
}

/** What was said before an error is said, too. */
function readBatch(
  events: readonly string[],
  state: State,
  { model, token }: { readonly model: string; readonly token: string },
): { readonly parts: readonly AskPart[]; readonly error?: Error; readonly isDone?: boolean } {
  const parts: AskPart[] = []
  try {
    for (const event of events) {
      if (event === '[DONE]') return { parts, isDone: true }
      for (const part of partsOf(parse(event, model, token), state, token)) {
        const last = parts.at(-1)
        if (last && 'text' in last && 'text' in part) parts[parts.length - 1] = { text: last.text + part.text }
        else if (last && 'reasoning' in last && 'reasoning' in part)
          parts[parts.length - 1] = { reasoning: last.reasoning + part.reasoning }
        else parts.push(part)
      }
    }
  } catch (error) {
    if (error instanceof Error) return { parts, error }
    throw error
  }
  return { parts }
}

interface State {
  readonly calls: Map<string, ToolCall>
  usage: Pick<AskFinish, 'inputTokens' | 'outputTokens'>
  reason: NonNullable<AskFinish['reason']> | undefined
  readonly model: string
}

function parse(event: string, model: string, token: string): unknown {
  try {
    return JSON.parse(event) as unknown
  } catch (error) {
    throw unavailable(`"${model}" streams what is not JSON: ${wordsOf(event, token).slice(0, 120)}`, { cause: error })
  }
}

/** One chunk, or a whole answer of a server that does not stream. */
export function* partsOf(chunk: unknown, state: State, token: string): Generator<AskPart> {
  if (!isRecord(chunk)) return
  if (chunk['error'] !== undefined && chunk['error'] !== null)
    throw unavailable(`"${state.model}" failed in the middle: ${wordsOf(JSON.stringify(chunk), token)}`)
  const { usage, choices, token: piece, details } = chunk
  if (isRecord(usage)) state.usage = usageOf(usage['prompt_tokens'], usage['completion_tokens'])
  const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []
  if (isRecord(choice)) {
    const said = isRecord(choice['delta']) ? choice['delta'] : isRecord(choice['message']) ? choice['message'] : choice
    const reasoning = said['reasoning_content'] ?? said['reasoning']
    if (isText(reasoning)) yield { reasoning }
    const text = said['content'] ?? said['text']
    if (isText(text)) yield { text }
    if (Array.isArray(said['tool_calls'])) collect(said['tool_calls'], state.calls)
    if (isText(choice['finish_reason'])) state.reason = toReason(choice['finish_reason'])
  }
  if (isRecord(piece) && isText(piece['text']) && piece['special'] !== true) yield { text: piece['text'] }
  if (isRecord(details)) {
    if (isText(details['finish_reason'])) state.reason = toReason(details['finish_reason'])
    state.usage = usageOf(
      Array.isArray(details['prefill']) ? details['prefill'].length : undefined,
      details['generated_tokens'],
    )
  }
}

/** A whole answer: `{choices: …}`, or `[{generated_text}]`. */
export function* readWholeAnswer(answer: unknown, model: string, token: string): Generator<AskPart> {
  const state: State = { calls: new Map(), usage: {}, reason: undefined, model }
  const found: unknown = Array.isArray(answer) ? answer[0] : answer
  if (isRecord(found) && typeof found['generated_text'] === 'string') {
    yield { text: found['generated_text'] }
    state.reason = 'stop'
  }
  yield* partsOf(found, state, token)
  if (state.reason === undefined) throw unavailable(`"${model}" answers in a shape that is not text`)
  if (state.calls.size > 0) yield { result: { toolCalls: inOrder(state.calls) } }
  yield { finish: true, model, reason: state.reason, ...state.usage }
}

/** Pieces of calls, in whatever order they come. */
function collect(pieces: readonly unknown[], calls: Map<string, ToolCall>): void {
  for (const piece of pieces) {
    if (!isRecord(piece)) continue
    const { index, id } = piece
    const own = isRecord(piece['function']) ? piece['function'] : {}
    const key = typeof index === 'number' ? `${index}` : isText(id) ? id : ([...calls.keys()].at(-1) ?? '0')
    const call = calls.get(key) ?? { id: '', name: '', arguments: '' }
    calls.set(key, call)
    if (isText(id)) call.id = id
    if (isText(own['name'])) call.name = own['name']
    const given = own['arguments']
    if (typeof given === 'string') call.arguments += given
    else if (isRecord(given)) call.arguments = JSON.stringify(given)
  }
}

/** By their index, where they have one. */
function inOrder(calls: ReadonlyMap<string, ToolCall>): readonly ToolCall[] {
  return [...calls].toSorted(([a], [b]) => Number(a) - Number(b) || 0).map(([, call]) => call)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function usageOf(input: unknown, output: unknown): State['usage'] {
  return {
    ...(isCount(input) ? { inputTokens: input } : {}),
    ...(isCount(output) ? { outputTokens: output } : {}),
  }
}
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0

function toReason(reason: string): NonNullable<AskFinish['reason']> {
  switch (reason) {
    case 'length':
      return 'length'
    case 'content_filter':
      return 'filtered'
    case 'tool_calls':
    case 'function_call':
      return 'tools'
    default:
      return 'stop'
  }
}
