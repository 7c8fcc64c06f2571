// The built-in demo: no network, no key, no weights. It gives the same every time, and says that it is a demo.
import { cancelled, invalid } from '#mesh/errors.ts'
import { isRecord } from '../task.ts'
import type { Ask, AskPart, Provider } from '../provider.ts'

const MODEL = 'local/demo'

export function createLocal(): Provider {
  return {
    async *run(ask, _, signal) {
      if (ask.model !== MODEL)
        throw invalid([{ path: 'model', message: `"${ask.model}" is not built in; there is "${MODEL}"` }])
      const answer = DEMOS[ask.task.name]
      if (!answer)
        throw invalid([
          { path: 'task', message: `"${MODEL}" knows no ${ask.task.name}; it knows ${Object.keys(DEMOS).join(', ')}` },
        ])
      for (const part of answer(ask)) {
        if (signal.aborted) throw cancelled()
        yield part
      }
    },
  }
}

type Demo = (ask: Ask) => Iterable<AskPart>

const DEMOS: Readonly<Record<string, Demo>> = {
  'text-generation': ({ inputs }) => saying(`${wordsOf(textOf(inputs)).slice(-3).join(' ')} … and so on. (demo)`),
  'chat-completion': ({ inputs }) => saying(`You said: ${lastSaid(inputs)} (This is the built-in demo.)`),
  summarization: ({ inputs }) => saying(`${sentencesOf(textOf(inputs))[0] ?? ''} (demo)`),
  'text-classification': ({ inputs }) => result(moodOf(textOf(inputs))),
  'zero-shot-classification': ({ inputs, parameters }) =>
    result(rank(textOf(inputs), parameters['candidate_labels'] as readonly string[])),
  'feature-extraction': ({ inputs }) =>
    result(Array.isArray(inputs) ? inputs.map(one => vectorOf(textOf(one))) : vectorOf(textOf(inputs))),
  'sentence-similarity': ({ inputs }) => {
    const { source_sentence: source, sentences } = inputs as { source_sentence: string; sentences: readonly string[] }
    return result(sentences.map(one => similarity(source, one)))
  },
  'question-answering': ({ inputs }) => {
    const { question, context } = inputs as { question: string; context: string }
    const score = (sentence: string) => sharedWords(question, sentence)
    const [best = context] = sentencesOf(context).toSorted((a, b) => score(b) - score(a))
    const start = Math.max(0, context.indexOf(best))
    return result({ answer: best, score: score(best), start, end: start + best.length })
  },
  'text-to-image': ({ inputs }) => drawing(textOf(inputs)),
}

function* saying(text: string): Generator<AskPart> {
  const words = text.match(/\s*\S+/g) ?? []
  for (const word of words) yield { text: word }
  yield { finish: true, model: MODEL, reason: 'stop', outputTokens: words.length }
}
function* result(value: unknown): Generator<AskPart> {
  yield { result: value }
  yield { finish: true, model: MODEL }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
const sentencesOf = (text: string): readonly string[] => text.match(/[^.!?]+[.!?]*/g)?.map(one => one.trim()) ?? []

function lastSaid(inputs: unknown): string {
  const messages: unknown = isRecord(inputs) ? inputs['messages'] : undefined
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  return isRecord(last) ? textOf(last['content']) : ''
}

const BAD = new Set(
  'bad sad angry broken terrible hate slow worst awful poor disappointing boring not never'.split(' '),
)
const GOOD = new Set('good happy great love wonderful fast best nice excellent delightful fun beautiful'.split(' '))

function moodOf(text: string): readonly { label: string; score: number }[] {
  const words = wordsOf(text)
  const good = 1 + words.filter(word => GOOD.has(word)).length
  const bad = 1 + words.filter(word => BAD.has(word)).length
  const labels = [
    { label: 'POSITIVE', score: round(good / (good + bad)) },
    { label: 'NEGATIVE', score: round(bad / (good + bad)) },
  ]
  return labels.toSorted((a, b) => b.score - a.score)
}

function rank(text: string, labels: readonly string[]): readonly { label: string; score: number }[] {
  const weights = labels.map(label => Math.exp(4 * similarity(text, label)))
  const sum = weights.reduce((total, one) => total + one, 0)
  return labels
    .map((label, index) => ({ label, score: round((weights[index] ?? 0) / sum) }))
    .toSorted((a, b) => b.score - a.score)
}

const DIMENSIONS = 64
/** Feature hashing of words and their beginnings: likeness of letters, not of meaning. */
function vectorOf(text: string): readonly number[] {
  const vector = Array.from({ length: DIMENSIONS }, () => 0)
  for (const word of wordsOf(text))
    for (const feature of [word, word.slice(0, 4)]) {
      const hash = hashOf(feature)
      const at = hash % DIMENSIONS
      vector[at] = (vector[at] ?? 0) + (hash & 0x1_0000 ? 1 : -1)
    }
  const length = Math.hypot(...vector) || 1
  return vector.map(value => round(value / length))
}

function similarity(a: string, b: string): number {
  const [left, right] = [vectorOf(a), vectorOf(b)]
  return round(left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0))
}

const ASKING = new Set(
  'who whom whose what which where when why how is are was were do does did the a an of in to'.split(' '),
)
/** The share of a question's weightier words that a sentence has. */
function sharedWords(question: string, sentence: string): number {
  const wanted = wordsOf(question).filter(word => !ASKING.has(word))
  const found = new Set(wordsOf(sentence))
  return round(wanted.filter(word => found.has(word)).length / Math.max(1, wanted.length))
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** A card in the text's own colours that says what it stands for. */
function* drawing(text: string): Generator<AskPart> {
  const hue = hashOf(text) % 360
  const shown = text.slice(0, 40).replaceAll(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)
  const svg = [
    '<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512" viewBox="0 0 512 512">',
    `<rect width="512" height="512" fill="hsl(${hue} 60% 30%)"/>`,
    `<circle cx="256" cy="210" r="120" fill="hsl(${(hue + 140) % 360} 70% 60%)"/>`,
    `<text x="256" y="410" fill="white" font-family="sans-serif" font-size="24" text-anchor="middle">${shown}</text>`,
    '<text x="256" y="460" fill="white" font-family="sans-serif" font-size="20" text-anchor="middle">demo</text></svg>',
  ].join('')
  yield { data: Buffer.from(svg) }
  yield { finish: true, model: MODEL, mediaType: 'image/svg+xml' }
}
