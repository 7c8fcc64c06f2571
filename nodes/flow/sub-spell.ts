import { defineNode } from '#graph/define.ts'
import type { Socket } from '#graph/define.ts'
import { textsIn } from '../language/many.ts'

const anyOf = (names: readonly string[]): Record<string, Socket> =>
  Object.fromEntries(textsIn(names).map(name => [name, { type: 'any' }]))

export default defineNode({
  title: 'Sub-spell',
  about:
    'Runs another spell of yours inside this one. Its inputs and outputs are sockets here; every entry of its journal is visible.',
  icon: 'box',
  kind: 'scope',
  role: 'sub-spell',
  config: {
    type: 'object',
    properties: {
      spell: { type: 'string', title: 'Spell', format: 'spell', default: '', description: 'Its id, or its name' },
      revision: { type: 'integer', title: 'Revision', minimum: 0, default: 0, description: '0: the latest' },
      inputs: { type: 'array', title: 'Inputs', items: { type: 'string' }, default: [] },
      outputs: { type: 'array', title: 'Outputs', items: { type: 'string' }, default: [] },
      starts: { type: 'array', title: 'Further starts', items: { type: 'string' }, default: [] },
      exits: { type: 'array', title: 'Exits', items: { type: 'string' }, default: [] },
    },
  },
  derive: ({ inputs, outputs, starts, exits }) => ({
    inputs: anyOf(inputs),
    outputs: anyOf(outputs),
    flow: { in: ['in', ...textsIn(starts)], out: ['out', ...textsIn(exits)] },
  }),
})
