import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Delay',
  about: 'Waits, then goes on.',
  icon: 'timer',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: { ms: { type: 'integer', title: 'Milliseconds', minimum: 0, maximum: 86_400_000, default: 1000 } },
  },
  flow: { in: ['in'], out: ['out'] },
  async run(_inputs, { config, sleep }) {
    await sleep(config.ms)
  },
})
