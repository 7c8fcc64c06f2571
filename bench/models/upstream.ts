// Run in a process of its own: a provider that speaks OpenAI's chat API and costs next to nothing itself. What it does is said by the model's name:
// `fast` says its tokens as quickly as they are taken; `paced` one each 20 ms; `open` one, and then one each 5 s without an end.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const MODELS = ['fast', 'paced', 'open']
/** Tokens that a quick vendor has in one packet. */
const TOGETHER = 10
const PACE_MS = 20
const HEARTBEAT_MS = 5_000
const WORD = ' word'

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => void parts.push(part))
  request.on('end', () => {
    if (request.url === '/v1/models') return void sendJson(response, listOf(MODELS))
    const body = JSON.parse(Buffer.concat(parts).toString()) as Body
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.socket?.setNoDelay(true)
    const tokens = body.max_tokens ?? body.max_completion_tokens ?? 1
    if (body.model === 'fast') void sayAll(response, tokens)
    else sayOneEach(response, body.model === 'paced' ? PACE_MS : HEARTBEAT_MS, tokens)
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}/v1\n`)
})
process.once('SIGTERM', () => process.exit())
process.stdin.once('end', () => process.exit()).resume()

interface Body {
  readonly model: string
  readonly max_tokens?: number
  readonly max_completion_tokens?: number
}

function sendJson(response: ServerResponse, value: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}

function listOf(models: readonly string[]): object {
  return { object: 'list', data: models.map(id => ({ id, object: 'model', created: 1, owned_by: 'bench' })) }
}

/** An event as OpenAI writes it, of its usual length. */
function event(choices: readonly object[], usage: object | null = null): string {
  const head = {
    id: 'chatcmpl-Bq0000000000000000000000000000',
    object: 'chat.completion.chunk',
    created: 1_763_700_000,
  }
  const chunk = { ...head, model: 'fast', service_tier: 'default', system_fingerprint: 'fp_0000000000', choices, usage }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

function token(): string {
  return event([{ index: 0, delta: { content: WORD }, logprobs: null, finish_reason: null }])
}

function last(tokens: number): string {
  const usage = { prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens }
  return `${event([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }])}${event([], usage)}data: [DONE]\n\n`
}

const ONE = Buffer.from(token())
const SOME = Buffer.from(token().repeat(TOGETHER))

async function sayAll(response: ServerResponse, tokens: number): Promise<void> {
  let left = tokens
  while (left > 0 && !response.destroyed) {
    const now = Math.min(left, TOGETHER)
    left -= now
    const hasRoom = response.write(now === TOGETHER ? SOME : ONE.toString().repeat(now))
    if (!hasRoom) await new Promise<void>(resolve => response.once('drain', resolve).once('close', resolve))
  }
  response.end(last(tokens))
}

function sayOneEach(response: ServerResponse, ms: number, tokens: number): void {
  let said = 1
  response.write(ONE)
  const timer = setInterval(() => {
    if (said++ < tokens) return void response.write(ONE)
    clearInterval(timer)
    response.end(last(tokens))
  }, ms)
  response.once('close', () => clearInterval(timer))
}
