// A server that speaks Hugging Face's formats: the hub, its router and dedicated endpoints alike. What it says is up to each test.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that came. */
export interface Asked {
  readonly path: string
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  readonly bytes: Buffer
  /** Of a JSON body. */
  readonly body: unknown
}
export type Reply = (response: ServerResponse, asked: Asked) => void | Promise<void>

export interface HubServer extends AsyncDisposable {
  readonly url: string
  /** What models were asked, not what the hub was. */
  readonly asked: readonly Asked[]
  /** What the hub was asked. */
  readonly looked: readonly Asked[]
  /** Replies to models' requests in turn; the last one stays. Forgets what was asked. */
  replyWith(...replies: readonly Reply[]): void
  /** Who serves a model, as the hub tells it. */
  serve(model: string, mapping: unknown): void
  /** What the hub lists. */
  list(models: unknown): void
  /** What the router lists. */
  route(models: unknown): void
  /** What is found at a path of its own. */
  give(path: string, reply: Reply): void
  /** Resolves when the caller of an answer has gone before its end. */
  closed(): Promise<void>
}

export async function openHubServer(): Promise<HubServer> {
  const [asked, looked]: [Asked[], Asked[]] = [[], []]
  const mappings = new Map<string, unknown>()
  const files = new Map<string, Reply>()
  let listed: unknown = []
  let routed: unknown = { object: 'list', data: [] }
  let replies: Reply[] = []
  let gone = Promise.withResolvers<void>()
  const answerHub = (one: Asked, response: ServerResponse) => {
    const name = /^\/api\/models\/(.+)\?/.exec(one.path)?.[1]
    const file = files.get(one.path)
    if (file) return file(response, one)
    if (one.path === '/v1/models') return json(routed)(response, one)
    if (name === undefined) return json(listed)(response, one)
    const inferenceProviderMapping = mappings.get(name)
    if (inferenceProviderMapping === undefined) return json({ error: 'Repository not found' }, 404)(response, one)
    return json({ id: name, inferenceProviderMapping })(response, one)
  }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const one = await read(request)
    if (request.method === 'GET') {
      looked.push(one)
      return answerHub(one, response)
    }
    asked.push(one)
    const reply = replies.length > 1 ? replies.shift() : replies[0]
    await reply?.(response, one)
  }
  const server = createServer((request, response) => {
    response.on('close', () => {
      if (!response.writableEnded) gone.resolve()
    })
    void answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    looked,
    replyWith(...given) {
      asked.length = 0
      looked.length = 0
      gone = Promise.withResolvers<void>()
      replies = [...given]
    },
    serve: (model, mapping) => void mappings.set(model, mapping),
    list(models) {
      listed = models
    },
    route(models) {
      routed = models
    },
    give: (path, reply) => void files.set(path, reply),
    closed: () => gone.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function read(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const bytes = Buffer.concat(parts)
  const { authorization, 'content-type': contentType } = request.headers
  const isJson = contentType === 'application/json' && bytes.length > 0
  return {
    path: request.url ?? '',
    authorization,
    contentType,
    bytes,
    body: isJson ? (JSON.parse(bytes.toString()) as unknown) : undefined,
  }
}

/** Answers JSON. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return answers(JSON.stringify(value), 'application/json', status, headers)
}

/** Answers these bytes. */
export function answers(
  body: string | Uint8Array,
  contentType: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return response => void response.writeHead(status, { 'content-type': contentType, ...headers }).end(body)
}

/** Sends bytes in parts of this size, wherever that cuts lines and letters. */
export function inParts(body: string | Uint8Array, contentType: string, size: number): Reply {
  return async response => {
    response.setHeader('content-type', contentType)
    const all = Buffer.from(body)
    for (let from = 0; from < all.length && !response.destroyed; from += size) {
      response.write(all.subarray(from, from + size))
      await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  }
}

/** Sends these bytes and no more, without an end. */
export function silentAfter(body: string | Uint8Array, contentType: string): Reply {
  return response => {
    response.setHeader('content-type', contentType)
    response.write(body)
  }
}

/** Sends these bytes and breaks the connection, as a server does that is killed. */
export function brokenAfter(body: string | Uint8Array, contentType: string): Reply {
  return response => {
    response.setHeader('content-type', contentType)
    response.write(body, () => response.destroy())
  }
}

export const SSE = 'text/event-stream'
export const event = (value: unknown): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
export const delta = (given: object, reason: string | null = null): string =>
  event({ choices: [{ index: 0, delta: given, finish_reason: reason }] })

/** A chat as it goes over the wire. */
export function chatOf(words: readonly string[], reason = 'stop'): string {
  const usage = { prompt_tokens: 7, completion_tokens: words.length, total_tokens: 7 + words.length }
  return `: hello\n\n${words.map(content => delta({ content })).join('')}${delta({}, reason)}${event({ choices: [], usage })}${event('[DONE]')}`
}
