import { defineNode } from '#graph/define.ts'
import { keptId, toBytes } from '../language/knowledge.ts'
import '../services.ts'

export default defineNode({
  title: 'Send event',
  about:
    'Tells a value under a topic to whoever of yours listens now: other spells, agents, the editor. Where it is kept, it is in the memory as well.',
  icon: 'radio-tower',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      topic: { type: 'string', title: 'Topic', minLength: 1, maxLength: 64, default: 'news' },
      keep: { type: 'boolean', title: 'Keep it', default: false, description: 'In the memory, as an event' },
    },
  },
  inputs: {
    value: { type: 'any', required: true },
    topic: { type: 'string', about: 'In place of the one in the settings' },
  },
  outputs: { id: { type: 'string', about: 'The same in every attempt: listeners hear it once' } },
  flow: { in: ['in'], out: ['out'] },
  async run({ value, topic }, context) {
    const { config, services, signal, node } = context
    const id = keptId(context)
    const asked = { topic: topic ?? config.topic, value: toBytes(value), sender: node, keep: config.keep, id }
    await services.event.publish(asked, { signal })
    return { outputs: { id } }
  },
})
