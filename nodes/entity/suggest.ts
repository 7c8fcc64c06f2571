import { defineNode } from '#graph/define.ts'
import { toEntity } from '../language/entity.ts'
import '../services.ts'

export default defineNode({
  title: 'Suggest entities',
  about:
    'Asks a language model whom and what a text speaks of: people, organisations, places, things, each with the known entity that it may be. Nothing is written down.',
  icon: 'users',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      model: { type: 'string', title: 'Model', format: 'model', default: '', description: 'Empty: the default model' },
      kinds: {
        type: 'array',
        title: 'Kinds',
        items: { type: 'string' },
        default: [],
        description: 'None: person, organisation, place, thing',
      },
    },
  },
  inputs: { text: { type: 'string', required: true } },
  outputs: {
    suggestions: { type: 'array', about: 'Each with entity, mentions, known (or null) and likeness' },
    names: { type: 'array<string>' },
    model: { type: 'string', about: 'Who read it' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ text }, { config, services, signal, node, idempotencyKey }) {
    const { suggestions, model } = await services.entity.suggest(
      { text, model: config.model, kinds: [...config.kinds], origin: { nodeId: node } },
      { signal, metadata: { 'idempotency-key': idempotencyKey } },
    )
    return {
      outputs: {
        suggestions: suggestions.map(({ entity, mentions, known, likeness }) => ({
          entity: entity ? toEntity(entity) : null,
          mentions: mentions.map(({ from, to }) => ({ from, to })),
          known: known ? toEntity(known) : null,
          likeness,
        })),
        names: suggestions.flatMap(({ entity }) => (entity ? [entity.name] : [])),
        model,
      },
    }
  },
})
