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

async function openGrpc(
  handlers: ProbeHandlers,
  address: string,
  reach: (port: number) => string,
): Promise<ProbeSystem> {
  const database = await openTestDatabase()
  const identities = await openIdentities(database)
  const server = await openGrpcServer(
    address,
    [{ contract: ProbeDefinition, endpoints: endpointsOf(handlers) }],
    identities,
  )
  const clients = createGrpcClients(identities)
  const close = async () => {
    clients.close()
    await server.close(2_000)
    await database[Symbol.asyncDispose]()
  }
  return { client: caller => clients.client(ProbeDefinition, reach(server.port), caller), [Symbol.asyncDispose]: close }
}
