import { defineNode } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'

export default defineNode({
  title: 'Write state',
  about:
    'Remembers a value under a key, for the next run too. `combine` adds to a list, merges into an object, and replaces anything else.',
  icon: 'save',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      key: { type: 'string', title: 'Key', default: '' },
      mode: { type: 'string', title: 'What is there is', enum: ['replace', 'append', 'combine'], default: 'replace' },
    },
  },
  inputs: { value: { type: 'any', required: true } },
  outputs: { value: { type: 'any', about: 'What is remembered now' } },
  flow: { in: ['in'], out: ['out'] },
  check: ({ key }) => (key === '' ? [{ path: 'key', message: 'must not be empty' }] : []),
  run({ value }, { config, state }) {
    const next = combine(state.get(config.key), value, config.mode)
    state.set(config.key, next)
    return { outputs: { value: next } }
  },
})

function combine(before: Json | undefined, value: Json, mode: 'replace' | 'append' | 'combine'): Json {
  if (mode === 'replace') return value
  if (Array.isArray(before)) return [...(before as readonly Json[]), value]
  if (mode === 'append') return before === undefined ? [value] : [before, value]
  return isObject(before) && isObject(value) ? { ...before, ...value } : value
}
