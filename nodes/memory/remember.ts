import { defineNode, NodeFailure } from '#graph/define.ts'
import { keptId, toBytes, toTime } from '../language/knowledge.ts'
import '../services.ts'

export default defineNode({
  title: 'Remember',
  about:
    'Keeps what was said or done in the memory: who, where, what and when. Transcripts give it back in order, recall by its meaning.',
  icon: 'brain',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      channel: { type: 'string', title: 'Channel', default: 'main', description: 'The conversation or place' },
      sender: { type: 'string', title: 'Who', default: 'user' },
      type: { type: 'string', title: 'Type', default: 'message', description: 'message, action, fact …' },
      client: { type: 'string', title: 'Client', default: 'spell', description: 'Where it came from' },
      agent: { type: 'string', title: 'Agent', default: '', description: 'Whose memory; empty: of all your spells' },
    },
  },
  inputs: {
    content: { type: 'string', required: true, about: 'What was said' },
    sender: { type: 'string', about: 'In place of the one in the settings' },
    channel: { type: 'string', about: 'In place of the one in the settings' },
    entities: { type: 'array<string>', about: 'Ids of entities that it is about' },
    data: { type: 'any', about: 'Anything else' },
    at: { type: 'any', about: 'When, milliseconds since 1970 or a date; none: now' },
  },
  outputs: {
    id: { type: 'string' },
    event: { type: 'object', about: 'As it is kept' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ content, sender, channel, entities = [], data, at }, context) {
    const { config, services, signal } = context
    const asked = {
      ...{ id: keptId(context), content, type: config.type, client: config.client, agentId: config.agent },
      sender: sender ?? config.sender,
      channel: channel ?? config.channel,
      entityIds: [...entities],
      data: data === undefined ? new Uint8Array() : toBytes(data),
      at: toTime(at, 'at'),
    }
    const { events } = await services.event.append({ events: [asked] }, { signal })
    const [event] = events
    if (!event) throw new NodeFailure('BAD_ANSWER', 'no event came back')
    return { outputs: { id: event.id, event: { ...asked, data: data ?? null, at: event.at } } }
  },
})
