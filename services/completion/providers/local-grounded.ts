// How the built-in model answers out of passages that it is given: with the sentence that shares most words with the question, word for word.
import type { ProviderRequest } from '../provider.ts'
import { keywordsOf } from './local-text.ts'

/** A passage as prompts number it: `[1] Title`, then its text up to an empty line before the next. */
interface Passage {
  readonly number: string
  readonly text: string
}

const HEAD = /^\[(\d{1,3})\] .*$/gm
/** Of passages and of the question: more is not looked at. */
const MOST_CHARACTERS = 200_000
const MOST_SENTENCES = 2_000

/** An answer with the number of its passage; undefined: no passages are given. */
export function composeGrounded({ messages }: Pick<ProviderRequest, 'messages'>): string | undefined {
  const asked = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  const instructions = messages.filter(({ role }) => role === 'system').map(({ content }) => content)
  const inQuestion = readPassages(asked)
  const passages = [...inQuestion.passages, ...instructions.flatMap(text => readPassages(text).passages)]
  if (passages.length === 0) return undefined
  const wanted = new Set(stemsOf(inQuestion.rest))
  let best: { readonly sentence: string; readonly number: string; readonly score: number } | undefined
  let left = MOST_SENTENCES
  for (const { number, text } of passages)
    for (const sentence of sentencesOf(text)) {
      if (left-- <= 0) break
      const stems = stemsOf(sentence)
      const shared = new Set(stems.filter(stem => wanted.has(stem))).size
      // Of sentences with the same words, the shorter one says less beside.
      const score = shared - stems.length / 1_000
      if (shared > 0 && score > (best?.score ?? 0)) best = { sentence, number, score }
    }
  const answer = best ? `${best.sentence} [${best.number}]` : 'Nothing that I was given answers this.'
  return `${answer}\n\nThis is the built-in demo model: it quotes the sentence that has most words of the question.`
}

function readPassages(given: string): { readonly passages: readonly Passage[]; readonly rest: string } {
  // The question is at the end.
  const last = given.slice(given.lastIndexOf('\n\n') + 1).slice(-MOST_CHARACTERS)
  const text = given.length <= MOST_CHARACTERS ? given : `${given.slice(0, MOST_CHARACTERS)}\n\n${last.trim()}`
  const heads = [...text.matchAll(HEAD)]
  const passages = heads.map(({ 0: head, 1: number = '', index }, at) => {
    const from = index + head.length
    const next = heads[at + 1]?.index
    // Behind the last one, the last paragraph is the question.
    const end = next ?? endBeforeLastParagraph(text, from + 1)
    return { number, text: text.slice(from, end), from: index, end }
  })
  const [first, final] = [passages[0], passages.at(-1)]
  const rest = first && final ? `${text.slice(0, first.from)} ${text.slice(final.end)}` : text
  return { passages, rest }
}

function endBeforeLastParagraph(text: string, from: number): number {
  const end = text.trimEnd().lastIndexOf('\n\n')
  return end < from ? text.length : end
}

function sentencesOf(text: string): readonly string[] {
  return text
    .split(/(?<=[.!?])\s+|\n+/)
    .map(sentence => sentence.trim())
    .filter(sentence => sentence !== '')
}

/** The beginnings of a text's weightier words: their forms mostly begin alike. */
function stemsOf(text: string): readonly string[] {
  return keywordsOf(text).map(word =>
    word
      .toLowerCase()
      .replace(/(?<=..)(?:ing|ed|es|s|e)$/, '')
      .slice(0, 5),
  )
}
