/** Of what is written without blanks, each pair of neighbours is a word: \u{4eac}\u{90fd}\u{5e02} \u2192 \u{4eac}\u{90fd} \u{90fd}\u{5e02}. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u30fc\p{M}]+/gu
const MAYBE_UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const ACCENTED = /(\p{Script=Latin})\p{M}+/gu
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu
/** Longer ones are no words, and Postgres takes none above 2 KB. */
const MOST_CHARACTERS = 64
/** Postgres tells no more than 16,383 places of words apart, and keeps at most 1 MB of words. */
const MOST_WORDS = 20_000

/** The words of a text in their order, in small letters, without accents; the same on every Postgres, whatever its locale. */
export function toWords(text: string): readonly string[] {
  const plain = text.normalize('NFKC').toLowerCase().normalize('NFD').replace(ACCENTED, '$1').normalize('NFC')
  const spaced = MAYBE_UNSPACED.test(plain) ? plain.replace(UNSPACED, toPairs) : plain
  const words = spaced.match(WORD) ?? []
  return words
    .slice(0, MOST_WORDS)
    .map(word => (word.length > MOST_CHARACTERS ? word.slice(0, MOST_CHARACTERS).toWellFormed() : word))
}

function toPairs(run: string): string {
  const letters = run.match(/\P{M}\p{M}*/gu) ?? []
  if (letters.length < 2) return ` ${run} `
  const pairs = letters.slice(1).map((letter, index) => `${letters[index]}${letter}`)
  return ` ${pairs.join(' ')} `
}

/** What Postgres calls its rules for the forms of a language's words; undefined: it has none. */
export function toConfiguration(language: string, known: ReadonlySet<string>): string | undefined {
  const name = CONFIGURATIONS[language]
  return name !== undefined && known.has(name) ? name : undefined
}

const CONFIGURATIONS: Readonly<Record<string, string>> = {
  ar: 'arabic',
  hy: 'armenian',
  eu: 'basque',
  ca: 'catalan',
  da: 'danish',
  nl: 'dutch',
  en: 'english',
  et: 'estonian',
  fi: 'finnish',
  fr: 'french',
  de: 'german',
  el: 'greek',
  hi: 'hindi',
  hu: 'hungarian',
  id: 'indonesian',
  ga: 'irish',
  it: 'italian',
  lt: 'lithuanian',
  ne: 'nepali',
  no: 'norwegian',
  nb: 'norwegian',
  nn: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sr: 'serbian',
  es: 'spanish',
  sv: 'swedish',
  ta: 'tamil',
  tr: 'turkish',
  yi: 'yiddish',
}
