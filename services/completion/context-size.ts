// Whether a request fits what a model takes, counted before it is sent.
import { setImmediate as turn } from 'node:timers/promises'
import { cancelled, invalid, isCoded } from '#mesh/errors.ts'
import type { CheckedRequest } from './request.ts'

interface Model {
  readonly id: string
  /** Tokens; absent: unknown. */
  readonly contextTokens?: number | undefined
}

/** What each message takes beside its words, about. */
const FRAME_TOKENS = 4
/** Pieces between two turns of the event loop. */
const PIECES_AT_ONCE = 64

/** Throws INVALID_ARGUMENT with the numbers where a request does not fit. Most are told to fit by their length alone: a token has at least one byte. */
export async function refuseTooLong(request: CheckedRequest, { id, contextTokens }: Model, signal: AbortSignal) {
  if (contextTokens === undefined || contextTokens === 0) return
  const texts = textsOf(request)
  const frames = request.messages.length * FRAME_TOKENS
  const answer = request.maxTokens ?? 0
  const room = contextTokens - answer - frames
  const letters = texts.reduce((sum, text) => sum + text.length, 0)
  // At most three bytes of UTF-8 for each unit of UTF-16.
  if (letters * 3 <= room) return
  if (texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) <= room) return
  const tokens = (await countTokens(texts, id, signal)) + frames
  if (tokens + answer <= contextTokens) return
  const shown = (number: number) => number.toLocaleString('en-US')
  const asked = answer === 0 ? '' : `, and ${shown(answer)} are asked for as its answer`
  throw invalid([
    {
      path: 'messages',
      message: `have about ${shown(tokens)} tokens${asked}; "${id}" takes ${shown(contextTokens)} in all`,
    },
  ])
}

function textsOf({ messages, tools = [], responseSchema }: CheckedRequest): readonly string[] {
  return [
    ...messages.flatMap(({ content, toolCalls = [] }) => [
      content,
      ...toolCalls.map(call => call.name + call.arguments),
    ]),
    ...tools.map(tool => JSON.stringify(tool)),
    ...(responseSchema ? [JSON.stringify(responseSchema)] : []),
  ]
}

/** Others have their turns meanwhile. */
async function countTokens(texts: readonly string[], id: string, signal: AbortSignal): Promise<number> {
  const count = await loadCounter(id)
  let [tokens, pieces] = [0, 0]
  for (const text of texts) {
    for (const piece of piecesOf(text)) {
      tokens += count(piece)
      if (++pieces % PIECES_AT_ONCE !== 0) continue
      await turn()
      if (signal.aborted) throw isCoded(signal.reason) ? signal.reason : cancelled()
    }
  }
  return tokens
}

const PLAIN = { disallowedSpecial: new Set<string>() }
const MOST_CACHED = 10_000

/** The encoding of OpenAI's older models, else that of the newest: other vendors' come near enough to it. */
async function loadCounter(id: string): Promise<(text: string) => number> {
  const { countTokens: count, setMergeCacheSize } = /\/gpt-(?:4|3\.5)(?:-|$)/.test(id)
    ? await import('gpt-tokenizer/encoding/cl100k_base')
    : await import('gpt-tokenizer/encoding/o200k_base')
  setMergeCacheSize(MOST_CACHED)
  return text => count(text, PLAIN)
}

const MOST_OF_A_PIECE = 500

/** Cut at spaces between words, where a new token begins anyway; the tokenizer takes time with the square of a "word". */
function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + MOST_OF_A_PIECE, text.length)
    if (to < text.length) {
      const space = text.lastIndexOf(' ', to)
      if (space > from) to = space
    }
    yield text.slice(from, to)
    from = to
  }
}
