import { defineNode } from '#graph/define.ts'
import { ANSWER_OUTPUTS, bodyOf, problemsOfRequest, request, REQUEST_CONFIG, REQUEST_INPUTS } from '../language/http.ts'

export default defineNode({
  title: 'Send',
  about:
    'Sends to the web with POST, PUT, PATCH or DELETE. It is never repeated by itself after a crash: the run asks a person. Addresses inside the network are out of reach; 30 seconds and 10 MB are the most.',
  icon: 'send',
  kind: 'action',
  effect: 'unsafe',
  config: {
    type: 'object',
    properties: {
      method: { type: 'string', title: 'Method', enum: ['POST', 'PUT', 'PATCH', 'DELETE'], default: 'POST' },
      ...REQUEST_CONFIG,
      key: {
        type: 'boolean',
        title: 'Idempotency-Key',
        default: false,
        description: 'A header that is the same in every attempt: servers that know it do a thing once',
      },
    },
  },
  inputs: {
    ...REQUEST_INPUTS,
    body: { type: 'any', about: 'A text as it is, other values as JSON; the header content-type says otherwise' },
  },
  outputs: ANSWER_OUTPUTS,
  flow: { in: ['in'], out: ['out'] },
  check: problemsOfRequest,
  async run(inputs, context) {
    const { method, key } = context.config
    const { body, headers } = inputs.body === undefined ? {} : bodyOf(inputs.body)
    const outputs = await request(inputs, context, {
      method,
      headers: { ...headers, ...(key ? { 'idempotency-key': `"${context.idempotencyKey}"` } : {}) },
      ...(body === undefined ? {} : { body }),
    })
    return { outputs }
  },
})
