import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import type { JsonObject } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import type { NodeExample } from './example.ts'
import { registry } from './kit.suite.ts'
import type { Stage } from './run-example.suite.ts'
import { createStage } from './run-example.suite.ts'

const FOLDER = new URL('./', import.meta.url)
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.example.json'))
const types = files.map(path => path.replaceAll('\\', '/').replace('.example.json', ''))

let stage: Stage
beforeAll(async () => {
  stage = await createStage()
})
afterAll(async () => stage[Symbol.asyncDispose]())

test('every node type has an example, and every example a node type', () => {
  expect(types.toSorted()).toEqual([...registry.keys()].toSorted())
})

describe.each(types.toSorted())('%s', type => {
  const example = JSON.parse(readFileSync(new URL(`${type}.example.json`, FOLDER), 'utf8')) as NodeExample
  const spells = [example.spell, ...Object.values(example.library ?? {})]

  const recorded = new Set(example.recorded ?? [])
  const exact = (outputs: JsonObject) =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, recorded.has(name) ? typeof value : value]),
    )

  test('says what it is, shows its node, and every node has a place of its own', () => {
    expect(example.title).toMatch(/^[A-Z].*[^.]$/)
    expect(example.about).toMatch(/^[A-Z].*\.$/)
    expect(example.spell).toMatchObject({ format: 'spell/1', name: example.title, description: example.about })
    const nodes = spells.flatMap(spell => Object.values(spell['nodes'] as Record<string, JsonObject>))
    expect(nodes.map(node => node['type'])).toContain(type)
    for (const spell of spells) {
      const places = Object.values(spell['nodes'] as Record<string, JsonObject>).map(node => JSON.stringify(node['at']))
      expect(places.every(place => /^\[\d+,\d+\]$/.test(place))).toBe(true)
      expect(new Set(places).size).toBe(places.length)
    }
  })

  test('gives what it says, and its record replays without any of it', async () => {
    const { outcome, document, library } = await stage.run(example)
    expect(outcome.error).toBeUndefined()
    expect(outcome.status).toBe(example.messages ? 'cancelled' : 'completed')
    expect(exact(outcome.outputs)).toEqual(exact(example.outputs))
    const plan = compile(document, registry, { library })
    expect(await replay(plan, outcome.entries)).toEqual({ entries: outcome.entries.length })
  })
  if (example.live !== true)
    test('taken up again from every entry of its record, it gives the same', async () => {
      const { outcome } = await stage.run(example)
      for (let length = 1; length < outcome.entries.length; length++) {
        const again = await stage.run(example, outcome.entries.slice(0, length))
        expect({ length, error: again.outcome.error, outputs: exact(again.outcome.outputs) }).toEqual({
          length,
          error: undefined,
          outputs: exact(example.outputs),
        })
      }
    })
})
