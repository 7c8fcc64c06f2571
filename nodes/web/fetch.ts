import { defineNode } from '#graph/define.ts'
import { ANSWER_OUTPUTS, problemsOfRequest, request, REQUEST_CONFIG, REQUEST_INPUTS } from '../language/http.ts'

export default defineNode({
  title: 'Fetch',
  about:
    'Reads from the web with GET or HEAD. After a crash it is asked for again: for what changes something, take *Send*. Addresses inside the network are out of reach; 30 seconds and 10 MB are the most.',
  icon: 'globe',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      method: { type: 'string', title: 'Method', enum: ['GET', 'HEAD'], default: 'GET' },
      ...REQUEST_CONFIG,
    },
  },
  inputs: REQUEST_INPUTS,
  outputs: ANSWER_OUTPUTS,
  flow: { in: ['in'], out: ['out'] },
  check: problemsOfRequest,
  run: async (inputs, context) => ({
    outputs: await request(inputs, context, { method: context.config.method }),
  }),
})
