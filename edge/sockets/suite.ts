import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import type { OpenServer, Socket, SocketServer } from './socket.ts'

const PIECE_BYTES = 1024 * 1024
const UP_LIMIT_BYTES = 32 * PIECE_BYTES

/** Counts what comes. */
async function takeUp(request: Request): Promise<Response> {
  const held = request.headers.get('x-until')
  // Not read before the sender says that it can send no more.
  if (held !== null) await fetch(held)
  let size = 0
  try {
    for await (const piece of request.body as AsyncIterable<Uint8Array>) size += piece.length
    return new Response(String(size))
  } catch (error) {
    return new Response(error instanceof Error ? error.message : '', { status: 413 })
  }
}

/** Sends megabytes without telling how many. */
function sendUp(
  port: number,
  path: string,
  pieces: number,
  until?: { readonly url: string; held(sent: number): void },
) {
  return new Promise<{ status: number; answer: string }>((resolve, reject) => {
    let [sent, answered] = [0, false]
    const headers = until ? { 'x-until': until.url } : {}
    const call = httpRequest({ port, path, method: 'POST', host: '127.0.0.1', headers }, answer => {
      answered = true
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, answer: text }))
    })
    call.on('error', error => answered || reject(error))
    const piece = Buffer.alloc(PIECE_BYTES, 1)
    const send = (left: number) => {
      if (answered) return
      if (left === 0) return void call.end()
      call.write(piece, () => {
        sent += PIECE_BYTES
        send(left - 1)
      })
    }
    send(pieces)
    if (until) void untilStill(() => sent).then(until.held)
  })
}

/** Resolves with a number that has grown and does not any more. */
async function untilStill(read: () => number): Promise<number> {
  for (let last = 0; ; last = read()) {
    await new Promise(resolve => setTimeout(resolve, 200))
    if (last > 0 && read() === last) return last
  }
}

/** What every socket server must do. */
export function testSocketServer(name: string, open: () => Promise<OpenServer | undefined>): void {
  describe(name, () => {
    let server: SocketServer
    const told: string[] = []
    let last: Socket | undefined
    beforeAll(async () => {
      const openServer = await open()
      if (!openServer) throw new Error('it cannot load here')
      server = await openServer({
        host: '127.0.0.1',
        port: 0,
        async http(request, address) {
          const url = new URL(request.url)
          if (url.pathname === '/stream')
            return new Response(streamOf(['data: 1\n\n', 'data: 2\n\n']), {
              headers: { 'content-type': 'text/event-stream' },
            })
          if (url.pathname === '/wait') {
            await new Promise(resolve => request.signal.addEventListener('abort', resolve))
            told.push('request gone')
          }
          if (url.pathname === '/up/refused') return new Response('no', { status: 403 })
          if (url.pathname.startsWith('/up/')) return await takeUp(request)
          if (url.pathname === '/down')
            return new Response(streamOf(['a'.repeat(300_000), 'b'.repeat(300_000)]), {
              headers: { 'transfer-encoding': 'chunked', 'content-type': 'application/octet-stream' },
            })
          if (url.pathname === '/broken')
            return new Response(
              new ReadableStream({
                start: controller => controller.enqueue(new TextEncoder().encode('a')),
                pull: async () => {
                  await new Promise(resolve => setImmediate(resolve))
                  throw new Error('it broke')
                },
              }),
              { headers: { 'transfer-encoding': 'chunked' } },
            )
          const body = await request.text()
          const headers = new Headers([
            ['set-cookie', 'a=1'],
            ['set-cookie', 'b=2'],
          ])
          return new Response(
            JSON.stringify({
              method: request.method,
              path: url.pathname,
              query: url.search,
              body,
              address,
              said: request.headers.get('x-said'),
            }),
            { status: 201, headers },
          )
        },
        upgrade: ({ path, protocols }) =>
          path === '/session' && protocols.includes('test.v1') ? { protocol: 'test.v1' } : { status: 403 },
        open(socket) {
          last = socket
          return {
            message(text) {
              if (text === undefined) return socket.close(4400, 'binary')
              if (text === 'close') return socket.close(4001, 'asked')
              socket.send(`echo ${text}`)
            },
            drain: () => {},
            close: code => void told.push(`closed ${code}`),
          }
        },
        bodyLimitBytes: path => (path.startsWith('/up/') ? UP_LIMIT_BYTES : 1000),
        streamsBody: (method, path) => method === 'POST' && path.startsWith('/up/'),
        frameLimitBytes: 1000,
        bufferLimitBytes: 1024 * 1024,
        idleSeconds: 60,
      })
    })
    afterAll(() => server.close())
    const url = (path: string) => `http://127.0.0.1:${server.port}${path}`

    test('a request arrives whole, and so does its answer', async () => {
      const answer = await fetch(url('/a/b?c=d'), { method: 'POST', body: 'hello', headers: { 'x-said': 'yes' } })
      expect(answer.status).toBe(201)
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
      expect(await answer.json()).toEqual({
        method: 'POST',
        path: '/a/b',
        query: '?c=d',
        body: 'hello',
        address: '127.0.0.1',
        said: 'yes',
      })
    })

    test('a body over the limit is refused', async () => {
      expect((await fetch(url('/'), { method: 'POST', body: 'x'.repeat(1001) })).status).toBe(413)
    })

    test('a body that streams is held up while nobody reads it, and arrives whole', async () => {
      let release = () => {}
      const gate = createServer((_, answer) => void (release = () => void answer.end()))
      await new Promise<void>(resolve => gate.listen(0, '127.0.0.1', resolve))
      const gateUrl = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`
      let heldAt = 0
      const held = (sent: number) => {
        heldAt = sent
        release()
      }
      const sent = await sendUp(server.port, '/up/held', 31, { url: gateUrl, held })
      expect(sent).toEqual({ status: 200, answer: String(31 * PIECE_BYTES) })
      // What the server and the sockets hold, and no more.
      expect(heldAt).toBeGreaterThan(0)
      expect(heldAt).toBeLessThan(28 * PIECE_BYTES)
      gate.close()
    })

    test('a body that streams beyond its limit fails its reading, and the connection ends', async () => {
      const sent = await sendUp(server.port, '/up/all', 40)
      expect(sent.status).toBe(413)
      expect(sent.answer).toBe(`the body takes more than ${UP_LIMIT_BYTES} bytes`)
    })

    test('a body that nobody wants is refused before it has come', async () => {
      expect(await sendUp(server.port, '/up/refused', 40)).toMatchObject({ status: 403, answer: 'no' })
    })

    test('a large answer goes in chunks; one that breaks does not look whole', async () => {
      expect(await (await fetch(url('/down'))).text()).toBe('a'.repeat(300_000) + 'b'.repeat(300_000))
      await expect(fetch(url('/broken')).then(answer => answer.text())).rejects.toThrow(/terminated/)
    })

    test('an event stream arrives piece by piece', async () => {
      expect(await (await fetch(url('/stream'))).text()).toBe('data: 1\n\ndata: 2\n\n')
    })

    test('a request whose caller is gone is aborted', async () => {
      const call = httpRequest(url('/wait'), { method: 'GET' })
      call.on('error', () => {})
      call.end()
      await new Promise(resolve => setTimeout(resolve, 50))
      call.destroy()
      while (!told.includes('request gone')) await new Promise(resolve => setTimeout(resolve, 5))
      expect(told.filter(one => one === 'request gone')).toHaveLength(1)
    })

    test('two lengths of one body are refused', async () => {
      const answer = await raw(
        server.port,
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
      )
      expect(answer).toMatch(/^HTTP\/1.1 400/)
    })

    test('frames go both ways, in order', async () => {
      const ws = await openSocket(server.port)
      const received: string[] = []
      ws.on('message', data => void received.push((data as Buffer).toString()))
      for (let index = 0; index < 100; index++) ws.send(`${index} é`)
      while (received.length < 100) await new Promise(resolve => setTimeout(resolve, 5))
      expect(received).toEqual(Array.from({ length: 100 }, (_, index) => `echo ${index} é`))
      ws.terminate()
    })

    test('what is published reaches those on the topic, in its order with what is sent to them', async () => {
      const sockets: Socket[] = []
      const clients: { readonly ws: WebSocket; readonly heard: string[] }[] = []
      for (let index = 0; index < 3; index++) {
        const ws = new WebSocket(url('/session').replace('http', 'ws'), 'test.v1')
        const heard: string[] = []
        ws.on('message', data => void heard.push((data as Buffer).toString()))
        await new Promise(resolve => ws.once('open', resolve))
        clients.push({ ws, heard })
        if (last) sockets.push(last)
      }
      const [first, second] = sockets
      first?.setTopic('news', true)
      second?.setTopic('news', true)
      server.publish('news', 'one')
      first?.send('two')
      server.publish('news', 'three')
      // Whoever leaves keeps what was published before.
      first?.setTopic('news', false)
      server.publish('news', 'four')
      first?.send('five')
      for (const socket of sockets) socket.send('end')
      await Promise.all(
        clients.map(async ({ ws, heard }) => {
          while (heard.at(-1) !== 'end') await new Promise(resolve => ws.once('message', resolve))
        }),
      )
      expect(clients.map(({ heard }) => heard)).toEqual([
        ['one', 'two', 'three', 'five', 'end'],
        ['one', 'three', 'four', 'end'],
        ['end'],
      ])
      for (const { ws } of clients) ws.terminate()
    })

    test('a close has its code, and the socket can be used after it without harm', async () => {
      const ws = await openSocket(server.port)
      const closed = new Promise<number>(resolve => ws.on('close', resolve))
      ws.send('close')
      expect(await closed).toBe(4001)
      while (!told.some(one => one.startsWith('closed'))) await new Promise(resolve => setTimeout(resolve, 5))
      expect(last?.send('late')).toBe(false)
      expect(last?.buffered()).toBe(0)
      last?.close(4000, 'again')
    })

    test('a binary frame is told as such', async () => {
      const ws = await openSocket(server.port)
      const closed = new Promise<number>(resolve => ws.on('close', resolve))
      ws.send(Buffer.from([1, 2]))
      expect(await closed).toBe(4400)
    })

    test('other paths, protocols and versions are refused', async () => {
      const statusOf = (path: string, protocol: string) =>
        new Promise(resolve => {
          const ws = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocol)
          ws.on('unexpected-response', (_, response) => {
            resolve(response.statusCode)
            ws.terminate()
          })
          ws.on('error', () => {})
        })
      expect(await statusOf('/other', 'test.v1')).toBe(403)
      expect(await statusOf('/session', 'test.v2')).toBe(403)
      const old =
        'GET /session HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Protocol: test.v1\r\n\r\n'
      expect(await raw(server.port, old)).toMatch(/^HTTP\/1.1 426/)
    })
  })
}

function openSocket(port: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/session`, 'test.v1')
    ws.on('open', () => resolve(ws))
    ws.on('error', reject)
  })
}

/** What the server answers to these bytes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.once('data', data => {
      socket.destroy()
      resolve(String(data))
    })
    socket.on('error', () => resolve(''))
  })
}

function streamOf(parts: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const left = [...parts]
  return new ReadableStream({
    async pull(controller) {
      await new Promise(resolve => setTimeout(resolve, 5))
      const next = left.shift()
      if (next === undefined) controller.close()
      else controller.enqueue(encoder.encode(next))
    },
  })
}
