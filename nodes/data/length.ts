import { defineNode, NodeFailure } from '#graph/define.ts'
import { isObject } from '#graph/json.ts'
import { show } from '#graph/schema.ts'

export default defineNode({
  title: 'Length',
  about: 'Counts the items of a list, the keys of an object or the characters of a text. Null has none.',
  icon: 'hash',
  kind: 'pure',
  inputs: { of: { type: 'any', required: true } },
  outputs: { length: { type: 'number' }, empty: { type: 'boolean', about: 'Whether it is 0' } },
  run({ of }) {
    const length = lengthOf(of)
    return { outputs: { length, empty: length === 0 } }
  },
})

function lengthOf(value: unknown): number {
  if (value === null) return 0
  if (typeof value === 'string') return Array.from(value).length
  if (Array.isArray(value)) return value.length
  if (isObject(value)) return Object.keys(value).length
  throw new NodeFailure('NO_LENGTH', `expected a list, an object or a text, got ${show(value)}`, { retry: false })
}
