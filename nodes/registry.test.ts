import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readdirSync } from 'node:fs'
import type { JsonObject } from '#graph/json.ts'
import { checkSchema, withDefaults } from '#graph/schema.ts'
import { describeNodeType, socketsOfType } from '#graph/registry.ts'
import { problemsOf, registry } from './kit.suite.ts'

const json = fc.jsonValue({ maxDepth: 3 })

test('a file is a node type, named by its path; those that other programs name are there', () => {
  const groups = readdirSync(new URL('./', import.meta.url), { recursive: true, encoding: 'utf8' })
  const files = groups.filter(path => /^(?!language)[a-z]+\/[a-z-]+\.ts$/.test(path)).map(path => path.slice(0, -3))
  expect([...registry.keys()]).toEqual(files.toSorted())
  expect(files).toEqual(
    expect.arrayContaining(['flow/start', 'flow/input', 'flow/output', 'flow/delay', 'text/template']),
  )
})

describe.each([...registry.keys()])('%s', name => {
  const type = registry.get(name)
  if (!type) throw new Error(`no ${name}`)

  test('can be shown: a title, a sentence about it, an icon, defaults that its own schema accepts', () => {
    const { title, about, icon, config } = describeNodeType(type)
    expect(title).toMatch(/^[A-Z]/)
    expect(about).toMatch(/^[A-Z`].*\.$/s)
    expect(icon).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(checkSchema(withDefaults({}, config), config, 'config')).toEqual([])
  })

  test('has sockets under any config, and tells what is wrong with it', () => {
    const names = Object.keys(type.config?.properties ?? {})
    const config = fc.oneof(
      fc.dictionary(fc.constantFrom('other', ...names), json),
      fc.record(Object.fromEntries(names.map(one => [one, json])), { requiredKeys: [] }),
    )
    fc.assert(
      fc.property(config, given => {
        const { flow } = socketsOfType(type, given as JsonObject)
        expect(flow.in.every(one => typeof one === 'string')).toBe(true)
        const wrong = checkSchema(given, type.config ?? { type: 'object' }, 'config')
        expect(problemsOf(name, given as JsonObject)).toEqual(expect.arrayContaining(wrong))
      }),
    )
  })
})
