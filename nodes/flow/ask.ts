import { defineNode } from '#graph/define.ts'
import { isObject } from '#graph/json.ts'
import {
  DEADLINE_CONFIG,
  failIfExpired,
  problemsOfQuestion,
  promptConfig,
  socketsOfQuestion,
  waitOf,
} from '../language/asking.ts'
import { emptyAnswers, FIELD, fieldsIn, formOf, problemsOfFields, socketsOfFields } from '../language/form.ts'

export default defineNode({
  title: 'Ask a person',
  about:
    'Asks with a form and waits for the answer; meanwhile the run costs nothing and survives restarts. Every field is an output, every variable of the question an input.',
  icon: 'message-circle-question-mark',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      prompt: promptConfig(''),
      form: {
        type: 'array',
        title: 'Form',
        items: FIELD,
        minItems: 1,
        maxItems: 50,
        default: [{ name: 'text', title: 'Answer', type: 'multiline', required: true }],
        description: 'Fields: `{name, title, type, required, default, options}`; absent: not required, a line of text',
      },
      ...DEADLINE_CONFIG,
    },
  },
  outputs: { answer: { type: 'object', about: 'All fields; none where nobody answered in time' } },
  flow: { in: ['in'], out: ['answered'] },
  derive(config) {
    const { inputs, flow } = socketsOfQuestion(config)
    return { inputs, flow, outputs: socketsOfFields(fieldsIn(config.form)) }
  },
  check: config => [...problemsOfQuestion(config), ...problemsOfFields(fieldsIn(config.form))],
  run: (inputs, { config, now }) => ({ wait: waitOf(config, inputs, formOf(fieldsIn(config.form)), now()) }),
  afterWait(end, _inputs, { config }) {
    const empty = emptyAnswers(fieldsIn(config.form))
    if (end.kind === 'expired') {
      failIfExpired(config)
      return { outputs: { ...empty, answer: {} }, pulse: 'expired' }
    }
    const answer = isObject(end.value) ? end.value : {}
    return { outputs: { ...empty, ...answer, answer }, pulse: 'answered' }
  },
})
