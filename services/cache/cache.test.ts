import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { testCompute } from './compute.suite.ts'
import { bytes, call, cacheOf, textOf } from './kit.suite.ts'
import type { Cache } from './kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['cache'] })
})
afterAll(async () => system.stop())

const of = (user: string): Cache => cacheOf(user, system)

describe('get and set', () => {
  test('what was set is there, and until when is told', async () => {
    const cache = of('ada')
    expect(await cache.get({ namespace: 'a', key: 'k' })).toEqual({ value: undefined, expiresAt: 0 })
    const before = Date.now()
    await cache.set({ namespace: 'a', key: 'k', value: bytes('one'), ttlMs: 60_000 })
    const { value, expiresAt } = await cache.get({ namespace: 'a', key: 'k' })
    expect(Buffer.from(value ?? []).toString()).toBe('one')
    expect(expiresAt).toBeGreaterThanOrEqual(before + 60_000)
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 60_000)
    await cache.set({ namespace: 'a', key: 'k', value: bytes('two') })
    expect(await textOf(cache, 'a', 'k')).toBe('two')
  })

  test('an empty value is a value', async () => {
    const cache = of('ada')
    await cache.set({ namespace: 'a', key: 'empty', value: new Uint8Array() })
    expect((await cache.get({ namespace: 'a', key: 'empty' })).value).toHaveLength(0)
  })

  test('what a caller does to its bytes afterwards changes nothing', async () => {
    const cache = of('ada')
    const given = bytes('same')
    await cache.set({ namespace: 'a', key: 'bytes', value: given })
    given.fill(0)
    const { value } = await cache.get({ namespace: 'a', key: 'bytes' })
    expect(Buffer.from(value ?? []).toString()).toBe('same')
    value?.fill(0)
    expect(await textOf(cache, 'a', 'bytes')).toBe('same')
  })

  test('keys are told apart by user, namespace and every character', async () => {
    const keys = ['k', 'K', ' k', 'k ', 'k\n', '😀', 'é', 'e\u0301', '%', "'; drop table cache.entries; --"]
    for (const [index, key] of keys.entries()) await of('eve').set({ namespace: 'n', key, value: bytes(String(index)) })
    for (const [index, key] of keys.entries()) expect(await textOf(of('eve'), 'n', key)).toBe(String(index))
    expect(await textOf(of('eve'), 'n.', 'k')).toBeUndefined()
    expect(await textOf(of('mallory'), 'n', 'k')).toBeUndefined()
  })

  test('a service that calls for nobody keeps its own', async () => {
    const own = system.client(CacheServiceDefinition)
    await own.set({ namespace: 'n', key: 'mine', value: bytes('x') })
    expect(await textOf(own, 'n', 'mine')).toBe('x')
    const other = system.host.client(CacheServiceDefinition, { user: '', service: 'other' })
    expect(await textOf(other, 'n', 'mine')).toBeUndefined()
    expect(await textOf(of('test'), 'n', 'mine')).toBeUndefined()
  })

  test('it goes when its time is over, in memory and in the database', async () => {
    const cache = of('ada')
    await cache.set({ namespace: 'ttl', key: 'short', value: bytes('x'), ttlMs: 1_000 })
    await cache.set({ namespace: 'ttl', key: 'long', value: bytes('x'), ttlMs: 3_600_000 })
    expect(await textOf(cache, 'ttl', 'short')).toBe('x')
    while ((await textOf(cache, 'ttl', 'short')) !== undefined) await new Promise(resolve => setImmediate(resolve))
    await sql`update cache.entries set expires_at = now() - interval '1 second' where key = 'long'`.execute(
      system.database.kysely,
    )
    expect((await cache.stats({})).namespaces.find(({ namespace }) => namespace === 'ttl')).toMatchObject({
      entries: 0,
      bytes: 0,
    })
  })

  test('the longest time is a year', async () => {
    const cache = of('ada')
    await cache.set({ namespace: 'ttl', key: 'ever', value: bytes('x'), ttlMs: Number.MAX_SAFE_INTEGER })
    const { expiresAt } = await cache.get({ namespace: 'ttl', key: 'ever' })
    expect(Math.round((expiresAt - Date.now()) / 86_400_000)).toBe(366)
  })
})

describe('what is not well-formed', () => {
  const wrongNamespace = (shown: string) =>
    `namespace: expected 1 to 64 characters of a-z, 0-9, "." and "-", got ${shown}`
  test.each([
    ['no namespace', '', 'k', wrongNamespace('""')],
    ['capitals', 'A', 'k', wrongNamespace('"A"')],
    ['a line break', 'n\n', 'k', wrongNamespace('"n\\n"')],
    ['too long a namespace', 'n'.repeat(65), 'k', wrongNamespace(`"${'n'.repeat(65)}"`)],
    ['no key', 'n', '', 'key: must not be empty'],
    ['too long a key', 'n', 'k'.repeat(513), 'key: expected at most 512 characters, got 513'],
    ['too many characters of two units', 'n', '😀'.repeat(513), 'key: expected at most 512 characters, got 513'],
    ['NUL', 'n', 'a\0b', 'key: holds a NUL character: expected a text without one'],
    ['half a character', 'n', '\ud83d', 'key: is not well-formed Unicode: half of a surrogate pair is missing'],
    ['both wrong', '_', '', `${wrongNamespace('"_"')}; key: must not be empty`],
  ])('is refused: %s', async (_, namespace, key, message) => {
    const cache = of('ada')
    const refused = { code: 'INVALID_ARGUMENT', message }
    await expect(cache.get({ namespace, key })).rejects.toMatchObject(refused)
    await expect(cache.set({ namespace, key, value: bytes('x') })).rejects.toMatchObject(refused)
  })

  test('to delete, too, but for the key: none is all of the namespace', async () => {
    const cache = of('ada')
    await expect(cache.delete({ namespace: 'N', key: 'a\0b' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'namespace' }, { path: 'key' }],
    })
    await expect(cache.delete({ namespace: '' })).rejects.toMatchObject({ problems: [{ path: 'namespace' }] })
  })

  test('keys of 512 characters are taken, whatever they take', async () => {
    const cache = of('ada')
    for (const character of ['k', 'é', '漢', '😀']) {
      const key = character.repeat(512)
      await cache.set({ namespace: 'n'.repeat(64), key, value: bytes(character) })
      expect(await textOf(cache, 'n'.repeat(64), key)).toBe(character)
    }
  })

  test('a value that is too large is refused with both sizes', async () => {
    const cache = of('ada')
    const most = 1024 * 1024
    await cache.set({ namespace: 'n', key: 'most', value: Buffer.alloc(most, 7) })
    expect((await cache.get({ namespace: 'n', key: 'most' })).value).toHaveLength(most)
    await expect(cache.set({ namespace: 'n', key: 'more', value: Buffer.alloc(most + 1) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'value: has 1048577 bytes: expected at most 1048576 (CACHE_VALUE_BYTES)',
    })
  })
})

describe('delete', () => {
  test('one key, or all of a namespace, of this user only', async () => {
    const [grace, other] = [of('grace'), of('other')]
    for (const cache of [grace, other])
      for (const [namespace, key] of [
        ['a', '1'],
        ['a', '2'],
        ['a.b', '1'],
        ['b', '1'],
      ] as const)
        await cache.set({ namespace, key, value: bytes('x') })
    expect(await grace.delete({ namespace: 'a', key: '1' })).toEqual({ deleted: 1 })
    expect(await grace.delete({ namespace: 'a', key: '1' })).toEqual({ deleted: 0 })
    expect(await textOf(grace, 'a', '1')).toBeUndefined()
    expect(await textOf(grace, 'a', '2')).toBe('x')
    await grace.set({ namespace: 'a', key: '1', value: bytes('y') })
    expect(await grace.delete({ namespace: 'a' })).toEqual({ deleted: 2 })
    expect(await textOf(grace, 'a', '2')).toBeUndefined()
    expect(await textOf(grace, 'a.b', '1')).toBe('x')
    expect(await textOf(grace, 'b', '1')).toBe('x')
    expect(await textOf(other, 'a', '2')).toBe('x')
  })

  test('a namespace of many thousands goes as a whole', async () => {
    await sql`insert into cache.entries (owner, namespace, key, value, bytes, expires_at)
      select 'hopper', 'many', i::text, 'x'::bytea, 100, now() + interval '1 hour' from generate_series(1, 12345) i`.execute(
      system.database.kysely,
    )
    expect(await of('hopper').delete({ namespace: 'many' })).toEqual({ deleted: 12_345 })
  })
})

test('statistics tell what is kept and what it was good for, by namespace', async () => {
  const cache = of('curie')
  await cache.set({ namespace: 'b', key: 'key', value: Buffer.alloc(1_000) })
  await cache.set({ namespace: 'b', key: 'two', value: Buffer.alloc(10) })
  await cache.set({ namespace: 'b', key: 'two', value: Buffer.alloc(20) })
  for (const key of ['key', 'key', 'none']) await cache.get({ namespace: 'b', key })
  await cache.get({ namespace: 'a', key: 'none' })
  // The value, its key with its namespace, and 100 for the row.
  const kept = 1_000 + 4 + 100 + (20 + 4 + 100)
  expect(await cache.stats({})).toEqual({
    namespaces: [
      { namespace: 'a', entries: 0, bytes: 0, hits: 0, misses: 1 },
      { namespace: 'b', entries: 2, bytes: kept, hits: 2, misses: 1 },
    ],
    bytes: kept,
    limitBytes: 64 * 1024 * 1024,
  })
  expect(await of('nobody').stats({})).toEqual({ namespaces: [], bytes: 0, limitBytes: 64 * 1024 * 1024 })
})

describe('room', () => {
  const limited = async (CACHE_MEMORY_BYTES: string) =>
    embedded({ services: ['cache'], settings: { CACHE_LIMIT_BYTES: '10000', CACHE_MEMORY_BYTES } })

  test.each([['0'], ['1000000']])('the least recently used go first (%s bytes of memory)', async memory => {
    await using small = await limited(memory)
    const [cache, other] = [cacheOf('ada', small), cacheOf('other', small)]
    const set = (key: string, on = cache) => on.set({ namespace: 'n', key, value: Buffer.alloc(1_898, 1) })
    await set('there', other)
    for (const key of ['a', 'b', 'c', 'd', 'e']) await set(key)
    expect((await cache.stats({})).bytes).toBe(10_000)
    expect(await cache.get({ namespace: 'n', key: 'a' })).toMatchObject({ expiresAt: expect.any(Number) })
    await set('f')
    const left: string[] = []
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f'])
      if ((await cache.get({ namespace: 'n', key })).value) left.push(key)
    expect(left).toEqual(['a', 'd', 'e', 'f'])
    expect((await cache.stats({})).bytes).toBe(8_000)
    expect(await textOf(other, 'n', 'there')).toHaveLength(1_898)
  })

  test('whatever is written, nobody keeps more', async () => {
    await using small = await limited('3000')
    const cache = cacheOf('ada', small)
    await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        cache.set({ namespace: 'n', key: String(index % 70), value: Buffer.alloc((index * 37) % 900) }),
      ),
    )
    const { bytes: kept, namespaces } = await cache.stats({})
    expect(kept).toBeLessThanOrEqual(10_000)
    expect(kept).toBeGreaterThan(5_000)
    expect(namespaces[0]?.entries).toBeGreaterThan(5)
  })

  test('what has run out goes before what has not', async () => {
    await using small = await limited('0')
    const cache = cacheOf('ada', small)
    for (const key of ['old', 'a', 'b', 'c', 'over'])
      await cache.set({ namespace: 'n', key, value: Buffer.alloc(1_750) })
    await sql`update cache.entries set expires_at = now() - interval '1 second' where key = 'over'`.execute(
      small.database.kysely,
    )
    await cache.set({ namespace: 'n', key: 'new', value: Buffer.alloc(1_750) })
    expect(await cache.get({ namespace: 'n', key: 'old' })).toMatchObject({ expiresAt: expect.any(Number) })
    expect((await cache.stats({})).namespaces).toMatchObject([{ entries: 5 }])
  })
})

test('what is replaced takes no room in the database for long', async () => {
  const cache = of('writer')
  for (let index = 0; index < 110; index++)
    await cache.set({ namespace: 'n', key: String(index % 8), value: Buffer.alloc(1_000_000, index) })
  const [row] = await system.database.transaction(session =>
    session.query<{ size: number }>("select pg_total_relation_size('cache.entries') as size"),
  )
  expect(row?.size).toBeLessThan(80_000_000)
})

test('who reads while it is written never gets what was there before the answer', async () => {
  const cache = of('racer')
  for (let round = 0; round < 100; round++) {
    const key = `race ${round % 7}`
    await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        await cache.get({ namespace: 'r', key })
        await cache.set({ namespace: 'r', key, value: bytes(`${round}.${index}`) })
      }),
    )
    const { rows } = await sql<{ value: Uint8Array }>`
      select value from cache.entries where owner = 'racer' and key = ${key}`.execute(system.database.kysely)
    expect(await textOf(cache, 'r', key)).toBe(Buffer.from(rows[0]?.value ?? []).toString())
    await Promise.all([cache.get({ namespace: 'r', key }), cache.delete({ namespace: 'r', key })])
    expect(await textOf(cache, 'r', key)).toBeUndefined()
  }
})

testCompute('in one process', user => of(user))

test('whose computation takes too long is told so, and the next one computes', async () => {
  await using impatient = await embedded({ services: ['cache'], settings: { CACHE_TURN_MS: '100' } })
  const [slow, next] = [call(cacheOf('ada', impatient), 'n', 'k'), call(cacheOf('ada', impatient), 'n', 'k')]
  expect(await slow.next()).toBe('turn')
  const told = next.next()
  await expect(slow.next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  expect(await told).toBe('turn')
  next.say({ $case: 'value', value: bytes('x') })
  expect(await next.next()).toBe('end')
})

test('who waits when the process is to end is sent away; who computes may end', async () => {
  const ending = await embedded({ services: ['cache'] })
  const [first, second] = [call(cacheOf('ada', ending), 'n', 'k'), call(cacheOf('ada', ending), 'n', 'k')]
  expect(await first.next()).toBe('turn')
  const told = second.next()
  const stopped = ending.stop()
  await expect(told).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await stopped
})
