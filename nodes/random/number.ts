import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Random number',
  about:
    'Draws a number. It is recorded: a replay has the same one. Random numbers follow from the seed of the run: do not use them as secrets.',
  icon: 'dices',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      least: { type: 'number', title: 'Least', minimum: -1e15, maximum: 1e15, default: 1 },
      most: { type: 'number', title: 'Most', minimum: -1e15, maximum: 1e15, default: 6 },
      whole: {
        type: 'boolean',
        title: 'Whole numbers',
        default: true,
        description: 'Least and most among them; else any number from the least up to, without, the most',
      },
    },
  },
  outputs: { value: { type: 'number' } },
  flow: { in: ['in'], out: ['out'] },
  check({ least, most, whole }) {
    if (most < least) return [{ path: 'most', message: `expected at least ${least}, got ${most}` }]
    const none = whole && Math.floor(most) < Math.ceil(least)
    return none ? [{ path: 'most', message: `there is no whole number from ${least} to ${most}` }] : []
  },
  run(_inputs, { config: { least, most, whole }, random }) {
    // All 53 bits of a double: one draw has 32.
    const share = (Math.floor(random() * 2 ** 27) * 2 ** 26 + Math.floor(random() * 2 ** 26)) / 2 ** 53
    if (!whole) return { outputs: { value: least + share * (most - least) } }
    const first = Math.ceil(least)
    const value = first + Math.floor(share * (Math.floor(most) - first + 1))
    return { outputs: { value: value === 0 ? 0 : value } }
  },
})
