import { defineNode } from '#graph/define.ts'
import { search, SEARCH_CONFIG, SEARCH_INPUTS, SEARCH_OUTPUTS } from '../language/knowledge.ts'

export default defineNode({
  title: 'Search',
  about:
    'Looks for what answers a question among your documents, memory and entities, and on the web where a provider of it is set up; by meaning and by words.',
  icon: 'search',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      sources: {
        type: 'array',
        title: 'In',
        items: { type: 'string', enum: ['documents', 'events', 'entities', 'web'] },
        default: ['documents', 'events', 'entities'],
        description: 'documents, events, entities, web: one a line',
      },
      ...SEARCH_CONFIG,
    },
  },
  inputs: SEARCH_INPUTS,
  outputs: SEARCH_OUTPUTS,
  flow: { in: ['in'], out: ['found', 'missing'] },
  run: (inputs, context) => search(context.config.sources, inputs, context.config, context),
})
