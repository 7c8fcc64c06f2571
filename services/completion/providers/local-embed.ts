// Embeddings without a model: a text is the words, word pairs and parts of words that it has (feature hashing, Weinberger et al. 2009). Texts with the same
// words come near each other; what they mean it does not know.
import { cancelled, invalid } from '#mesh/errors.ts'
import type { ProviderCall, ProviderEmbedding, ProviderEmbedRequest, ProviderModel } from '../provider.ts'

const USUAL_DIMENSIONS = 384
const LEAST_DIMENSIONS = 8
const MOST_DIMENSIONS = 4_096

export const LEXICAL_MODEL: ProviderModel = {
  name: 'lexical',
  kind: 'embedding',
  about: `Built in, offline, always the same: lexical, not semantic. Texts with the same words are near each other. ${USUAL_DIMENSIONS} dimensions, or as many as are asked for.`,
  inputPrice: 0,
  outputPrice: 0,
}

/** How long it works without letting others go first. */
const SLICE_MS = 8

/** Embeds texts by their words. */
export async function embedLexically(
  { texts, dimensions = USUAL_DIMENSIONS }: ProviderEmbedRequest,
  { signal }: Pick<ProviderCall, 'signal'>,
): Promise<ProviderEmbedding> {
  if (dimensions < LEAST_DIMENSIONS || dimensions > MOST_DIMENSIONS)
    throw invalid([
      { path: 'dimensions', message: `${dimensions} is not from ${LEAST_DIMENSIONS} to ${MOST_DIMENSIONS}` },
    ])
  const vectors: Float32Array[] = []
  let inputTokens = 0
  let since = performance.now()
  for (const text of texts) {
    const { vector, words } = embed(text, dimensions)
    vectors.push(vector)
    inputTokens += words
    if (performance.now() - since < SLICE_MS) continue
    await new Promise(resolve => setImmediate(resolve))
    if (signal.aborted) throw cancelled()
    since = performance.now()
  }
  return { vectors, usage: { inputTokens, outputTokens: 0 } }
}

const WEIGHT = { word: 1, pair: 0.6, part: 0.45, sign: 0.2 }
/** Of words that are in every English text. */
const SMALL_WEIGHT = 0.15
const SMALL = new Set(
  'a an and are as at be been but by can do does for from had has have he her his i if in into is it its me my not of on or our she so that the their them then there they this to up was we were what when which who will with would you your'.split(
    ' ',
  ),
)
const SCRIPT_WITHOUT_SPACES =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u

function embed(text: string, dimensions: number): { vector: Float32Array; words: number } {
  const words = wordsOf(text)
  const features = new Map<number, { weight: number; times: number }>()
  const add = (feature: string, weight: number) => {
    const hash = hashOf(feature)
    const found = features.get(hash)
    if (found) found.times++
    else features.set(hash, { weight, times: 1 })
  }
  let before = ''
  for (const word of words) {
    const weight = SMALL.has(word) ? SMALL_WEIGHT : 1
    add(`w ${word}`, WEIGHT.word * weight)
    if (before !== '') add(`p ${before} ${word}`, WEIGHT.pair * (SMALL.has(before) ? SMALL_WEIGHT : 1) * weight)
    const whole = `^${word}$`
    for (let at = 0; at + 3 <= whole.length; at++) add(`t ${whole.slice(at, at + 3)}`, WEIGHT.part * weight)
    before = word
  }
  // A text without words is at least itself.
  if (features.size === 0) add(`s ${text.trim()}`, WEIGHT.sign)
  const vector = new Float32Array(dimensions)
  for (const [hash, { weight, times }] of features) {
    const mixed = mix(hash)
    const place = mixed % dimensions
    vector[place] = (vector[place] ?? 0) + (hash & 1 ? 1 : -1) * weight * (1 + Math.log(times))
  }
  return { vector, words: words.length }
}

/** In lower case and without accents; a sign each where a script writes no spaces. */
function wordsOf(text: string): readonly string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).flatMap(word =>
    SCRIPT_WITHOUT_SPACES.test(word) ? Array.from(word) : [word],
  )
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** The last steps of MurmurHash3: each bit of the hash tells in each bit of this. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
