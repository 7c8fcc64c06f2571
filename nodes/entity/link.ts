import { defineNode } from '#graph/define.ts'
import { toBytes, toTime } from '../language/knowledge.ts'
import '../services.ts'

export default defineNode({
  title: 'Link entities',
  about: 'Relates two entities, or an entity and an event: who knows whom, who works where, who was there.',
  icon: 'link',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      kind: {
        type: 'string',
        title: 'Relation',
        minLength: 1,
        maxLength: 64,
        default: 'knows',
        description: 'knows, works_at, mentioned_in …',
      },
      toEvent: { type: 'boolean', title: 'To an event', default: false },
    },
  },
  inputs: {
    from: { type: 'string', required: true, about: 'The id of an entity' },
    to: { type: 'string', required: true, about: 'The id of the other one, or of an event' },
    attributes: { type: 'object', about: 'Of the relation' },
    since: { type: 'any', about: 'Since when; none: now' },
  },
  outputs: { created: { type: 'boolean', about: 'They were not related so before' } },
  flow: { in: ['in'], out: ['out'] },
  async run({ from, to, attributes, since }, { config, services, signal, node }) {
    const { created } = await services.entity.link(
      {
        ...{ fromId: from, kind: config.kind, toId: to, toEvent: config.toEvent, by: `node ${node}` },
        attributes: attributes === undefined ? new Uint8Array() : toBytes(attributes),
        since: toTime(since, 'since'),
      },
      { signal },
    )
    return { outputs: { created } }
  },
})
