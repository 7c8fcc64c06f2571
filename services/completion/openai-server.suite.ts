import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that came, as its sender meant it. */
export interface Asked {
  readonly path: string
  readonly authorization: string | undefined
  readonly idempotencyKey: string | undefined
  readonly body: Record<string, unknown>
}

export type Reply = (response: ServerResponse, asked: Asked) => void | Promise<void>

/** A server that speaks the vendor's format: what it says is up to each test. */
export interface OpenAiServer extends AsyncDisposable {
  readonly url: string
  readonly asked: readonly Asked[]
  /** Replies to chat requests in turn; the last one stays. */
  replyWith(...replies: readonly Reply[]): void
  /** Resolves when the caller of an answer has gone before its end. */
  closed(): Promise<void>
}

export async function openOpenAiServer(): Promise<OpenAiServer> {
  const asked: Asked[] = []
  let replies: Reply[] = []
  let gone = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    response.on('close', () => {
      if (!response.writableEnded) gone.resolve()
    })
    void answer(request, response)
  })
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/v1/models')
      return void response.setHeader('content-type', 'application/json').end(
        JSON.stringify({
          object: 'list',
          data: [{ id: 'tiny-1', object: 'model', created: 1, owned_by: 'a test' }],
        }),
      )
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const one: Asked = {
      path: request.url ?? '',
      authorization: request.headers.authorization,
      idempotencyKey: request.headers['idempotency-key']?.toString(),
      body: JSON.parse(text) as Record<string, unknown>,
    }
    asked.push(one)
    const reply = replies.length > 1 ? replies.shift() : replies[0]
    await reply?.(response, one)
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
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

const line = (value: object | string) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const piece = (content: string) => line({ choices: [{ index: 0, delta: { content } }] })
const finish = (reason: string) => line({ choices: [{ index: 0, delta: {}, finish_reason: reason }] })
const usage = (given: number, made: number) =>
  line({ choices: [], usage: { prompt_tokens: given, completion_tokens: made, total_tokens: given + made } })

/** A whole stream as it goes over the wire. */
export function streamOf(words: readonly string[], reason = 'stop'): string {
  return words.map(piece).join('') + finish(reason) + usage(7, words.length) + line('[DONE]')
}

/** Sends the bytes of a stream in parts of this size, wherever that cuts lines and letters. */
export function inParts(text: string, bytes: number): Reply {
  return async response => {
    response.setHeader('content-type', 'text/event-stream')
    const all = Buffer.from(text)
    for (let from = 0; from < all.length && !response.destroyed; from += bytes) {
      response.write(all.subarray(from, from + bytes))
      await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  }
}

/** Sends these words, and then nothing more, without an end. */
export function silentAfter(words: readonly string[]): Reply {
  return response => {
    response.setHeader('content-type', 'text/event-stream')
    response.write(words.map(piece).join(''))
  }
}

/** Sends these words and ends the connection, as a server does that is killed. */
export function brokenAfter(words: readonly string[]): Reply {
  return response => {
    response.setHeader('content-type', 'text/event-stream')
    response.write(words.map(piece).join(''), () => response.destroy())
  }
}

/** Refuses, in the vendor's words. */
export function refused(status: number, message: string, headers: Record<string, string> = {}): Reply {
  return response => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ error: { message, type: 'test', code: null } }))
  }
}
