import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that came: its fields, of JSON or of a form. */
export interface Asked {
  readonly path: string
  readonly authorization: string | undefined
  readonly idempotencyKey: string | undefined
  readonly body: Readonly<Record<string, unknown>>
  readonly file?: { readonly name: string; readonly type: string; readonly bytes: Buffer }
}
export type Reply = (response: ServerResponse) => void | Promise<void>

/** A server that speaks OpenAI's audio API: what it says is up to each test. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string
  readonly asked: readonly Asked[]
  /** Replies in turn; the last one stays. */
  replyWith(...replies: readonly Reply[]): void
  /** What GET requests are answered with, by path. */
  readonly lists: Record<string, unknown>
  /** Resolves when the caller of an answer has gone before its end. */
  closed(): Promise<void>
}

export async function openApiServer(): Promise<ApiServer> {
  const asked: Asked[] = []
  const lists: Record<string, unknown> = {}
  let replies: Reply[] = []
  let gone = Promise.withResolvers<void>()
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? ''
    if (request.method === 'GET') {
      const found = lists[path] ?? lists[path.split('?')[0] ?? '']
      return void response
        .writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
        .end(JSON.stringify(found ?? { error: { message: 'no such path' } }))
    }
    asked.push(await readAsked(request))
    const reply = replies.length > 1 ? replies.shift() : replies[0]
    await reply?.(response)
  }
  const server = createServer((request, response) => {
    response.on('close', () => {
      if (!response.writableEnded) gone.resolve()
    })
    void answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    lists,
    replyWith(...given) {
      asked.length = 0
      gone = Promise.withResolvers<void>()
      replies = [...given]
    },
    closed: () => gone.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const type = request.headers['content-type'] ?? ''
  const head = {
    path: request.url ?? '',
    authorization: request.headers.authorization,
    idempotencyKey: request.headers['idempotency-key']?.toString(),
  }
  const whole = Buffer.concat(pieces)
  if (/^(audio|application\/octet)/.test(type)) return { ...head, body: {}, file: { name: '', type, bytes: whole } }
  if (!type.startsWith('multipart/'))
    return { ...head, body: JSON.parse(whole.toString('utf8')) as Record<string, unknown> }
  const form = await new Response(whole, { headers: { 'content-type': type } }).formData()
  const body: Record<string, unknown> = {}
  let file: Asked['file']
  for (const [name, value] of form)
    if (typeof value === 'string') body[name] = name.endsWith('[]') ? [...((body[name] as []) ?? []), value] : value
    else file = { name: value.name, type: value.type, bytes: Buffer.from(await value.arrayBuffer()) }
  return { ...head, body, ...(file ? { file } : {}) }
}

/** Sends bytes in parts of this size. */
export function inParts(bytes: Uint8Array, size: number, type = 'audio/mpeg'): Reply {
  return async response => {
    response.setHeader('content-type', type)
    for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
      response.write(bytes.subarray(at, at + size))
      await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  }
}
/** Sends some bytes, and then nothing more, without an end. */
export function silentAfter(bytes: Uint8Array, type = 'audio/mpeg'): Reply {
  return response => void response.setHeader('content-type', type).write(bytes)
}
/** Sends some bytes and ends the connection, as a server does that is killed. */
export function brokenAfter(bytes: Uint8Array, type = 'audio/mpeg'): Reply {
  return response => void response.setHeader('content-type', type).write(bytes, () => response.destroy())
}
/** Refuses, in the vendor's words. */
export function refused(status: number, message: string, headers: Record<string, string> = {}): Reply {
  return response =>
    void response
      .writeHead(status, { 'content-type': 'application/json', 'retry-after-ms': '1', ...headers })
      .end(JSON.stringify({ error: { message, type: 'test', code: null } }))
}
export function json(value: unknown): Reply {
  return response => void response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}

/** A transcript as it is streamed: its pieces, then the whole. */
export function transcriptEvents(pieces: readonly string[], done: object | null = {}): Buffer {
  const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`
  return Buffer.from(
    pieces.map(delta => event({ type: 'transcript.text.delta', delta })).join('') +
      (done ? `${event({ type: 'transcript.text.done', text: pieces.join(''), ...done })}data: [DONE]\n\n` : ''),
  )
}

/** Silent MPEG 2 layer III, 24 kHz, 64 kbit/s: frames of 192 bytes and 24 ms. */
export function mpegFrames(count: number): Buffer {
  const frame = Buffer.alloc(192)
  frame.set([0xff, 0xf3, 0x84, 0xc4])
  return Buffer.concat(Array.from({ length: count }, () => frame))
}
