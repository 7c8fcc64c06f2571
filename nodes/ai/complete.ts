import { defineNode } from '#graph/define.ts'
import {
  ANSWER_OUTPUTS,
  messagesOf,
  OVER_BUDGET,
  QUESTION_CONFIG,
  QUESTION_INPUTS,
  toResult,
  valueOf,
  wholeAnswer,
} from '../language/completion.ts'
import { OWN_SCHEMA, readSchema } from '../language/json-schema.ts'

export default defineNode({
  title: 'Complete',
  about:
    'Asks a language model. Its answer streams into the node while it is written. Without a model of its own it asks the instance’s default one.',
  icon: 'sparkles',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      ...QUESTION_CONFIG,
      schema: {
        ...OWN_SCHEMA,
        title: 'JSON Schema of the answer',
        description: 'Empty: free words. Else the answer comes as a whole, and `value` has it',
      },
    },
  },
  inputs: QUESTION_INPUTS,
  outputs: ANSWER_OUTPUTS,
  flow: { in: ['in'], out: ['out', OVER_BUDGET] },
  derive: ({ schema }) => (isWanted(schema) ? { outputs: { value: { type: 'any', about: 'What `text` says' } } } : {}),
  check: ({ schema }) => (isWanted(schema) ? readSchema(schema).problems : []),
  async run(inputs, context) {
    const { system, schema } = context.config
    const question = { messages: messagesOf(inputs, system), ...(isWanted(schema) ? readSchema(schema) : {}) }
    const answer = await wholeAnswer(question, context)
    const { text, reasoning } = answer
    const hasValue = isWanted(schema) && answer.reason !== 'budget'
    return toResult(answer, { text, reasoning, ...(hasValue ? { value: valueOf(answer) } : {}) })
  },
})

function isWanted(schema: unknown): schema is string {
  return typeof schema === 'string' && schema.trim() !== ''
}
