import { defineNode } from '#graph/define.ts'
import { ANSWER_OUTPUTS, answerTo, QUESTION_CONFIG, QUESTION_INPUTS } from '../language/completion.ts'

export default defineNode({
  title: 'Complete',
  about:
    'Asks a language model. Its answer streams into the node while it is written. Without a model of its own it asks the instance’s default one.',
  icon: 'sparkles',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: { type: 'object', properties: QUESTION_CONFIG },
  inputs: QUESTION_INPUTS,
  outputs: ANSWER_OUTPUTS,
  flow: { in: ['in'], out: ['out'] },
  async run(inputs, context) {
    const answer = answerTo(inputs, context)
    let text = ''
    for (;;) {
      const step = await answer.next()
      if (step.done) {
        const { model, reason, usage } = step.value
        return { outputs: { text, model, reason }, usage }
      }
      text += step.value
    }
  },
})
