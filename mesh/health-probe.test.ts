import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { expect, test } from '@jest/globals'
import { createEndpoints } from './endpoint.ts'
import { probeHealth } from './health-probe.ts'
import { createHealth, HealthDefinition } from './health.ts'
import { createLog } from './log.ts'
import { createMetrics } from './telemetry.ts'
import { openGrpcServer } from './transport-grpc-server.ts'

async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return String((server.address() as AddressInfo).port)
}

/** A port where nobody listens. */
async function nobody(): Promise<string> {
  const server = createTcpServer()
  const port = await listening(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

function httpServer(status: number): Server {
  return createServer((request, response) => response.writeHead(request.url === '/livez' ? status : 404).end('…'))
}

/** A process that serves its health and nothing else. */
async function serveHealth(draining: AbortSignal) {
  const endpoints = createEndpoints({
    service: 'health',
    contract: HealthDefinition,
    open: ['check', 'watch'],
    handlers: createHealth([], draining),
    log: createLog('silent'),
    metrics: createMetrics(),
  })
  const identities = { verify: () => Promise.reject(new Error('nobody is asked for')) }
  return openGrpcServer('127.0.0.1:0', [{ contract: HealthDefinition, endpoints }], identities)
}

test('what answers over gRPC, HTTP or both is well; where nobody listens, nothing is', async () => {
  const grpc = await serveHealth(new AbortController().signal)
  const http = httpServer(200)
  const [PORT, GRPC_PORT, NOBODY] = [await listening(http), String(grpc.port), await nobody()]
  expect(await probeHealth({ PORT, GRPC_PORT })).toEqual([])
  expect(await probeHealth({ PORT: NOBODY, GRPC_PORT })).toEqual([])
  expect(await probeHealth({ PORT, GRPC_PORT: NOBODY })).toEqual([])
  expect(await probeHealth({ PORT: NOBODY, GRPC_PORT: NOBODY })).toEqual([`nothing listens at ${NOBODY} or ${NOBODY}`])
  http.close()
  await grpc.close(1_000)
})

test('a process that drains, fails or is none of ours is not well, and every reason is told', async () => {
  const draining = new AbortController()
  const grpc = await serveHealth(draining.signal)
  const failing = httpServer(503)
  draining.abort()
  expect(await probeHealth({ PORT: await listening(failing), GRPC_PORT: String(grpc.port) })).toEqual([
    '/livez answered 503',
    'gRPC: it is not serving',
  ])
  const rude = createTcpServer(socket => socket.end('hello\n'))
  const port = await listening(rude)
  const answers = await probeHealth({ PORT: port, GRPC_PORT: port })
  expect(answers).toEqual([expect.stringMatching(/^\/livez: /), expect.stringMatching(/^gRPC/)])
  for (const server of [failing, rude]) server.close()
  await grpc.close(1_000)
})

test('a setting that is no port is told', async () => {
  expect(await probeHealth({ PORT: 'http', GRPC_PORT: '70000' })).toEqual([
    'PORT: "http" is not a whole number from 0 to 65535',
    'GRPC_PORT: "70000" is not a whole number from 0 to 65535',
  ])
})
