import { describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '#graph/json.ts'
import { outputsOf, problemsOf, runNode, runSpell, spell } from '../kit.suite.ts'

describe('read', () => {
  test('gives what is remembered, also an empty value', async () => {
    for (const value of ['', 0, false, null, { a: [1] }])
      expect(await outputsOf('state/read', { config: { key: 'k' }, state: { k: value } })).toEqual({
        value,
        found: true,
      })
  })

  test('gives the alternative where nothing is', async () => {
    expect(await outputsOf('state/read', { config: { key: 'k' } })).toEqual({ value: null, found: false })
    expect(await outputsOf('state/read', { config: { key: 'toString' }, inputs: { otherwise: '' } })).toEqual({
      value: '',
      found: false,
    })
  })
})

describe('write', () => {
  const write = async (mode: string, value: Json, before?: Json) => {
    const state: JsonObject = before === undefined ? {} : { k: before }
    const {
      outputs,
      state: after,
      error,
    } = await runNode('state/write', { config: { key: 'k', mode }, inputs: { value }, state })
    expect(error).toBeUndefined()
    expect(outputs).toEqual({ value: after['k'] })
    return after['k']
  }

  test('replaces', async () => {
    expect(await write('replace', 'new', ['old'])).toBe('new')
    for (const value of ['', 0, false, null]) expect(await write('replace', value, 'old')).toBe(value)
  })

  test('appends', async () => {
    expect(await write('append', 1)).toEqual([1])
    expect(await write('append', [2], [1])).toEqual([1, [2]])
    expect(await write('append', '', 'old')).toEqual(['old', ''])
    expect(await write('append', 1, null)).toEqual([null, 1])
  })

  test('combines: lists grow, objects merge, all else is replaced', async () => {
    expect(await write('combine', 2, [1])).toEqual([1, 2])
    expect(await write('combine', { b: 0 }, { a: 1, b: 1 })).toEqual({ a: 1, b: 0 })
    expect(await write('combine', 'new', { a: 1 })).toBe('new')
    expect(await write('combine', 'new', 'old')).toBe('new')
    expect(await write('combine', 'new')).toBe('new')
  })

  test('a run reads what it wrote, and only what changed is told at its end', async () => {
    const document = spell(
      {
        start: { type: 'flow/start' },
        write: { type: 'state/write', config: { key: 'k', mode: 'append' }, values: { value: 2 } },
        read: { type: 'state/read', config: { key: 'k' } },
        out: { type: 'flow/output', config: { name: 'list' } },
      },
      [
        ['start.out', 'write.in'],
        ['write.out', 'out.in'],
        ['read.value', 'out.value'],
      ],
    )
    const { outputs, state } = await runSpell(document, { state: { k: [1], other: 'same' } })
    expect({ outputs, state }).toEqual({ outputs: { list: [1, 2] }, state: { k: [1, 2] } })
  })

  test('needs a value', async () => {
    expect((await runNode('state/write', { config: { key: 'k' } })).error).toMatchObject({ code: 'NO_VALUE' })
  })
})

test('both need a key', () => {
  for (const type of ['state/read', 'state/write']) {
    expect(problemsOf(type, {})).toEqual([{ path: 'config.key', message: 'must not be empty' }])
    expect(problemsOf(type, { key: 1 })).toEqual([{ path: 'config.key', message: 'expected a string, got 1' }])
  }
  expect(problemsOf('state/write', { key: 'k', mode: 'add' })).toEqual([
    { path: 'config.mode', message: '"add" is none of "replace", "append", "combine"' },
  ])
})
