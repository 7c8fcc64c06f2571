import { defineNode, NodeFailure } from '#graph/define.ts'
import { isObject } from '#graph/json.ts'
import { show } from '#graph/schema.ts'
import { fromDataUrl } from '../language/media.ts'

export default defineNode({
  title: 'Microphone',
  about:
    'Fires for everything that somebody says to the spell while it is played: press the button on its card, speak, press again. *Listen* writes it down.',
  icon: 'mic',
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
        default: 'microphone',
        description: 'What it is called from outside',
      },
    },
  },
  outputs: {
    audio: { type: 'audio', about: 'What was said, as a data URL' },
    message: { type: 'message', about: 'What else came with it: the message without its sound' },
  },
  flow: { out: ['out'] },
  receive(given, { name }) {
    const { audio, ...message } = isObject(given) ? given : { audio: given }
    if (typeof audio !== 'string')
      throw new NodeFailure('WRONG_TYPE', `microphone "${name}" expects {audio: a data URL, …}, got ${show(given)}`, {
        retry: false,
      })
    if (fromDataUrl(audio, 'audio', 'audio').bytes.length === 0)
      throw new NodeFailure('BAD_INPUT', `microphone "${name}" expects audio, got a data URL without bytes`, {
        retry: false,
      })
    return { outputs: { audio, message } }
  },
})
