// A secret on its way: from its owner's browser to the provider of a model, and nowhere else.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { spellOf } from '#nodes/examples.suite.ts'
import { startCollector } from './collector.ts'
import type { Collector } from './collector.ts'
import { startProgram } from './processes.ts'
import type { Program } from './processes.ts'

const value = `sk-${randomBytes(24).toString('hex')}`
const other = `sk-${randomBytes(24).toString('hex')}`
const folder = mkdtempSync(join(tmpdir(), 'spellmesh-secrets-'))
const said: string[] = []
let [ada, bob] = ['', '']
let program: Program
let collector: Collector
let upstream: Upstream

beforeAll(async () => {
  collector = await startCollector()
  upstream = await startUpstream()
  program = await startProgram(
    [],
    {
      PORT: '0',
      DATA_DIR: folder,
      REGISTRATION: 'open',
      LOG_LEVEL: 'debug',
      OPENAI_BASE_URL: upstream.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
    { onSaid: line => void said.push(line) },
  )
  ;[ada, bob] = [await register('ada'), await register('bob')]
}, 90_000)
afterAll(async () => {
  await program?.stop()
  await upstream?.stop()
  await collector?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

interface Upstream {
  readonly url: string
  /** `authorization` of each request for an answer. */
  readonly heard: (string | undefined)[]
  /** What it answers from now on. */
  refuses: boolean
  stop(): Promise<void>
}

/** A provider that speaks OpenAI's format, and quotes the key that it refuses. */
async function startUpstream(): Promise<Upstream> {
  const server: Server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      if (!request.url?.endsWith('/chat/completions')) return void response.writeHead(404).end('{}')
      const { authorization } = request.headers
      found.heard.push(authorization)
      if (found.refuses) {
        const message = `Incorrect API key provided: ${authorization?.slice('Bearer '.length) ?? ''}.`
        response.writeHead(401, { 'content-type': 'application/json' })
        return void response.end(
          JSON.stringify({ error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } }),
        )
      }
      const chunk = (delta: object, finish: string | null) =>
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`${chunk({ content: 'Hello' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const found: Upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    heard: [],
    refuses: false,
    async stop() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return found
}

async function send(token: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${program.ready}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    text,
    json: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>,
  }
}

async function register(name: string): Promise<string> {
  const account = { email: `${name}@example.org`, password: 'correct horse', name }
  const { status, json } = await send('', 'POST', '/v1/auth/register', account)
  expect(status).toBe(200)
  return String(json['accessToken'])
}

test('over REST a secret is put, listed without its value, and deleted', async () => {
  const put = await send(ada, 'PUT', '/v1/secrets/MISTRAL_API_KEY', { value })
  expect(put).toMatchObject({
    status: 200,
    json: { secret: { name: 'MISTRAL_API_KEY', updatedAt: expect.any(Number) } },
  })
  const listed = await send(ada, 'GET', '/v1/secrets')
  expect(listed).toMatchObject({ status: 200, json: { secrets: [{ name: 'MISTRAL_API_KEY' }] } })
  for (const { text } of [put, listed]) expect(text).not.toContain(value)
  expect(await send(ada, 'DELETE', '/v1/secrets/MISTRAL_API_KEY')).toMatchObject({ status: 200 })
  expect(await send(ada, 'DELETE', '/v1/secrets/MISTRAL_API_KEY')).toMatchObject({ status: 404 })
  expect((await send(ada, 'GET', '/v1/secrets')).json['secrets'] ?? []).toEqual([])
})

test('what is wrong is named: no account, no name, no value, two names', async () => {
  expect(await send('', 'GET', '/v1/secrets')).toMatchObject({ status: 401 })
  expect(await send('', 'PUT', '/v1/secrets/A', { value })).toMatchObject({ status: 401 })
  const wrong = await send(ada, 'PUT', '/v1/secrets/not-a-name', { value: '' })
  expect(wrong.status).toBe(400)
  expect(wrong.text).toContain('expected capital letters')
  expect(wrong.text).toContain('expected 1 to 8192 characters, got 0')
  expect(await send(ada, 'PUT', '/v1/secrets/A', { name: 'B', value })).toMatchObject({ status: 400 })
  expect(await send(ada, 'PUT', '/v1/secrets/A', { value, values: value })).toMatchObject({ status: 400 })
  expect(await send(ada, 'PUT', '/v1/secrets/A', `{"value": "${value}" `)).toMatchObject({ status: 400 })
  expect(await send(ada, 'PUT', '/v1/secrets/A', { value: 7 })).toMatchObject({ status: 400 })
  expect(await send(ada, 'PUT', '/v1/secrets/A', { value: `${value}\n` })).toMatchObject({ status: 400 })
})

test('another user sees and changes none of them', async () => {
  await send(ada, 'PUT', '/v1/secrets/GROQ_API_KEY', { value: other })
  expect((await send(bob, 'GET', '/v1/secrets')).json['secrets'] ?? []).toEqual([])
  expect(await send(bob, 'DELETE', '/v1/secrets/GROQ_API_KEY')).toMatchObject({ status: 404 })
  expect((await send(ada, 'GET', '/v1/secrets')).json).toMatchObject({ secrets: [{ name: 'GROQ_API_KEY' }] })
})

test('values cannot be asked for over REST', async () => {
  const { paths } = (await send('', 'GET', '/openapi.json')).json as { paths: Record<string, object> }
  expect(Object.keys(paths).filter(path => path.includes('secret'))).toEqual(['/v1/secrets', '/v1/secrets/{name}'])
  expect(Object.keys(paths['/v1/secrets/{name}'] ?? {}).toSorted()).toEqual(['delete', 'put'])
  const tries: [string, string][] = [
    ['GET', '/v1/secrets/GROQ_API_KEY'],
    ['POST', '/v1/secrets:resolve'],
    ['POST', '/v1/secrets/resolve'],
    ['POST', '/v1/secrets/GROQ_API_KEY'],
    ['POST', '/spellmesh.user.v1.UserService/ResolveSecrets'],
    ['POST', '/v1/user/ResolveSecrets'],
  ]
  for (const [method, path] of tries) {
    const { status, text } = await send(ada, method, path, method === 'GET' ? undefined : { names: ['GROQ_API_KEY'] })
    expect([path, [404, 405].includes(status)]).toEqual([path, true])
    expect(text).not.toContain(other)
  }
})

const asking = spellOf(
  {
    start: { type: 'flow/start' },
    ask: { type: 'ai/complete', config: { model: 'openai/m' }, values: { prompt: 'hi' } },
    out: { type: 'flow/output', config: { name: 'text' } },
  },
  [
    ['start.out', 'ask.in'],
    ['ask.out', 'out.in'],
    ['ask.text', 'out.value'],
  ],
)

/** Runs that spell to its end; answers all that can be read of it. */
async function ask(token: string): Promise<string> {
  const created = await send(token, 'POST', '/v1/spells', { document: asking })
  const spell = (created.json as { spell: { id: string } }).spell.id
  const ran = await send(token, 'POST', `/v1/spells/${spell}/runs`, {})
  const run = (ran.json as { run: { id: string } }).run.id
  return `${ran.text}${(await send(token, 'GET', `/v1/runs/${run}/entries`)).text}`
}

test('a provider gets the key of the user whose run it is; that it refuses the key is told without the key', async () => {
  await send(ada, 'PUT', '/v1/secrets/OPENAI_API_KEY', { value })
  const answered = await ask(ada)
  expect(answered).toContain('Hello')
  await ask(bob)
  expect(upstream.heard).toEqual([`Bearer ${value}`, 'Bearer none'])
  // Another key counts at once.
  await send(ada, 'PUT', '/v1/secrets/OPENAI_API_KEY', { value: other })
  upstream.refuses = true
  const refused = await ask(ada)
  expect(upstream.heard.at(-1)).toBe(`Bearer ${other}`)
  expect(refused).toContain('Incorrect API key provided')
  for (const text of [answered, refused]) for (const secret of [value, other]) expect(text).not.toContain(secret)
  const { json } = await send(ada, 'GET', '/v1/secrets')
  expect(json).toMatchObject({
    secrets: [{ name: 'GROQ_API_KEY' }, { name: 'OPENAI_API_KEY', usedAt: expect.any(Number) }],
  })
  await collector.until('node', spans => spans.find(({ name }) => name === 'node ai/complete'))
})

test('no log, no trace and no file has a value', async () => {
  await program.stop()
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(path => statSync(path).isFile())
  const bytes = Buffer.concat(files.map(path => readFileSync(path)))
  // It is looked for where it would be: names are there, and what was answered.
  for (const there of ['OPENAI_API_KEY', 'Hello']) expect(bytes.includes(there)).toBe(true)
  expect(said.length).toBeGreaterThan(0)
  const told = JSON.stringify([said, collector.spans, collector.headers])
  for (const secret of [value, other])
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64').slice(0, -4),
      Buffer.from(secret).toString('hex'),
    ]) {
      expect(bytes.includes(form)).toBe(false)
      expect(told).not.toContain(form)
    }
})
