import { expect, test } from '@jest/globals'
import { connect } from 'node:net'
import { testHostileClients } from './hostile.suite.ts'
import type { OpenServer } from './socket.ts'
import { loadUws } from './uws.ts'
import { openWs } from './ws.ts'

testHostileClients('ws', async () => openWs)
testHostileClients('uWebSockets.js', loadUws, { checksMasks: false, namelessHeader: '200' })

test('whoever sends a byte of a header each second is let go of by both', async () => {
  const uws = await loadUws()
  if (!uws) throw new Error('uWebSockets.js cannot load here')
  await Promise.all([openWs, uws].map(endsSlowHeaders))
}, 60_000)

async function endsSlowHeaders(open: OpenServer): Promise<void> {
  const server = await open({
    host: '127.0.0.1',
    port: 0,
    http: async () => new Response('unasked'),
    upgrade: () => ({ status: 404 }),
    open: () => ({ message: () => {}, drain: () => {}, close: () => {} }),
    bodyLimitBytes: () => 1000,
    streamsBody: () => false,
    frameLimitBytes: 1000,
    bufferLimitBytes: 1000,
    idleSeconds: 60,
  })
  const socket = connect(server.port, '127.0.0.1')
  let answer = ''
  socket.on('data', data => (answer += data.toString('latin1')))
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nA: ')
  const drip = setInterval(() => socket.write('a'), 1_000)
  await new Promise(resolve => socket.once('close', resolve))
  clearInterval(drip)
  await server.close()
  expect(answer).not.toContain('unasked')
}
