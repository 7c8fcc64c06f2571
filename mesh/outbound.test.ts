import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOutbound } from './outbound.ts'

const server = createServer((request, response) => {
  if (request.url === '/redirect') response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
  else if (request.url === '/large') response.end('x'.repeat(2000))
  else if (request.url === '/silent') return
  else if (request.url === '/stream') {
    response.on('close', () => left.resolve())
    request.on('data', (bytes: Buffer) => response.write(bytes))
  } else response.writeHead(200, { 'x-said': request.headers.authorization ?? 'nothing' }).end('hello')
})
let host = ''
const left = Promise.withResolvers<void>()
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('addresses inside the network are refused, however they are written', async () => {
  await using outbound = createOutbound({ OUTBOUND_ALLOW: '' })
  for (const url of [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://localhost/',
    'http://10.1.2.3:8080/',
  ]) {
    await expect(outbound.fetch(url)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  }
})

test('other schemes and credentials in the URL are refused', async () => {
  await using outbound = createOutbound({ OUTBOUND_ALLOW: '' })
  for (const url of ['file:///etc/passwd', 'gopher://example.org', 'http://user:pass@example.org/', 'nonsense']) {
    await expect(outbound.fetch(url)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
})

test('an operator can allow a host; a redirect from it to another is checked again', async () => {
  await using outbound = createOutbound({ OUTBOUND_ALLOW: `example.org, ${host}` })
  const answer = await outbound.fetch(`http://${host}/`, { headers: { authorization: 'Bearer x' } })
  expect([answer.status, answer.headers['x-said'], await answer.text()]).toEqual([200, 'Bearer x', 'hello'])
  await expect(outbound.fetch(`http://${host}/redirect`)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
})

test('answers that are too large or never come end with an error', async () => {
  await using outbound = createOutbound({ OUTBOUND_ALLOW: host, limitBytes: 1000 })
  await expect(outbound.fetch(`http://${host}/large`).then(answer => answer.text())).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
  })
  await using impatient = createOutbound({ OUTBOUND_ALLOW: host, timeoutMs: 200 })
  await expect(impatient.fetch(`http://${host}/silent`)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
})

test('an answer that streams is read as it comes, and left when its reader leaves; it is guarded as any other', async () => {
  await using outbound = createOutbound({ OUTBOUND_ALLOW: host, limitBytes: 1 })
  const { signal } = new AbortController()
  const body = new Uint8Array([0, 255, 128])
  const answer = await outbound.open(`http://${host}/stream`, { method: 'POST', body, signal })
  for await (const bytes of answer.body) {
    expect([...bytes]).toEqual([0, 255, 128])
    break
  }
  await left.promise
  await expect(outbound.open(`http://${host}/redirect`, { signal })).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
  })
  await expect(outbound.open('http://127.0.0.1:1/', { signal })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
})
