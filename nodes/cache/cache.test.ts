import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import type { Json } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { unavailable } from '#mesh/errors.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import type { Cache } from '../services.ts'
import { around, problemsOf, registry, runNode } from '../kit.suite.ts'

let system: TestSystem
let cache: Cache
beforeAll(async () => {
  system = await embedded({ services: ['cache'] })
  cache = system.as('user-1').client(CacheServiceDefinition)
})
afterAll(async () => system.stop())

const OUTPUTS = { outputs: ['value', 'found'] }
const set = async (key: Json, value: Json, config = {}, on = cache) =>
  runNode('cache/set', { inputs: { key, value }, config, services: { cache: on } })
const get = async (key: Json, more = {}, on = cache) => {
  const { entries, error } = await runNode('cache/get', {
    ...OUTPUTS,
    inputs: { key, ...more },
    services: { cache: on },
  })
  const ended = entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')
  return ended?.kind === 'node.ended' ? { ...ended.outputs, pulses: ended.pulses } : { error }
}

test('what one run keeps, another finds', async () => {
  expect(await get('k')).toEqual({ value: null, found: false, pulses: ['missing'] })
  expect(await get('k', { otherwise: 'none' })).toEqual({ value: 'none', found: false, pulses: ['missing'] })
  expect((await set('k', { list: [1, '😀'] })).outputs).toEqual({ value: { list: [1, '😀'] }, kept: true })
  expect(await get('k')).toEqual({ value: { list: [1, '😀'] }, found: true, pulses: ['found'] })
})

test('empty values are values', async () => {
  for (const value of ['', 0, false, null, [], {}]) {
    await set('empty', value)
    expect(await get('empty', { otherwise: 'none' })).toEqual({ value, found: true, pulses: ['found'] })
  }
})

test('any value is a key of its own, of any length', async () => {
  const long = 'prompt '.repeat(200)
  const keys: readonly Json[] = ['', '1', 1, null, 'null', [1], '[1]', 'a\0b', '\ud83d', long, `${long}.`, [long]]
  for (const [index, key] of keys.entries()) await set(key, index)
  for (const [index, key] of keys.entries())
    expect(await get(key)).toEqual({ value: index, found: true, pulses: ['found'] })
})

test('a long key that only shares its digest with another finds nothing', async () => {
  const long = 'x'.repeat(1_000)
  await set(long, 'kept')
  const [row] = await system.database.transaction(session =>
    session.query<{ key: string }>("select key from cache.entries where key like '#%.1002'"),
  )
  const value = Buffer.from(JSON.stringify(['of the other', 'another key']))
  await cache.set({ namespace: 'spell', key: row?.key ?? '', value })
  expect(await get(long)).toEqual({ value: null, found: false, pulses: ['missing'] })
})

test('it is kept for as long as the settings say', async () => {
  await set('short', 1, { forMs: 60_000 })
  const { expiresAt } = await cache.get({ namespace: 'spell', key: '"short"' })
  expect(Math.round((expiresAt - Date.now()) / 10_000)).toBe(6)
  expect(problemsOf('cache/set', { forMs: 0 })).toEqual([
    { path: 'config.forMs', message: 'expected at least 1, got 0' },
  ])
})

test('each user has a cache of their own', async () => {
  await set('mine', 1)
  const other: Cache = system.as('user-2').client(CacheServiceDefinition)
  expect(await get('mine', {}, other)).toEqual({ value: null, found: false, pulses: ['missing'] })
})

test('a value that is too large fails with both sizes', async () => {
  const { error } = await set('large', 'x'.repeat(1024 * 1024))
  expect(error).toEqual({
    code: 'INVALID_ARGUMENT',
    message: 'value: has 1048580 bytes: expected at most 1048576 (CACHE_VALUE_BYTES)',
    node: 'it',
  })
})

describe('a cache that is away', () => {
  const gone = () => Promise.reject(unavailable('cache cannot be reached at the moment: try again'))
  const away: Cache = { get: gone, set: gone }

  test('has nothing and keeps nothing, and fails no run', async () => {
    expect(await get('k', { otherwise: 1 }, away)).toEqual({ value: 1, found: false, pulses: ['missing'] })
    const { outputs, entries } = await set('k', 1, {}, away)
    expect(outputs).toEqual({ value: 1, kept: false })
    expect(entries.find(entry => entry.kind === 'node.log')).toMatchObject({
      level: 'warn',
      text: 'the cache cannot be reached: it goes on without',
    })
  })
})

test('what was found is recorded: a replay asks nobody', async () => {
  await set('recorded', 'then')
  const single = { ...OUTPUTS, inputs: { key: 'recorded' }, services: { cache } }
  const { entries } = await runNode('cache/get', single)
  await set('recorded', 'now')
  const plan = compile(around('cache/get', single), registry)
  expect(await replay(plan, entries)).toEqual({ entries: entries.length })
})

test('both need a key', async () => {
  expect((await runNode('cache/set', { inputs: { value: 1 }, services: { cache } })).error).toMatchObject({
    code: 'NO_VALUE',
  })
  expect((await runNode('cache/get', { services: { cache } })).error).toMatchObject({ code: 'NO_VALUE' })
})
