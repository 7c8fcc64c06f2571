import { defineNode } from '#graph/define.ts'
import { fromCache } from '../language/cache.ts'

export default defineNode({
  title: 'From the cache',
  about:
    'Gives what is kept under a key, along `found` or `missing`. All your spells share one cache; what is in it goes when its time is over, or when there is no room.',
  icon: 'database',
  kind: 'action',
  effect: 'idempotent',
  inputs: {
    key: { type: 'any', required: true, about: 'A text, or any other value' },
    otherwise: { type: 'any', default: null, about: 'Where nothing is kept' },
  },
  outputs: { value: { type: 'any' }, found: { type: 'boolean' } },
  flow: { in: ['in'], out: ['found', 'missing'] },
  async run({ key, otherwise }, context) {
    const value = await fromCache(key, context)
    const found = value !== undefined
    return { outputs: { value: found ? value : otherwise, found }, pulse: found ? 'found' : 'missing' }
  },
})
