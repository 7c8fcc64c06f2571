import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Interval',
  about:
    'Fires again and again while the spell is played. Time in which the run is paused, or nobody works on it, is not made up for: it goes on from there.',
  icon: 'metronome',
  kind: 'source',
  effect: 'idempotent',
  continues: true,
  config: {
    type: 'object',
    properties: {
      everyMs: { type: 'integer', title: 'Every … ms', minimum: 10, maximum: 86_400_000, default: 1000 },
      count: {
        type: 'integer',
        title: 'How often',
        minimum: 0,
        maximum: 1_000_000_000,
        default: 0,
        description: '0: until the run is stopped',
      },
      atOnce: { type: 'boolean', title: 'The first at once', default: false },
    },
  },
  outputs: {
    index: { type: 'number', about: '0, 1, 2 …' },
    at: { type: 'number', about: 'When it fired, milliseconds since 1970' },
  },
  flow: { out: ['out', 'done'] },
  async *run(_inputs, { config, emitted, now, sleep }) {
    const { everyMs, count, atOnce } = config
    let next = now() + (atOnce && emitted === 0 ? 0 : everyMs)
    for (let index = emitted; count === 0 || index < count; index++) {
      await sleep(Math.max(0, next - now()))
      const at = Math.floor(now())
      yield { outputs: { index, at } }
      // By the clock and not by when the last was taken, so that small delays do not add up.
      next = Math.max(next + everyMs, at)
    }
  },
})
