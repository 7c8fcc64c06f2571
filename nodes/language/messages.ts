// What people, models and tools say to each other, as values of a spell: `{role, content}`, of a model also `toolCalls`, of a tool `toolCallId`.
import { NodeFailure } from '#graph/define.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'

/** One message. */
export interface Message {
  readonly role: string
  readonly content: string
  readonly images?: readonly string[]
  readonly toolCalls?: readonly ToolCall[]
  readonly toolCallId?: string
}
/** What a model asks a tool for; `arguments` is JSON text as the model wrote it. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

/** Messages from any value. Throws {@link NodeFailure} `BAD_INPUT` for the first that is none. */
export function readMessages(given: readonly Json[] | undefined): Message[] {
  return (given ?? []).map(readMessage)
}

function readMessage(given: Json): Message {
  const { role, content, images, toolCalls, toolCallId } = isObject(given) ? given : {}
  if (typeof role !== 'string' || typeof content !== 'string')
    throw refused('messages', `expected {role, content} with texts, got ${JSON.stringify(given)}`)
  return {
    role,
    content,
    ...(images === undefined ? {} : { images: readImages(images, 'messages') }),
    ...(toolCalls === undefined ? {} : { toolCalls: readToolCalls(toolCalls) }),
    ...(toolCallId === undefined ? {} : { toolCallId: String(toolCallId as string) }),
  }
}

/** Pictures: data URLs, or https URLs of public servers. One alone counts as a list. Throws {@link NodeFailure} `BAD_INPUT`. */
export function readImages(given: Json | undefined, input: string): readonly string[] {
  if (given === undefined) return []
  return (Array.isArray(given) ? (given as readonly Json[]) : [given]).map(one => {
    if (typeof one === 'string' && /^(data:image\/|https:\/\/)/.test(one)) return one
    throw refused(input, `expected images as data URLs or https URLs, got ${JSON.stringify(one).slice(0, 60)}`)
  })
}

/** Messages between services have at most 4 MB. */
const MOST_OF_IMAGES = 3_500_000

/** Refuses more pictures than can be sent together. Throws {@link NodeFailure} `TOO_LONG`. */
export function checkImages(messages: readonly Message[]): void {
  const size = messages.reduce((sum, { images = [] }) => images.reduce((all, { length }) => all + length, sum), 0)
  if (size > MOST_OF_IMAGES)
    throw new NodeFailure(
      'TOO_LONG',
      `the images take ${size} characters as data URLs, expected at most ${MOST_OF_IMAGES} together`,
      { retry: false },
    )
}

function readToolCalls(given: Json): readonly ToolCall[] {
  return (Array.isArray(given) ? (given as readonly Json[]) : [given]).map(one => {
    const { id, name, arguments: written } = isObject(one) ? one : {}
    if (typeof id === 'string' && typeof name === 'string' && typeof written === 'string')
      return { id, name, arguments: written }
    throw refused('messages', `expected tool calls as {id, name, arguments} with texts, got ${JSON.stringify(one)}`)
  })
}

function refused(input: string, what: string): NodeFailure {
  return new NodeFailure('BAD_INPUT', `"${input}": ${what}`, { retry: false })
}

/** Messages as values. */
export function toJson(messages: readonly Message[]): Json {
  return messages as unknown as Json
}

/** What a model said, as a message. */
export function saidBy({ text, toolCalls }: { text: string; toolCalls: readonly ToolCall[] }): Message {
  return { role: 'assistant', content: text, ...(toolCalls.length === 0 ? {} : { toolCalls }) }
}

/** The tools that the last answer asks for and that have not answered yet. */
export function openCalls(messages: readonly Message[]): readonly ToolCall[] {
  const at = messages.findLastIndex(({ role }) => role === 'assistant')
  const answered = new Set(messages.slice(at + 1).flatMap(({ toolCallId }) => toolCallId ?? []))
  return (messages[at]?.toolCalls ?? []).filter(({ id }) => !answered.has(id))
}

/** What a tool is called with; undefined where it is no object. */
export function argumentsOf({ arguments: written }: ToolCall): JsonObject | undefined {
  if (written.trim() === '') return {}
  try {
    const given = JSON.parse(written) as Json
    return isObject(given) ? given : undefined
  } catch {
    return undefined
  }
}

/**
 * The latest messages that fit, of instructions all: at most so many of the others, with at most so many tokens together; 0: any number. The last one always
 * stays. What is left begins with what a person said, so that no tool answers a call that is forgotten.
 */
export function latest(
  messages: readonly Message[],
  most: { readonly messages: number; readonly tokens: number },
  count: (message: Message) => number,
): Message[] {
  const instructions = messages.filter(({ role }) => role === 'system')
  const others = messages.filter(({ role }) => role !== 'system')
  let from = most.messages > 0 ? Math.max(0, others.length - most.messages) : 0
  if (most.tokens > 0) {
    let left = most.tokens - instructions.reduce((sum, one) => sum + count(one), 0)
    let first = others.length
    for (const [index, one] of [...others.entries()].slice(from).toReversed()) {
      left -= count(one)
      if (left < 0 && first < others.length) break
      first = index
    }
    from = first
  }
  if (from > 0) {
    const start = others.findIndex(({ role }, index) => index >= from && role === 'user')
    from = start < 0 ? Math.max(from, others.length - 1) : start
  }
  return [...instructions, ...others.slice(from)]
}
