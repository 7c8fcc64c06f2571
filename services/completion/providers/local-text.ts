// What the built-in model says: sentences out of the question's own words.
import type { ProviderRequest } from '../provider.ts'

/** An answer in the shape that was asked for, about the words of the question. */
export function composeText({ messages, seed = 0, temperature = 1 }: ProviderRequest): string {
  const asked = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  const instructions = messages
    .filter(({ role }) => role === 'system')
    .map(({ content }) => content)
    .join(' ')
  const topic = topicOf(asked)
  const random = createRandom(hashOf(`${asked}\n${instructions}`) ^ (temperature === 0 ? 0 : seed))
  const whole = `${instructions} ${asked}`
  if (/\bjson\b/i.test(whole))
    return JSON.stringify({
      topic,
      summary: sentence(topic, random),
      keywords: keywordsOf(asked).slice(0, 3),
      demo: true,
    })
  const count =
    /\b(\d{1,2}|two|three|four|five|six|seven)\b[^.?!\n]{0,40}\b(ideas?|names?|points?|lines?|items?|questions?|titles?|reasons?|steps?|facts?)/i.exec(
      whole,
    )
  if (count || /\blist\b|\bbullets?\b/i.test(asked)) {
    const number = Math.min(20, Math.max(1, toNumber(count?.[1])))
    return Array.from({ length: number }, (_, index) => `${index + 1}. ${idea(topic, index, random)}`).join('\n')
  }
  if (/\b(classify|sentiment|positive|negative)\b/i.test(whole))
    return /\b(bad|sad|angry|broken|terrible|hate|slow|worst|awful)\b/i.test(asked) ? 'negative' : 'positive'
  if (/\btranslate\b/i.test(whole)) return `[demo translation] ${topic}`
  if (/\bsummar/i.test(whole)) return `In short: ${firstWords(asked.replace(/^[^\n]*summar[^\n:]*:?\s*/i, ''), 18)}`
  if (/\b(poem|haiku|verse)\b/i.test(whole))
    return `${capital(topic)} at dawn,\na small light moves through the wires —\nanswers wake like birds.`
  return [
    sentence(topic, random),
    sentence(topic, random),
    'This is the built-in demo model: connect a real one with OPENAI_API_KEY or OPENAI_BASE_URL.',
  ].join(' ')
}

const NUMBERS: Readonly<Record<string, number>> = { two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7 }
function toNumber(text = '3'): number {
  return NUMBERS[text.toLowerCase()] ?? (Number(text) || 3)
}

const SMALL = new Set(
  'a an and are about as at be by can could do does for from give have how i in into is it its list make me my of on one or please please, say short tell that the their them then they this three to two us use was we what when where which who why will with write would you your five'.split(
    ' ',
  ),
)

export function keywordsOf(text: string): readonly string[] {
  return [...new Set(text.match(/[\p{L}\p{N}][\p{L}\p{N}'-]+/gu) ?? [])].filter(word => !SMALL.has(word.toLowerCase()))
}

/** What a question seems to be about: what follows "about", else its weightier words. */
export function topicOf(given: string): string {
  const text = given.replace(/\b\d{1,2}[.)]\s+/g, '')
  const about =
    /\babout\s+([^.?!:,\n]{2,60})/i.exec(text)?.[1] ?? /\b(?:on|for|to)\s+([^.?!:,\n]{2,60})/i.exec(text)?.[1]
  return (about ?? (keywordsOf(text).slice(-3).join(' ') || 'nothing in particular')).trim()
}

const OPENINGS = ['Think of', 'Start with', 'Consider', 'Picture', 'Look closely at', 'Begin from']
const TURNS = [
  'from a new side',
  'the way a child would',
  'as if nobody had tried it',
  'one small step at a time',
  'with a clear head',
  'and keep what surprises you',
]
const IDEAS = [
  'The hidden side of',
  'A day without',
  'The smallest possible',
  'What nobody says about',
  'A map of',
  'Letters to',
  'The sound of',
  'Seven minutes with',
  'A museum of',
  'The future of',
]

function sentence(topic: string, random: () => number): string {
  return `${pick(OPENINGS, random)} ${topic} ${pick(TURNS, random)}.`
}
function idea(topic: string, index: number, random: () => number): string {
  return `${IDEAS[(index + Math.floor(random() * 3)) % IDEAS.length]} ${topic}`
}
function pick(from: readonly string[], random: () => number): string {
  return from[Math.floor(random() * from.length)] ?? ''
}
function firstWords(text: string, count: number): string {
  const words = text.trim().split(/\s+/)
  return words.length > count ? `${words.slice(0, count).join(' ')} …` : words.join(' ')
}
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
