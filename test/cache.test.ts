// The cache as several processes of one mesh have it.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Host } from '#mesh/host.ts'
import { createGrpcClients } from '#mesh/transport-grpc-client.ts'
import type { GrpcClients } from '#mesh/transport-grpc-client.ts'
import { testCompute } from '#services/cache/compute.suite.ts'
import { bytes, call, textOf } from '#services/cache/kit.suite.ts'
import type { Cache } from '#services/cache/kit.suite.ts'
import { freePort, missingPrograms, startGround, startProgram } from './processes.ts'
import type { Ground } from './processes.ts'

const LIMIT_BYTES = 4 * 1024 * 1024
const SETTINGS = {
  LOG_LEVEL: 'error',
  GRPC_HOST: '127.0.0.1',
  CACHE_LIMIT_BYTES: String(LIMIT_BYTES),
  // Only messages tell one process what another did.
  CACHE_MEMORY_MS: '86400000',
}

const missing = missingPrograms()
const onMesh = missing.length === 0 ? describe : describe.skip
onMesh(`two caches${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let ground: Ground
  let hosts: readonly Host[] = []
  let clients: GrpcClients
  const cacheAt = (user: string, address: string): Cache =>
    clients.client(CacheServiceDefinition, address, { user, service: 'test' })
  const cacheOf = (user: string, index: 0 | 1): Cache => cacheAt(user, hosts[index]?.grpcAddress ?? '')

  beforeAll(async () => {
    ground = await startGround()
    const services = await loadServices(['cache'])
    const start = async () => {
      const source = { ...SETTINGS, ...ground.settings, GRPC_PORT: String(await freePort()) }
      return startHost({ services, source, serve: true })
    }
    hosts = [await start(), await start()]
    clients = createGrpcClients((hosts[0] as Host).identities)
  }, 60_000)
  afterAll(async () => {
    clients.close()
    for (const host of hosts) await host.stop()
    await ground[Symbol.asyncDispose]()
  }, 60_000)

  /** Asks again and again until it is so. */
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 20))
  }

  testCompute('in two processes', (user, index) => cacheOf(user, index))

  test('what one sets or deletes, the other has no longer in memory', async () => {
    const [one, two] = [cacheOf('ada', 0), cacheOf('ada', 1)]
    await one.set({ namespace: 'm', key: 'k', value: bytes('first') })
    expect(await textOf(two, 'm', 'k')).toBe('first')
    await one.set({ namespace: 'm', key: 'k', value: bytes('second') })
    await until(async () => (await textOf(two, 'm', 'k')) === 'second')
    await one.delete({ namespace: 'm' })
    await until(async () => (await textOf(two, 'm', 'k')) === undefined)
  })

  test('what was said while NATS was away is found out when it is back', async () => {
    const [one, two] = [cacheOf('ada', 0), cacheOf('ada', 1)]
    await one.set({ namespace: 'm', key: 'lost', value: bytes('first') })
    expect(await textOf(two, 'm', 'lost')).toBe('first')
    await ground.nats.stop('SIGKILL')
    await one.set({ namespace: 'm', key: 'lost', value: bytes('second') })
    const leading = call(one, 'm', 'waited for')
    expect(await leading.next()).toBe('turn')
    const waiting = call(two, 'm', 'waited for').next()
    leading.say({ $case: 'value', value: bytes('found by looking') })
    expect(await leading.next()).toBe('end')
    expect(await waiting).toBe('found by looking')
    await ground.nats.start()
    await until(async () => (await textOf(two, 'm', 'lost')) === 'second')
  })

  test('a turn lasts as long as its process says so, and no longer than that', async () => {
    const port = await freePort()
    const settings = { ...SETTINGS, ...ground.settings, GRPC_PORT: String(port), CACHE_LEASE_MS: '2000' }
    const program = await startProgram(['cache'], settings)
    const leading = call(cacheAt('ada', `127.0.0.1:${port}`), 'm', 'leased')
    expect(await leading.next()).toBe('turn')
    const waiting = call(cacheOf('ada', 0), 'm', 'leased')
    const told = waiting.next()
    let isTold = false
    void told.then(() => (isTold = true))
    const leases = new Set<string>()
    await until(async () => {
      const { rows } = await sql<{ lease: string }>`
        select lease_until::text as lease from cache.claims where key = 'leased'`.execute(
        (hosts[0] as Host).database.kysely,
      )
      for (const { lease } of rows) leases.add(lease)
      return leases.size > 3
    })
    expect(isTold).toBe(false)
    await program.stop('SIGKILL')
    await expect(leading.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await told).toBe('turn')
    await waiting.leave()
  })

  test('nobody keeps more, whoever writes it', async () => {
    const write = async (index: number) =>
      cacheOf('hoarder', index % 2 === 0 ? 0 : 1).set({
        namespace: 'm',
        key: String(index),
        value: Buffer.alloc(50_000),
      })
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => write(round * 10 + index)))
      const { bytes: kept } = await cacheOf('hoarder', 0).stats({})
      // What the other wrote in this moment, this one may not have heard of.
      expect(kept).toBeLessThanOrEqual(LIMIT_BYTES + 25 * 50_200)
    }
    expect(await cacheOf('hoarder', 1).get({ namespace: 'm', key: '199' })).toMatchObject({
      expiresAt: expect.any(Number),
    })
  })

  test('a database that crashed has lost everything, and takes all anew', async () => {
    const cache = cacheOf('grace', 0)
    await cache.set({ namespace: 'm', key: 'gone', value: bytes('x') })
    await ground.postgres.stop('SIGQUIT')
    await expect(cache.get({ namespace: 'm', key: 'other' })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(call(cache, 'm', 'other').next()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    // What is in memory is still there.
    expect(await textOf(cache, 'm', 'gone')).toBe('x')
    await ground.postgres.start()
    const isDone = async (work: () => Promise<unknown>) =>
      work().then(
        () => true,
        () => false,
      )
    await until(async () => isDone(() => cache.set({ namespace: 'm', key: 'new', value: bytes('y') })))
    const other = cacheOf('grace', 1)
    await until(async () => isDone(() => other.get({ namespace: 'm', key: 'new' })))
    expect(await textOf(other, 'm', 'gone')).toBeUndefined()
    expect(await textOf(other, 'm', 'new')).toBe('y')
  })
})
