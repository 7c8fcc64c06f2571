// What a vendor's server sends, in the types of the vendor's own package.
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'

export type Delta = ChatCompletionChunk.Choice.Delta & { reasoning_content?: string; reasoning?: string }
type ToolDelta = ChatCompletionChunk.Choice.Delta.ToolCall

const chunkOf = (rest: Partial<ChatCompletionChunk>): ChatCompletionChunk => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_760_000_000,
  model: 'tiny-1',
  choices: [],
  ...rest,
})

export const delta = (given: Delta): ChatCompletionChunk =>
  chunkOf({ choices: [{ index: 0, delta: given, finish_reason: null }] })

export const ended = (finish_reason: ChatCompletionChunk.Choice['finish_reason']): ChatCompletionChunk =>
  chunkOf({ choices: [{ index: 0, delta: {}, finish_reason }] })

export const used = (usage: ChatCompletionChunk['usage']): ChatCompletionChunk =>
  chunkOf(usage === undefined ? {} : { usage })

/** A piece of a tool call. */
export const piece = (index: number, id?: string, name?: string, given?: string): ToolDelta => ({
  index,
  ...(id === undefined ? {} : { id, type: 'function' }),
  function: { ...(name === undefined ? {} : { name }), ...(given === undefined ? {} : { arguments: given }) },
})

/** The stream as it goes over the wire. What is no chunk of the types is sent as it is. */
export const framesOf = (...chunks: readonly (ChatCompletionChunk | object | string)[]): string =>
  [...chunks, '[DONE]'].map(one => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`).join('')
