import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import type { Client } from '#mesh/service.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

type Cache = Client<typeof CacheServiceDefinition>

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['cache'] })
})
afterAll(async () => system.stop())

const of = (user: string, where: TestSystem = system): Cache => where.as(user).client(CacheServiceDefinition)
const bytes = (text: string) => Buffer.from(text)
const textOf = async (cache: Cache, namespace: string, key: string): Promise<string | undefined> => {
  const { value } = await cache.get({ namespace, key })
  return value && Buffer.from(value).toString()
}

describe('get and set', () => {
  test('what was set is there, until when is told', async () => {
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
})
