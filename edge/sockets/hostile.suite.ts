import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connect } from 'node:net'
import type { Socket as NetSocket } from 'node:net'
import { frame, handshake, RawClient } from './raw-client.suite.ts'
import type { OpenServer, SocketServer } from './socket.ts'

const LIMIT_BYTES = 64 * 1024

/** What a socket server must do with those who speak no proper HTTP or WebSocket. Not `checksMasks`: it reads every frame as if it were masked. `namelessHeader`: the status for one, which it may take for the last. */
export function testHostileClients(
  name: string,
  open: () => Promise<OpenServer | undefined>,
  { checksMasks = true, namelessHeader = '400' } = {},
): void {
  describe(`${name} and hostile clients`, () => {
    let server: SocketServer
    const sockets = { opened: 0, closed: 0 }
    const paths: string[] = []
    const heard: (string | undefined)[] = []
    beforeAll(async () => {
      const openServer = await open()
      if (!openServer) throw new Error('it cannot load here')
      server = await openServer({
        host: '127.0.0.1',
        port: 0,
        async http(request) {
          paths.push(new URL(request.url).pathname)
          return new Response(await request.text())
        },
        upgrade: ({ path }) => (path === '/session' ? { protocol: 'test.v1' } : { status: 404 }),
        open(socket) {
          sockets.opened++
          return {
            message(text) {
              heard.push(text)
              socket.send(text ?? 'binary')
            },
            drain: () => {},
            close: () => void sockets.closed++,
          }
        },
        bodyLimitBytes: () => 1000,
        streamsBody: () => false,
        frameLimitBytes: LIMIT_BYTES,
        bufferLimitBytes: 1024 * 1024,
        idleSeconds: 60,
      })
    })
    afterAll(() => server.close())

    /** Whether others are still served. */
    const isAlive = async () => {
      const answer = await fetch(`http://127.0.0.1:${server.port}/alive`, { method: 'POST', body: 'yes' })
      const client = await RawClient.open(server.port)
      client.write(frame({ opcode: 1, payload: 'hello' }))
      await client.until(() => client.events.length > 0)
      client.destroy()
      return (await answer.text()) === 'yes' && client.events[0] === 'text hello'
    }

    test('a handshake that is none is refused', async () => {
      const statuses: Record<string, string> = {}
      for (const [what, headers] of Object.entries(HANDSHAKES))
        statuses[what] = await statusOf(server.port, handshake(headers))
      expect(statuses).toEqual(Object.fromEntries(Object.keys(HANDSHAKES).map(what => [what, EXPECTED[what] ?? '400'])))
      expect(await statusOf(server.port, handshake({}, '/other'))).toBe('404')
      expect(await isAlive()).toBe(true)
    })

    test('a request that is none is refused, or ends the connection', async () => {
      paths.length = 0
      const statuses: Record<string, string> = {}
      for (const [what, bytes] of Object.entries(REQUESTS)) statuses[what] = await statusOf(server.port, bytes)
      const taken = Object.entries(statuses).filter(([, status]) => !/^(4\d\d|50[15]|closed)$/.test(status))
      expect(taken).toEqual([])
      expect(paths).toEqual([])
      expect(await statusOf(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n')).toBe(namelessHeader)
      expect(await isAlive()).toBe(true)
    })

    test('an older HTTP is answered or refused', async () => {
      expect(await statusOf(server.port, 'GET / HTTP/1.0\r\nHost: x\r\n\r\n')).toMatch(/^(200|505)$/)
    })

    test('requests that come in one piece are answered in order', async () => {
      const one = (body: string) => `POST /${body} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      const socket = connect(server.port, '127.0.0.1')
      socket.write(one('first') + one('second') + one('third'))
      let text = ''
      for await (const part of socket) {
        text += String(part)
        if (text.includes('third')) break
      }
      expect(text.match(/first|second|third/g)).toEqual(['first', 'second', 'third'])
    })

    test('a frame that is too long ends the connection, unheard', async () => {
      heard.length = 0
      for (const bytes of [
        // 16 times the limit is what ends it here; the session itself ends what is over the limit.
        frame({ opcode: 1, payload: Buffer.alloc(16 * LIMIT_BYTES + 1, 'x') }),
        Buffer.from('81ff7fffffffffffffff00000000', 'hex'),
        Buffer.from('81ffffffffffffffffff00000000', 'hex'),
      ]) {
        const client = await RawClient.open(server.port)
        client.write(bytes)
        await client.ended
      }
      expect(heard).toEqual([])
      expect(await isAlive()).toBe(true)
    })

    test('a frame that is not masked is never heard as what it says', async () => {
      heard.length = 0
      const client = await RawClient.open(server.port)
      client.write(frame({ opcode: 1, payload: 'unmasked', masked: false }))
      if (checksMasks) await client.ended
      expect(await isAlive()).toBe(true)
      expect(heard).toEqual(['hello'])
      expect(client.events).toEqual(checksMasks ? ['close 1002'] : [])
      client.destroy()
    })

    test('what is cut off anywhere leaves nothing behind', async () => {
      const whole = Buffer.concat([Buffer.from(handshake()), frame({ opcode: 1, payload: 'x'.repeat(50) })])
      for (let length = 0; length <= whole.length; length += 3) {
        const socket = connect(server.port, '127.0.0.1')
        socket.on('error', () => {})
        await new Promise(resolve => socket.once('connect', resolve))
        await new Promise(resolve => socket.write(whole.subarray(0, length), resolve))
        if (length % 2) socket.resetAndDestroy()
        else socket.destroy()
      }
      expect(await isAlive()).toBe(true)
      while (sockets.closed < sockets.opened) await new Promise(resolve => setTimeout(resolve, 5))
      expect(sockets.closed).toBe(sockets.opened)
    })

    test('many who connect and say nothing, or never come to an end, keep nobody from being served', async () => {
      const before = process.memoryUsage().rss
      const idle = await Promise.all(
        Array.from({ length: 300 }, (_, index) => connected(server.port, BEGINNINGS[index % BEGINNINGS.length] ?? '')),
      )
      expect(await isAlive()).toBe(true)
      for (const socket of idle) socket.destroy()
      expect(await isAlive()).toBe(true)
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
    })
  })
}

const HANDSHAKES: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  right: {},
  'right in other letters': { Upgrade: 'WebSocket', Connection: 'keep-alive, upgrade' },
  'version 8': { 'Sec-WebSocket-Version': '8' },
  'version 0': { 'Sec-WebSocket-Version': '0' },
  'version 99': { 'Sec-WebSocket-Version': '99' },
  'version 13 and 8': { 'Sec-WebSocket-Version': '13, 8' },
  'no version': { 'Sec-WebSocket-Version': undefined },
  'no key': { 'Sec-WebSocket-Key': undefined },
  'an empty key': { 'Sec-WebSocket-Key': '' },
  'a short key': { 'Sec-WebSocket-Key': 'c2hvcnQ=' },
  'a long key': { 'Sec-WebSocket-Key': `${'A'.repeat(200)}==` },
  'a key that is no base64': { 'Sec-WebSocket-Key': '*'.repeat(22) + '==' },
  'nothing to upgrade to': { Upgrade: 'h2c' },
}
const EXPECTED: Readonly<Record<string, string>> = {
  right: '101',
  'right in other letters': '101',
  'version 8': '426',
  'version 0': '426',
  'version 99': '426',
  'version 13 and 8': '426',
  'no version': '426',
}

const REQUESTS: Readonly<Record<string, string>> = {
  'two lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
  'a length twice': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
  'two lengths in one': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\nhello!',
  'length and chunks': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'chunks and length': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  'an unknown coding': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: zip\r\n\r\n0\r\n\r\n',
  'a negative length': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  'a length that is none': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello',
  'a length beyond all': `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\nhello`,
  'chunks that are none': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n',
  'no host': 'GET / HTTP/1.1\r\n\r\n',
  'a host with a path': 'GET /a HTTP/1.1\r\nHost: x/private#\r\n\r\n',
  'a host with a name and a password': 'GET /a HTTP/1.1\r\nHost: a:b@x\r\n\r\n',
  'a host with a space': 'GET /a HTTP/1.1\r\nHost: x y\r\n\r\n',
  'an absolute target': 'GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n',
  'an absolute target with a password': 'GET http://a:b@x/a HTTP/1.1\r\nHost: x\r\n\r\n',
  'two slashes and nothing': 'GET // HTTP/1.1\r\nHost: [\r\n\r\n',
  'an upgrade to nowhere': handshake({ Host: '[' }, '//'),
  'an asterisk': 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'a tunnel': 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  'a trace': 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
  'a method of nobody': 'G@T / HTTP/1.1\r\nHost: x\r\n\r\n',
  TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/9.9': 'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
  'a space before the colon': 'GET / HTTP/1.1\r\nHost: x\r\nA : y\r\n\r\n',
  'a folded header': 'GET / HTTP/1.1\r\nHost: x\r\nA: y\r\n z\r\n\r\n',
  'a NUL': 'GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n',
  'a thousand headers': `GET / HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 1000 }, (_, index) => `A${index}: ${index}\r\n`).join('')}\r\n`,
  'a header of a megabyte': `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(1024 * 1024)}\r\n\r\n`,
  'a line that never ends': 'a'.repeat(1024 * 1024),
  'a target of a megabyte': `GET /${'a'.repeat(1024 * 1024)} HTTP/1.1\r\nHost: x\r\n\r\n`,
}

/** How many begin who do not go on. */
const BEGINNINGS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: x\r\nA: a\rB: b\r\n\r\n',
  'SSH-2.0-OpenSSH_9.2\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello\r\n',
  '',
  'G',
  'GET / HTTP/1.1\r\nHost: x\r\nA: ',
  `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(3000)}`,
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
  handshake().slice(0, 100),
  handshake(),
]

/** The status of the answer to these bytes; `closed`: there was none. */
function statusOf(port: number, bytes: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const done = (status: string) => {
      socket.destroy()
      resolve(status)
    }
    socket.on('data', data => done(/^HTTP\/1\.[01] (\d{3})/.exec(data.toString('latin1'))?.[1] ?? 'nonsense'))
    socket.on('error', () => done('closed'))
    socket.on('close', () => done('closed'))
    socket.write(Buffer.from(bytes, 'latin1'))
  })
}

async function connected(port: number, bytes: string): Promise<NetSocket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await new Promise(resolve => socket.once('connect', resolve))
  socket.write(bytes)
  return socket
}
