import { defineNode } from '#graph/define.ts'
import { search, SEARCH_CONFIG, SEARCH_INPUTS, SEARCH_OUTPUTS } from '../language/knowledge.ts'

export default defineNode({
  title: 'Find in documents',
  about:
    'Finds the pieces of your documents that answer a question: by meaning and by words. Their texts come ready for a prompt, numbered; the editor opens what a number stands for.',
  icon: 'file-search',
  kind: 'action',
  effect: 'idempotent',
  config: { type: 'object', properties: SEARCH_CONFIG },
  inputs: SEARCH_INPUTS,
  outputs: SEARCH_OUTPUTS,
  flow: { in: ['in'], out: ['found', 'missing'] },
  run: (inputs, context) => search(['documents'], inputs, context.config, context),
})
