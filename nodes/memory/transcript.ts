import { defineNode } from '#graph/define.ts'
import { toMemory } from '../language/memory.ts'
import '../services.ts'

export default defineNode({
  title: 'Transcript',
  about:
    'Gives the last messages of a conversation that fit a number of tokens, oldest first: as a text, and ready for a chat.',
  icon: 'scroll-text',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      channel: { type: 'string', title: 'Channel', default: 'main' },
      tokens: { type: 'integer', title: 'At most … tokens', minimum: 1, maximum: 1_000_000, default: 2_000 },
      most: { type: 'integer', title: 'At most … messages', minimum: 1, maximum: 1_000, default: 100 },
      assistant: {
        type: 'string',
        title: 'The assistant is',
        default: 'assistant',
        description: 'Who says so much in the chat’s messages as the model',
      },
      client: { type: 'string', title: 'Client', default: '', description: 'Empty: all' },
      agent: { type: 'string', title: 'Agent', default: '', description: 'Empty: all' },
    },
  },
  inputs: { channel: { type: 'string', about: 'In place of the one in the settings' } },
  outputs: {
    messages: { type: 'array<message>', about: 'With role and content, for a chat' },
    text: { type: 'string', about: 'One a line: who, what' },
    events: { type: 'array' },
    tokens: { type: 'number', about: 'How many they take' },
    more: { type: 'boolean', about: 'Whether there is more before them' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ channel }, { config, services, signal }) {
    const { events, text, tokens, more } = await services.event.transcript(
      {
        ...{ tokens: config.tokens, limit: config.most, client: config.client, agentId: config.agent },
        channel: channel ?? config.channel,
      },
      { signal },
    )
    const messages = events.map(({ sender, content }) => ({
      role: sender === config.assistant ? 'assistant' : 'user',
      content,
    }))
    return { outputs: { messages, text, events: events.map(toMemory), tokens, more } }
  },
})
