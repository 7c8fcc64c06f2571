import { defineNode } from '#graph/define.ts'
import { ANSWER_OUTPUTS, answerTo, QUESTION_CONFIG, QUESTION_INPUTS } from '../language/completion.ts'
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
  flow: { in: ['in'], out: ['each', 'done'] },
  async *run(inputs, context) {
    const answer = answerTo(inputs, context)
    const sentences = createSentences()
    let [text, index] = ['', 0]
    try {
      for (;;) {
        const step = await answer.next()
        if (!step.done) text += step.value
        for (const sentence of step.done ? sentences.end() : sentences.add(step.value))
          yield { outputs: { sentence, index: index++ } }
        if (!step.done) continue
        const { model, reason, usage } = step.value
        return { outputs: { text, model, reason, count: index }, usage }
      }
    } finally {
      // Where nobody wants the rest, the model need not go on.
      await answer.return({ model: '', reason: '', usage: {} })
    }
  },
})
