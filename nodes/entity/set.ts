import { defineNode, NodeFailure } from '#graph/define.ts'
import { toEntity } from '../language/entity.ts'
import { toBytes } from '../language/knowledge.ts'
import '../services.ts'

export default defineNode({
  title: 'Set entity',
  about:
    'Writes down what is known of a person, place or thing: makes it, or adds to what is there under its name. What it was before stays in its history.',
  icon: 'user-pen',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      kind: {
        type: 'string',
        title: 'Kind',
        minLength: 1,
        maxLength: 32,
        default: 'person',
        description: 'person, organisation, place, thing, bot, or a word of your own',
      },
      replace: {
        type: 'boolean',
        title: 'Instead of all attributes',
        default: false,
        description: 'Otherwise they are added; one that is null goes',
      },
    },
  },
  inputs: {
    name: { type: 'string', about: 'What it is called' },
    id: { type: 'string', about: 'Its id, where it is known' },
    about: { type: 'string', about: 'In a sentence or two' },
    attributes: { type: 'object' },
    aliases: { type: 'array<string>', about: 'What else it is called' },
  },
  outputs: {
    entity: { type: 'object' },
    id: { type: 'string' },
    created: { type: 'boolean', about: 'It was not known before' },
    changed: { type: 'boolean', about: 'Anything is other than before' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ name = '', id = '', about = '', attributes, aliases = [] }, { config, services, signal, node }) {
    if (name === '' && id === '') throw new NodeFailure('BAD_INPUT', 'expected a "name" or an "id"', { retry: false })
    const { entity, created, changed } = await services.entity.upsert(
      {
        entity: {
          ...{ id, kind: config.kind, name, about, aliases: [...aliases] },
          attributes: attributes === undefined ? new Uint8Array() : toBytes(attributes),
        },
        by: `node ${node}`,
        replaceAttributes: config.replace && attributes !== undefined,
      },
      { signal },
    )
    if (!entity) throw new NodeFailure('BAD_ANSWER', 'no entity came back')
    return { outputs: { entity: toEntity(entity), id: entity.id, created, changed } }
  },
})
