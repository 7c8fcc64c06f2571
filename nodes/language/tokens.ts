// Tokens of texts, counted in pieces: the tokenizer takes time with the square of a single "word", and must not keep others waiting.

/** Byte pair encodings that models use. */
export const ENCODINGS = ['o200k_base', 'cl100k_base', 'p50k_base', 'r50k_base'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** Counts the tokens of a short text. */
export type Counter = (text: string) => number

/** Loads an encoding: 0.5 to 2.5 MB, the first time. What looks like a control token counts as the text that it is. */
export async function loadCounter(encoding: Encoding): Promise<Counter> {
  const { countTokens, setMergeCacheSize } = await LOADERS[encoding]()
  setMergeCacheSize(MOST_CACHED)
  return text => countTokens(text, PLAIN)
}

/** Of words with more than one token: texts that are none could fill the memory. */
const MOST_CACHED = 10_000
const PLAIN = { disallowedSpecial: new Set<string>() }
const LOADERS = {
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
  p50k_base: () => import('gpt-tokenizer/encoding/p50k_base'),
  r50k_base: () => import('gpt-tokenizer/encoding/r50k_base'),
} as const satisfies Record<Encoding, unknown>

/** The encoding of a model, named as `gpt-4` or `provider/gpt-4`; that of the newest for one that is not known. */
export async function encodingOf(model: string): Promise<Encoding> {
  const { modelToEncodingMap } = await import('gpt-tokenizer/mapping')
  const name = model.slice(model.lastIndexOf('/') + 1)
  const known: string = Object.hasOwn(modelToEncodingMap, name)
    ? modelToEncodingMap[name as keyof typeof modelToEncodingMap]
    : /^gpt-(?:4|3\.5)(?:-|$)|^text-embedding-/.test(name)
      ? 'cl100k_base'
      : ''
  return ENCODINGS.find(one => one === known) ?? (known === 'p50k_edit' ? 'p50k_base' : 'o200k_base')
}

const MOST_OF_A_KIND = 500
const ENOUGH = 1_000

/**
 * The text in pieces whose tokens add up to those of the whole: every encoding begins a new token at a space between words. Only a stretch of more than 500
 * letters, digits or signs, which is no word, is cut within.
 */
export function* piecesOf(text: string): Generator<string> {
  let [from, run, kind] = [0, 0, '']
  for (let at = 0; at < text.length;) {
    const sign = String.fromCodePoint(text.codePointAt(at) ?? 0)
    const next = kindOf(sign)
    run = next === kind ? run + sign.length : sign.length
    const isBetween = sign === ' ' && kind !== 'space' && at - from >= ENOUGH && /\p{L}/u.test(text.charAt(at + 1))
    if (at > from && (isBetween || run > MOST_OF_A_KIND)) {
      yield text.slice(from, at)
      from = at
      run = sign.length
    }
    kind = next
    at += sign.length
  }
  if (from < text.length) yield text.slice(from)
}

function kindOf(sign: string): string {
  if (/^[a-z]$/i.test(sign)) return 'letter'
  if (/^\s$/.test(sign)) return 'space'
  return /^[\p{L}\p{M}]$/u.test(sign) ? 'letter' : /^\p{N}$/u.test(sign) ? 'digit' : 'sign'
}

/** The longest beginning (or end) of a piece that has at most so many tokens. */
export function fitting(piece: string, limit: number, keep: 'start' | 'end', count: Counter): string {
  const signs = Array.from(piece)
  const part = (length: number) =>
    (keep === 'start' ? signs.slice(0, length) : signs.slice(signs.length - length)).join('')
  let [least, most] = [0, signs.length]
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    if (count(part(middle)) <= limit) least = middle
    else most = middle - 1
  }
  return part(least)
}
