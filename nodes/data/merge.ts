import { defineNode } from '#graph/define.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { COUNT, letters, namesOf } from '../language/many.ts'

export default defineNode({
  title: 'Merge',
  about: 'Puts objects together; of two values under one key, the later input’s counts.',
  icon: 'merge',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { count: COUNT, deep: { type: 'boolean', title: 'Also objects within', default: false } },
  },
  outputs: { object: { type: 'object' } },
  derive: ({ count }) => ({ inputs: letters(count, 'object', false) }),
  run(inputs, { config }) {
    const given = namesOf(config.count).flatMap(name => (isObject(inputs[name]) ? [inputs[name] as JsonObject] : []))
    return { outputs: { object: given.reduce<JsonObject>((a, b) => merge(a, b, config.deep), {}) } }
  },
})

function merge(a: JsonObject, b: JsonObject, deep: boolean): JsonObject {
  if (!deep) return { ...a, ...b }
  const merged: Record<string, Json> = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const before = Object.hasOwn(a, key) ? a[key] : undefined
    Object.defineProperty(merged, key, {
      value: isObject(before) && isObject(value) ? merge(before, value, true) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return merged
}
