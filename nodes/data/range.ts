import { defineNode, NodeFailure } from '#graph/define.ts'

const MOST_ITEMS = 100_000

export default defineNode({
  title: 'Range',
  about:
    'Makes a list of numbers, the last one included: from 1 to 3 is 1, 2, 3. Where the steps lead away from the end it is empty.',
  icon: 'list-ordered',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      from: { type: 'number', title: 'From', default: 1 },
      to: { type: 'number', title: 'To', default: 10 },
      step: { type: 'number', title: 'Step', default: 1 },
    },
  },
  inputs: {
    from: { type: 'number', about: 'In place of the one in the settings' },
    to: { type: 'number', about: 'In place of the one in the settings' },
  },
  outputs: { list: { type: 'array<number>' }, count: { type: 'number' } },
  check: ({ step }) => (step === 0 ? [{ path: 'step', message: 'must not be 0' }] : []),
  run(inputs, { config }) {
    const [from, to, step] = [inputs.from ?? config.from, inputs.to ?? config.to, config.step]
    // What is not exact in binary must not cost the last item: from 0 to 0.3 by 0.1.
    const count = Math.max(0, Math.floor((to - from) / step + 1e-9) + 1)
    if (!(count <= MOST_ITEMS))
      throw new NodeFailure('TOO_LONG', `from ${from} to ${to} are more than ${MOST_ITEMS} numbers`, { retry: false })
    const list = Array.from({ length: count }, (_, index) => Number((from + index * step).toPrecision(15)))
    return { outputs: { list, count } }
  },
})
