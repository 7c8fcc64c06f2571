import { defineNode, NodeFailure } from '#graph/define.ts'
import {
  ANSWER_OUTPUTS,
  answerTo,
  messagesOf,
  OVER_BUDGET,
  QUESTION_CONFIG,
  QUESTION_INPUTS,
  toResult,
} from '../language/completion.ts'
import type { Piece } from '../language/completion.ts'
import { createSentences } from '../language/sentences.ts'

export default defineNode({
  title: 'Complete in sentences',
  about:
    'Asks a language model and goes on along `each` with every sentence as soon as it is finished: to speak it, say, while the next one is written. `done` has the whole answer. What cannot keep up slows the model down.',
  icon: 'quote',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: { type: 'object', properties: QUESTION_CONFIG },
  inputs: QUESTION_INPUTS,
  outputs: {
    sentence: { type: 'string', about: 'The one that was finished; a line counts as one too' },
    index: { type: 'number', about: 'Its number, from 0' },
    ...ANSWER_OUTPUTS,
    count: { type: 'number', about: 'How many sentences there were' },
  },
  flow: { in: ['in'], out: ['each', 'done', OVER_BUDGET] },
  async *run(inputs, context) {
    const answer = answerTo({ messages: messagesOf(inputs, context.config.system) }, context)
    const sentences = createSentences()
    let index = 0
    try {
      for (;;) {
        const step = await answer.next()
        const more = step.done ? sentences.end() : sentences.add(textOf(step.value, index))
        for (const sentence of more) yield { outputs: { sentence, index: index++ } }
        if (!step.done) continue
        const { text, reasoning } = step.value
        return toResult(step.value, { text, reasoning, count: index }, 'done')
      }
    } finally {
      // Where nobody wants the rest, the model need not go on.
      await answer.return({ text: '', reasoning: '', toolCalls: [], model: '', reason: '', budget: '', usage: {} })
    }
  },
})

/** What was given on already cannot be taken back. */
function textOf(piece: Piece, given: number): string {
  if ('text' in piece) return piece.text
  throw new NodeFailure('UNAVAILABLE', `the model began its answer again after ${given} sentences: ${piece.restart}`)
}
