import { expect, test } from '@jest/globals'
import { outputsOf, problemsOf, runNode } from '../kit.suite.ts'

const object = { a: 0, b: '', c: null, d: { e: false } }

test('pick leaves what is named, in that order, and tells what is not there', async () => {
  expect(
    await outputsOf('data/pick', { config: { keys: ['c', 'a', 'x', 'toString', 'a'] }, inputs: { object } }),
  ).toEqual({
    object: { c: null, a: 0 },
    missing: ['x', 'toString'],
  })
  expect(await outputsOf('data/pick', { config: { keys: ['a'] }, inputs: { object, keys: ['d'] } })).toEqual({
    object: { d: { e: false } },
    missing: [],
  })
  expect(await outputsOf('data/pick', { config: { keys: ['a'] }, inputs: { object, keys: [] } })).toEqual({
    object: {},
    missing: [],
  })
  expect(await outputsOf('data/pick', { config: { keys: ['a'] }, inputs: { object: {} } })).toEqual({
    object: {},
    missing: ['a'],
  })
})

test('omit leaves all else', async () => {
  const omit = async (inputs: object) =>
    (await outputsOf('data/omit', { config: { keys: ['a', 'x'] }, inputs: { ...inputs } }))['object']
  expect(await omit({ object })).toEqual({ b: '', c: null, d: { e: false } })
  expect(await omit({ object, keys: ['b', 'c', 'd'] })).toEqual({ a: 0 })
  expect(await omit({ object, keys: [] })).toEqual(object)
  expect(await omit({ object: {} })).toEqual({})
})

test('keys lists an object, also an empty one', async () => {
  expect(await outputsOf('data/keys', { inputs: { object } })).toEqual({
    keys: ['a', 'b', 'c', 'd'],
    values: [0, '', null, { e: false }],
    entries: [
      { key: 'a', value: 0 },
      { key: 'b', value: '' },
      { key: 'c', value: null },
      { key: 'd', value: { e: false } },
    ],
    count: 4,
  })
  expect(await outputsOf('data/keys', { inputs: { object: {} } })).toEqual({
    keys: [],
    values: [],
    entries: [],
    count: 0,
  })
})

test.each(['pick', 'omit', 'keys'])('data/%s needs an object', async name => {
  expect((await runNode(`data/${name}`)).error).toMatchObject({ code: 'NO_VALUE' })
  for (const given of [null, [], '', 0])
    expect((await runNode(`data/${name}`, { inputs: { object: given } })).error).toMatchObject({ code: 'WRONG_TYPE' })
})

test.each(['pick', 'omit'])('data/%s tells what is wrong with its keys', name => {
  expect(problemsOf(`data/${name}`, { keys: ['a', 1] })).toEqual([
    { path: 'config.keys[1]', message: 'expected a string, got 1' },
  ])
  expect(problemsOf(`data/${name}`, { keys: 'a' })).toEqual([
    { path: 'config.keys', message: 'expected a list, got "a"' },
  ])
})
