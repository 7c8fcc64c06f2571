import { defineNode, NodeFailure } from '#graph/define.ts'
import { show } from '#graph/schema.ts'
import { isOfType } from '#graph/sockets.ts'

const TYPES = ['any', 'string', 'number', 'boolean', 'object', 'array'] as const

export default defineNode({
  title: 'Event',
  about: 'Fires for every message that is sent to the run under its name, from outside, while the spell is played.',
  icon: 'radio',
  kind: 'source',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      name: { type: 'string', title: 'Name', minLength: 1, maxLength: 100, default: 'event' },
      type: {
        type: 'string',
        title: 'Type',
        enum: TYPES,
        default: 'any',
        description: 'Messages of another type are refused',
      },
    },
  },
  outputs: { name: { type: 'string', about: 'Its name' } },
  flow: { out: ['out'] },
  derive: ({ type }) => ({
    outputs: { value: { type: TYPES.includes(type) ? type : 'any', about: 'The message' } },
  }),
  receive(message, { name, type }) {
    if (!isOfType(message, type))
      throw new NodeFailure('WRONG_TYPE', `event "${name}" expects ${type}, got ${show(message)}`, { retry: false })
    return { outputs: { value: message, name } }
  },
})
