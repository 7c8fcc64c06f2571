// Run in a process of its own, on one thread: the cache, and who calls it — in memory, or by gRPC over loopback — beside the least that each could cost.
import { LRUCache } from 'lru-cache'
import { createChannel, createClient, createServer } from 'nice-grpc'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import type { ComputeRequest } from '#gen/spellmesh/cache/v1/cache.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Client } from '#mesh/service.ts'
import { createGrpcClients } from '#mesh/transport-grpc-client.ts'
import { freePort } from '#test/processes.ts'
import { serveCommands } from '../mesh/commands.ts'
import { BARE } from '../runs/bare-grpc.ts'

const VALUE = Buffer.alloc(1_000, 'x')
const KEYS = Array.from({ length: 1_000 }, (_, index) => `key ${index}`)
const NAMESPACE = 'bench'
const AT_ONCE = 50

const [folder = ''] = process.argv.slice(2)
const source = { DATA_DIR: folder, LOG_LEVEL: 'error', GRPC_HOST: '127.0.0.1', GRPC_PORT: String(await freePort()) }
const host = await startHost({ services: await loadServices(['cache']), source, serve: true })
const user = { user: 'bench', service: 'edge' }
const clients = createGrpcClients(host.identities)
const caches = {
  memory: host.client(CacheServiceDefinition, user),
  grpc: clients.client(CacheServiceDefinition, host.grpcAddress ?? '', user),
}
type Cache = Client<typeof CacheServiceDefinition>
type Way = keyof typeof caches

const bareMap = new LRUCache<string, Buffer>({ maxSize: 64 * 1024 * 1024, sizeCalculation: one => one.byteLength })
for (const key of KEYS) {
  bareMap.set(key, VALUE)
  await caches.memory.set({ namespace: NAMESPACE, key, value: VALUE })
}
const bareServer = createServer()
bareServer.add(BARE, {
  unary: async () => VALUE,
  async *stream(requests: AsyncIterable<Uint8Array>) {
    yield* requests
  },
})
const barePort = await bareServer.listen('127.0.0.1:0')
const bareClient = createClient(BARE, createChannel(`127.0.0.1:${barePort}`))
const ASKED = Buffer.from('key 1')

/** Each key once; as many at once as a busy service has. */
async function eachKey(get: (key: string) => Promise<{ readonly length: number } | undefined>): Promise<number> {
  for (let at = 0; at < KEYS.length; at += AT_ONCE) {
    const found = await Promise.all(KEYS.slice(at, at + AT_ONCE).map(get))
    if (found.some(value => value?.length !== VALUE.length)) throw new Error('a value was not there')
  }
  return KEYS.length
}

/** How often a second of the processor's time it is done, all threads of this process counted; uses at least `ms` of it. */
async function perCoreSecond(work: () => Promise<number> | number, ms: number): Promise<number> {
  const began = process.cpuUsage()
  let done = 0
  for (;;) {
    done += await work()
    const { user: inUser, system } = process.cpuUsage(began)
    const usedMs = (inUser + system) / 1000
    if (usedMs >= ms) return (done / usedMs) * 1000
  }
}

let computed = 0

async function compute(cache: Cache, key: string): Promise<number> {
  const made = Promise.withResolvers<void>()
  async function* steps(): AsyncGenerator<Partial<ComputeRequest>> {
    yield { step: { $case: 'key', value: { namespace: NAMESPACE, key, ttlMs: 0 } } }
    await made.promise
    yield { step: { $case: 'value', value: VALUE } }
  }
  let times = 0
  for await (const { step } of cache.compute(steps() as Parameters<Cache['compute']>[0])) {
    if (step?.$case === 'turn') times++
    // Also who is told the value has no more to say.
    made.resolve()
  }
  return times
}

await serveCommands({
  bareMap: ({ ms }: { ms: number }) =>
    perCoreSecond(() => {
      for (const key of KEYS) if (bareMap.get(key)?.length !== VALUE.length) throw new Error('a value was not there')
      return KEYS.length
    }, ms),
  bareGrpc: ({ ms }: { ms: number }) => perCoreSecond(() => eachKey(() => bareClient.unary(ASKED)), ms),
  hits: ({ way, ms }: { way: Way; ms: number }) =>
    perCoreSecond(() => eachKey(async key => (await caches[way].get({ namespace: NAMESPACE, key })).value), ms),
  /** So many callers want the same value, which is not there. */
  async computes({ way, callers }: { way: Way; callers: number }) {
    const key = `computed ${++computed}`
    const began = performance.now()
    const times = await Promise.all(Array.from({ length: callers }, () => compute(caches[way], key)))
    return { times: times.reduce((sum, one) => sum + one, 0), ms: performance.now() - began }
  },
})
