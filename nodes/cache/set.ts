import { defineNode } from '#graph/define.ts'
import { intoCache } from '../language/cache.ts'

export default defineNode({
  title: 'Into the cache',
  about:
    'Keeps a value under a key for some time, for all your spells. What must not be lost belongs into the state or a document: a cache forgets what has not been used for long, and everything when its database crashes.',
  icon: 'save',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      forMs: {
        type: 'integer',
        title: 'For … ms',
        minimum: 1,
        maximum: 31_622_400_000,
        default: 86_400_000,
        description: 'At most a year',
      },
    },
  },
  inputs: {
    key: { type: 'any', required: true, about: 'A text, or any other value' },
    value: { type: 'any', required: true },
  },
  outputs: {
    value: { type: 'any', about: 'As it was given' },
    kept: { type: 'boolean', about: 'Not where the cache cannot be reached' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ key, value }, context) {
    return { outputs: { value, kept: await intoCache(key, value, context.config.forMs, context) } }
  },
})
