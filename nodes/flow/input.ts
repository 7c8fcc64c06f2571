import { defineNode } from '#graph/define.ts'
import type { DataType } from '#graph/define.ts'

const TYPES = [
  'any',
  'string',
  'number',
  'boolean',
  'object',
  'array',
  'image',
  'audio',
  'file',
  'document',
  'message',
  'event',
  'embedding',
] as const satisfies readonly DataType[]

export default defineNode({
  title: 'Input',
  about: 'A value that the run is given by name. With a default it need not be given.',
  icon: 'log-in',
  kind: 'pure',
  role: 'input',
  config: {
    type: 'object',
    properties: {
      name: { type: 'string', title: 'Name', description: 'Empty: the id of this node' },
      type: {
        type: 'string',
        title: 'Type',
        enum: TYPES,
        default: 'any',
      },
      default: { title: 'Default', description: 'JSON; absent: the run must be given one' },
      description: { type: 'string', title: 'Description' },
    },
  },
  derive: ({ type }) => ({
    outputs: { value: { type: TYPES.includes(type) ? type : 'any', about: 'What was given' } },
  }),
})
