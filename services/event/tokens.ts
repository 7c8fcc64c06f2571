import { setImmediate as turn } from 'node:timers/promises'

/** What each message takes beside its words. */
export const FRAME_TOKENS = 4

/** Characters between two turns of the event loop. */
const AT_ONCE = 16_000
const MOST_CACHED = 10_000
const PLAIN = { disallowedSpecial: new Set<string>() }

/** The tokens of each text as cl100k has them. Others have their turns meanwhile; texts that look like control tokens count as what they are. */
export async function countTokens(texts: readonly string[]): Promise<readonly number[]> {
  const { countTokens: count, setMergeCacheSize } = await import('gpt-tokenizer/encoding/cl100k_base')
  setMergeCacheSize(MOST_CACHED)
  const counts: number[] = []
  let since = 0
  for (const text of texts) {
    let tokens = 0
    for (const [piece] of text.matchAll(PIECE)) {
      tokens += count(piece, PLAIN)
      since += piece.length
      if (since < AT_ONCE) continue
      since = 0
      await turn()
    }
    counts.push(tokens)
  }
  return counts
}

/** Cut before a space between words, where a new token begins anyway; only what has none is cut within: the tokenizer takes time with the square of a "word". */
const PIECE = /.{1,600}(?<=\S)(?= \p{L})|.{1,600}/gsu
