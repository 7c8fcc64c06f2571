import { defineNode } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'

export default defineNode({
  title: 'List source',
  about:
    'Gives the items of a list one after the other, at its own pace, while what follows is at work; then fires `done`. A run that is taken up again goes on with the next item.',
  icon: 'list-start',
  kind: 'source',
  effect: 'idempotent',
  continues: true,
  config: {
    type: 'object',
    properties: {
      list: { type: 'array', title: 'Items', default: [], description: 'JSON' },
      everyMs: {
        type: 'integer',
        title: 'Every … ms',
        minimum: 0,
        maximum: 86_400_000,
        default: 0,
        description: '0: as fast as they are worked on',
      },
    },
  },
  inputs: { list: { type: 'array', about: 'In place of the one in the settings' } },
  outputs: {
    item: { type: 'any' },
    index: { type: 'number', about: '0, 1, 2 …' },
    count: { type: 'number', about: 'How many there are in all' },
  },
  flow: { out: ['out', 'done'] },
  async *run(inputs, { config, emitted, sleep }) {
    const list: readonly Json[] = inputs.list ?? config.list
    for (let index = emitted; index < list.length; index++) {
      if (config.everyMs > 0 && index > 0) await sleep(config.everyMs)
      yield { outputs: { item: list[index] ?? null, index, count: list.length } }
    }
    return { outputs: { count: list.length } }
  },
})
