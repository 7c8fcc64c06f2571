import { defineNode } from '#graph/define.ts'
import type { Schema } from '#graph/define.ts'
import { isObject } from '#graph/json.ts'
import {
  DEADLINE_CONFIG,
  failIfExpired,
  problemsOfQuestion,
  promptConfig,
  socketsOfQuestion,
  waitOf,
} from '../language/asking.ts'

const FORM: Schema = {
  type: 'object',
  properties: {
    approved: { type: 'boolean', title: 'Approved' },
    comment: { type: 'string', title: 'Comment', format: 'multiline', default: '' },
  },
  required: ['approved'],
  additionalProperties: false,
}

export default defineNode({
  title: 'Approve',
  about:
    'Asks a person for a yes or a no, with a comment, before the spell goes on along `approved` or `rejected`. Meanwhile the run costs nothing and survives restarts.',
  icon: 'user-check',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      prompt: promptConfig('Go on?'),
      ...DEADLINE_CONFIG,
    },
  },
  outputs: {
    approved: { type: 'boolean', about: 'False also where nobody answered in time' },
    comment: { type: 'string', about: 'Empty where there is none' },
  },
  flow: { in: ['in'], out: ['approved', 'rejected'] },
  derive: socketsOfQuestion,
  check: problemsOfQuestion,
  run: (inputs, { config, now }) => ({ wait: waitOf(config, inputs, FORM, now()) }),
  afterWait(end, _inputs, { config }) {
    if (end.kind === 'expired') {
      failIfExpired(config)
      return { outputs: { approved: false, comment: '' }, pulse: 'expired' }
    }
    const { approved, comment } = isObject(end.value) ? end.value : {}
    return {
      outputs: { approved: approved === true, comment: typeof comment === 'string' ? comment : '' },
      pulse: approved === true ? 'approved' : 'rejected',
    }
  },
})
