import { defineNode, NodeFailure } from '#graph/define.ts'
import { isObject } from '#graph/json.ts'
import { show } from '#graph/schema.ts'

export default defineNode({
  title: 'Chat message',
  about: 'Fires for every message that somebody writes to the spell while it is played. *Reply* answers it.',
  icon: 'message-circle',
  kind: 'source',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      name: {
        type: 'string',
        title: 'Name',
        minLength: 1,
        maxLength: 100,
        default: 'chat',
        description: 'What the chat is called from outside',
      },
    },
  },
  outputs: {
    text: { type: 'string', about: 'What was written' },
    message: { type: 'message', about: 'The whole message: `{text, …}`' },
  },
  flow: { out: ['out'] },
  receive(given, { name }) {
    const message = typeof given === 'string' ? { text: given } : given
    if (!isObject(message) || typeof message['text'] !== 'string')
      throw new NodeFailure('WRONG_TYPE', `chat "${name}" expects a text or {text, …}, got ${show(given)}`, {
        retry: false,
      })
    return { outputs: { text: message['text'], message } }
  },
})
