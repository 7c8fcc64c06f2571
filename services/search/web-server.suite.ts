import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that came. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  /** Of JSON. */
  readonly body: unknown
}
export interface Reply {
  readonly status?: number
  readonly body: unknown
}

/** A server on which a web provider's answers are up to each test. */
export interface WebServer extends AsyncDisposable {
  readonly url: string
  readonly asked: readonly Asked[]
  /** Replies so from now on; undefined: it never does. */
  replyWith(reply: Reply | undefined): void
}

export async function openWebServer(): Promise<WebServer> {
  const asked: Asked[] = []
  let reply: Reply | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces).toString('utf8')
    asked.push({
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: body === '' ? undefined : JSON.parse(body),
    })
    if (!reply) return
    const isText = typeof reply.body === 'string'
    response
      .writeHead(reply.status ?? 200, { 'content-type': isText ? 'text/html' : 'application/json' })
      .end(isText ? reply.body : JSON.stringify(reply.body))
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    replyWith(given) {
      asked.length = 0
      reply = given
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
