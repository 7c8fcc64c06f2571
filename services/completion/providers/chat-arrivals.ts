// Tokens that come together go on together: each part costs a message between processes, and a turn of each layer on its way.
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import type { ProviderPart } from '../provider.ts'
import type { ChatReader } from './chat-stream.ts'
import { readEvents } from './event-stream.ts'

/** So many letters in one part, about: a budget is looked at after each. */
const TOGETHER = 256
const DONE = '[DONE]'

/** The parts of each arrival of an answer: never none. Rejects with a SyntaxError for what is no JSON, after the parts before it. */
export async function* readArrivals(
  body: AsyncIterable<Uint8Array>,
  reader: ChatReader,
): AsyncGenerator<Iterable<ProviderPart>> {
  for await (const messages of readEvents(body)) yield joined(readMessages(messages, reader))
}

function* readMessages(messages: readonly string[], reader: ChatReader): Generator<ProviderPart> {
  for (const message of messages)
    if (!message.startsWith(DONE)) yield* reader.read(JSON.parse(message) as ChatCompletionChunk)
}

/** Neighbours of a kind as one. */
function* joined(parts: Iterable<ProviderPart>): Generator<ProviderPart> {
  let kind: 'text' | 'reasoning' = 'text'
  let said = ''
  const held = (): ProviderPart => (kind === 'text' ? { text: said } : { reasoning: said })
  try {
    for (const part of parts) {
      const more = 'text' in part ? part.text : 'reasoning' in part ? part.reasoning : undefined
      const isAlike = more !== undefined && 'text' in part === (kind === 'text')
      if (said !== '' && (!isAlike || said.length + more.length > TOGETHER)) {
        yield held()
        said = ''
      }
      if (more === undefined) yield part
      else {
        kind = 'text' in part ? 'text' : 'reasoning'
        said += more
      }
    }
  } catch (error) {
    if (said !== '') yield held()
    throw error
  }
  if (said !== '') yield held()
}
