import { expect, test } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEndpoints } from './endpoint.ts'
import { openIdentities } from './identities.ts'
import { createLog } from './log.ts'
import { createMetrics } from './telemetry.ts'
import { openTestDatabase } from './testing.ts'
import { createGrpcClients } from './transport-grpc-client.ts'
import { openGrpcServer } from './transport-grpc-server.ts'
import { createMemoryClient } from './transport-memory.ts'
import { ProbeDefinition } from './probe.suite.ts'
import type { ProbeHandlers, ProbeSystem } from './probe.suite.ts'
import { testTransport } from './transport.suite.ts'

const endpointsOf = (handlers: ProbeHandlers, metrics = createMetrics()) =>
  createEndpoints({
    service: 'probe',
    contract: ProbeDefinition,
    open: ['openly'],
    handlers,
    log: createLog('silent'),
    metrics,
  })

testTransport('in memory', async handlers => {
  const endpoints = endpointsOf(handlers)
  return { client: caller => createMemoryClient(endpoints, caller), [Symbol.asyncDispose]: async () => {} }
})

testTransport('over gRPC and TCP', handlers => openGrpc(handlers, 'localhost:0', port => `localhost:${port}`))

testTransport('over gRPC and a Unix socket', async handlers => {
  const folder = await mkdtemp(join(tmpdir(), 'spellmesh-'))
  const address = `unix://${join(folder, 'probe.sock')}`
  const system = await openGrpc(handlers, address, () => address)
  const close = async () => {
    await system[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  }
  return { client: caller => system.client(caller), [Symbol.asyncDispose]: close }
})

test('calls and streams do not notice that their connection has become too old', async () => {
  const handlers: ProbeHandlers = {
    ask: async request => request,
    openly: async request => request,
    async *count({ number }) {
      for (let at = 0; at < number; at++) {
        yield { number: at }
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
    gather: async () => ({}),
    async *converse() {},
  }
  await using system = await openGrpc(handlers, 'localhost:0', port => `localhost:${port}`, 100)
  const client = system.client({ user: 'ada', service: 'test' })
  const counted = (async () => {
    const seen: number[] = []
    for await (const { number } of client.count({ number: 50 })) seen.push(number)
    return seen
  })()
  const late = Date.now() + 1_500
  for (let rounds = 0; rounds < 10 || Date.now() < late; rounds++) {
    const answers = await Promise.all(Array.from({ length: 5 }, (_, number) => client.ask({ number })))
    expect(answers.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4])
  }
  expect(await counted).toEqual(Array.from({ length: 50 }, (_, index) => index))
})

test('thousands who leave their streams early do not end the connection for others', async () => {
  let left = 0
  const handlers: ProbeHandlers = {
    ask: async request => request,
    openly: async request => request,
    async *count() {
      try {
        for (let number = 0; ; number++) {
          yield { number }
          await new Promise(resolve => setImmediate(resolve))
        }
      } finally {
        left++
      }
    },
    gather: async () => ({}),
    async *converse() {},
  }
  await using system = await openGrpc(handlers, 'localhost:0', port => `localhost:${port}`)
  const client = system.client({ user: 'ada', service: 'test' })
  const leaveEarly = async () => {
    for await (const { number } of client.count({})) if (number === 0) break
  }
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 100 }, leaveEarly))
  expect(await client.ask({ number: 7 })).toMatchObject({ number: 7 })
  while (left < 2_000) await new Promise(resolve => setImmediate(resolve))
})

async function openGrpc(
  handlers: ProbeHandlers,
  address: string,
  reach: (port: number) => string,
  connectionAgeMs?: number,
): Promise<ProbeSystem> {
  const database = await openTestDatabase()
  const identities = await openIdentities(database)
  const server = await openGrpcServer(
    address,
    [{ contract: ProbeDefinition, endpoints: endpointsOf(handlers) }],
    identities,
    connectionAgeMs,
  )
  const clients = createGrpcClients(identities)
  const close = async () => {
    clients.close()
    await server.close(2_000)
    await database[Symbol.asyncDispose]()
  }
  return { client: caller => clients.client(ProbeDefinition, reach(server.port), caller), [Symbol.asyncDispose]: close }
}
