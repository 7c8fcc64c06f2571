// What the demo voice makes of a text: sounds one after the other. It knows letters, no language.

/** A sound: how long, how loud, and what shapes it. */
export interface Sound {
  readonly ms: number
  /** 0: no voice. */
  readonly voice: number
  /** 0: no breath. */
  readonly breath: number
  /** Where the breath is, in Hz. */
  readonly hiss: number
  /** The first three formants, in Hz. */
  readonly formants: readonly [number, number, number]
}
export interface SpokenWord {
  readonly text: string
  readonly sounds: readonly Sound[]
  /** What the sentence that it stands in ends with: `.`, `?`, `!`, or nothing. */
  readonly ends: string
  /** Where in its sentence it stands: 0 at the beginning, 1 at the end. */
  readonly place: number
}

type Formants = Sound['formants']
// Peterson and Barney (1952), means of men.
const VOWELS: Readonly<Record<string, Formants>> = {
  a: [730, 1090, 2440],
  e: [530, 1840, 2480],
  i: [270, 2290, 3010],
  o: [570, 840, 2410],
  u: [300, 870, 2240],
  y: [300, 1900, 2300],
}
const NEUTRAL: Formants = [500, 1500, 2500]
const sound = (ms: number, voice: number, breath: number, hiss: number, formants: Formants = NEUTRAL): Sound => ({
  ms,
  voice,
  breath,
  hiss,
  formants,
})
const SILENT = (ms: number) => sound(ms, 0, 0, 3000)
const burst = (hiss: number, voice: number) => [
  sound(38, voice, 0, hiss, [250, 1200, 2400]),
  sound(16, voice, 0.5, hiss),
]
const CONSONANTS: Readonly<Record<string, readonly Sound[]>> = {
  b: burst(700, 0.25),
  d: burst(3200, 0.25),
  g: burst(1800, 0.25),
  p: burst(800, 0),
  t: burst(3800, 0),
  k: burst(1900, 0),
  q: burst(1800, 0),
  c: burst(2400, 0),
  s: [sound(80, 0, 0.42, 5400)],
  z: [sound(70, 0.35, 0.3, 5000)],
  x: [...burst(1900, 0), sound(60, 0, 0.38, 5200)],
  f: [sound(75, 0, 0.26, 4200)],
  v: [sound(60, 0.45, 0.16, 3800)],
  h: [sound(55, 0, 0.2, 1600)],
  m: [sound(70, 0.55, 0, 3000, [270, 1000, 2200])],
  n: [sound(62, 0.55, 0, 3000, [280, 1600, 2500])],
  l: [sound(60, 0.65, 0, 3000, [360, 1150, 2600])],
  r: [sound(58, 0.62, 0, 3000, [420, 1250, 1650])],
  w: [sound(58, 0.6, 0, 3000, [300, 650, 2200])],
  j: [sound(55, 0.6, 0, 3000, [280, 2150, 2900])],
}
const DIGITS = ['zero', 'uan', 'tu', 'tri', 'for', 'faiv', 'siks', 'seven', 'eit', 'nain']
const SYLLABLES = ['ka', 'mi', 'no', 'ru', 'se', 'ta', 'li', 'vo', 'ne', 'du', 'ha', 'yo']
const VOWEL_MS = 112
const PAUSES: readonly (readonly [RegExp, number])[] = [
  [/[.!?…。！？]["'”’)]*$/, 300],
  [/[,;:，、—–][”"')]*$/, 160],
]

/** The words of a text as sounds, each with the pause after it. */
export function toSounds(text: string): readonly SpokenWord[] {
  const words = text.match(/\S+/g) ?? []
  const sentences: string[][] = [[]]
  for (const word of words) {
    sentences.at(-1)?.push(word)
    if (/[.!?…。！？]["'”’)]*$/.test(word)) sentences.push([])
  }
  return sentences.flatMap(sentence => {
    const ends = /([.!?])["'”’)]*$/.exec(sentence.at(-1) ?? '')?.[1] ?? ''
    return sentence.map((word, index) => ({
      text: word,
      sounds: [...soundsOf(word), SILENT(PAUSES.find(([pattern]) => pattern.test(word))?.[1] ?? 32)],
      ends,
      place: sentence.length > 1 ? index / (sentence.length - 1) : 1,
    }))
  })
}

function soundsOf(word: string): readonly Sound[] {
  const letters = lettersOf(word)
  const sounds: Sound[] = []
  let stressed = false
  for (const [index, letter] of letters.entries()) {
    const before = letters[index - 1]
    if (letter === before) continue
    const vowel = VOWELS[letter]
    if (!vowel) sounds.push(...(CONSONANTS[letter] ?? []))
    else if (before !== undefined && VOWELS[before]) sounds.push(sound(VOWEL_MS * 0.6, 0.85, 0.01, 3000, vowel))
    else {
      sounds.push(sound(stressed ? VOWEL_MS * 0.85 : VOWEL_MS * 1.15, stressed ? 0.85 : 1, 0.01, 3000, vowel))
      stressed = true
    }
  }
  return sounds
}

/** Latin letters without their marks; digits as they are spoken; a syllable for every letter of another script. */
function lettersOf(word: string): readonly string[] {
  const plain = word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss')
  return Array.from(plain, character => {
    if (/[a-z]/.test(character)) return character
    if (/\p{Nd}/u.test(character)) return DIGITS[Number(character)] ?? 'a'
    return /[\p{L}\p{N}\p{S}]/u.test(character)
      ? (SYLLABLES[(character.codePointAt(0) ?? 0) % SYLLABLES.length] ?? '')
      : ''
  })
    .join('')
    .split('')
}
