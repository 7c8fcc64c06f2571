import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { greeter } from '#nodes/examples.suite.ts'

const SEED = 20_261_121
let system: TestSystem
let authorization = ''
let cookie = ''
let spell = ''
let run = ''

beforeAll(async () => {
  system = await embedded({ settings: { REGISTRATION: 'open', LOG_LEVEL: 'silent' } })
  const registered = await send('POST', '/v1/auth/register', {
    body: JSON.stringify({ email: 'ada@example.org', password: 'correct horse', name: 'Ada' }),
  })
  authorization = `Bearer ${(JSON.parse(registered.text) as { accessToken: string }).accessToken}`
  cookie = registered.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const created = await send('POST', '/v1/spells', { body: JSON.stringify({ document: greeter }) })
  spell = (JSON.parse(created.text) as { spell: { id: string } }).spell.id
  const ran = await send('POST', `/v1/spells/${spell}/runs`, { body: '{}' })
  run = (JSON.parse(ran.text) as { run: { id: string } }).run.id
}, 60_000)
afterAll(async () => system?.stop())

interface Sent {
  readonly body?: string | Buffer
  readonly headers?: Record<string, string>
}

async function send(method: string, path: string, { body, headers = {} }: Sent = {}) {
  const answer = await fetch(`${system.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(authorization ? { authorization } : {}), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

/** Every operation that /openapi.json tells of. */
async function operations(): Promise<readonly { method: string; path: string }[]> {
  const { paths } = JSON.parse((await send('GET', '/openapi.json')).text) as { paths: Record<string, object> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => ({ method: method.toUpperCase(), path })),
  )
}

const HOSTILE = [
  '*',
  '%3E',
  '.',
  '..',
  '%2e%2e',
  'a.b',
  'a.*',
  '%20',
  'a%09b',
  'a%0Ab',
  'a%0D%0AX:%20y',
  '%00',
  'a%00b',
].concat(
  [
    'x'.repeat(65),
    'x'.repeat(3000),
    '%C3%A9',
    '%F0%9F%98%80',
    '%ff',
    '%ed%a0%80',
    '%',
    '%zz',
    '%c0%80',
    '..%2f..%2fetc%2fpasswd',
  ],
  ['__proto__', 'constructor', '-1', '1e9', '%27%20or%201=1', 'a%2Fb', '%EF%BB%BF'],
)
/** Where in a path an id stands. */
const filled = (path: string, id: string) => path.replace(/\{\w+\}/g, id)

test('an id that cannot be one is not found or not valid, whatever is asked of it', async () => {
  const wrong: unknown[] = []
  for (const { method, path } of (await operations()).filter(one => one.path.includes('{')))
    for (const id of HOSTILE) {
      const { status, text } = await send(method, filled(path, id), method === 'GET' ? {} : { body: '{}' })
      // Any word is a topic.
      if (path === '/v1/topics/{topic}' && /^[\w-]{1,64}$/.test(id)) continue
      // A path of dots is another path.
      const right = /^\.|^%2e/.test(id) ? status < 500 : [400, 404, 431].includes(status)
      if (!right) wrong.push([method, path, id, status, text.slice(0, 200)])
    }
  expect(wrong).toEqual([])
})

test('a query that nobody means is refused, or is nothing to be afraid of', async () => {
  const wrong: unknown[] = []
  const values = [
    ...HOSTILE,
    '0',
    '1',
    '4294967295',
    '4294967296',
    '99999999999999999999',
    '0.5',
    'NaN',
    'Infinity',
    '0x10',
    'true',
    '[]',
  ]
  for (const path of [
    '/v1/spells',
    `/v1/spells/${spell}`,
    `/v1/spells/${spell}/runs`,
    `/v1/spells/${spell}/export`,
    `/v1/runs/${run}/entries`,
  ])
    for (const name of ['pageSize', 'page', 'after', 'limit', 'revision', 'format', '__proto__', 'a%00'])
      for (const value of values) {
        const { status, text } = await send('GET', `${path}?${name}=${value}&${name}=${value}`)
        if (status >= 500) wrong.push([path, name, value, status, text.slice(0, 200)])
      }
  expect(wrong).toEqual([])
}, 60_000)

/** A spell that is right but for these bytes in its name. */
const spoiled = (hex: string) => {
  const [before = '', after = ''] = JSON.stringify({ document: { ...greeter, name: '@' } }).split('@')
  return Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(after)])
}

test('a body that is none is refused', async () => {
  const deep = `{"document":${'['.repeat(5_000)}${']'.repeat(5_000)}}`
  const statuses: Record<string, number> = {}
  for (const [name, body] of Object.entries({
    'half of one': '{"document":',
    'a list': '[]',
    'a text': '"x"',
    null: 'null',
    'a number': '1',
    deep,
    'a key of prototypes': '{"document":{"__proto__":{}}}',
    'a number beyond all': '{"document":{"a":1e999}}',
    'a mark before it': '\ufeff{"document":1}',
    'no UTF-8': spoiled('ff'),
    'a surrogate': spoiled('eda080'),
    'an overlong slash': spoiled('c0af'),
    'UTF-16': Buffer.from('{"document":{}}', 'utf16le'),
    'a NUL': '{"document":{"name":"\\u0000"}}',
    'another type': '{"document":1}',
    'packed bytes': gzipSync('{"document":{}}'),
  }))
    statuses[name] = (await send('POST', '/v1/spells', { body })).status
  expect(statuses).toEqual(Object.fromEntries(Object.keys(statuses).map(name => [name, 400])))
  // What is packed is not unpacked: a bomb stays as small as it is.
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, ' '))
  expect((await send('POST', '/v1/spells', { body: bomb, headers: { 'content-encoding': 'gzip' } })).status).toBe(400)
  expect((await send('POST', '/v1/spells', { body: 'x'.repeat(11 * 1024 * 1024) })).status).toBe(413)
  expect((await send('POST', '/v1/auth/login', { body: 'x'.repeat(1024 * 1024 + 1) })).status).toBe(413)
})

test('headers that nobody means are refused, or are nothing to be afraid of', async () => {
  const wrong: unknown[] = []
  const odd = [
    'x',
    '*',
    '1.x',
    '-1.-1',
    '1.99999999999999999999',
    '99999.99999',
    '.',
    '1.',
    '.1',
    '1e3.1',
    'é',
    '"a"',
    'x'.repeat(3000),
    ',',
    '%00',
    '__proto__',
    '{}',
  ]
  for (const value of odd) {
    for (const [method, path, headers] of [
      ['GET', `/v1/runs/${run}/entries`, { 'last-event-id': value, accept: 'text/event-stream' }],
      ['GET', `/v1/runs/${run}/entries`, { 'last-event-id': value }],
      ['POST', `/v1/spells/${spell}/runs`, { 'idempotency-key': value }],
      ['POST', `/v1/spells/${spell}/runs`, { prefer: value, accept: value, 'content-type': value }],
      ['GET', '/v1/auth/me', { cookie: value, authorization: '' }],
      ['GET', '/v1/auth/me', { cookie: `spellmesh_session=${value}`, authorization: '' }],
      ['GET', '/v1/auth/me', { cookie: `${cookie}; ${cookie}; spellmesh_session=${value}`, authorization: '' }],
      ['GET', '/v1/auth/me', { authorization: value }],
      ['GET', '/v1/auth/me', { authorization: `Bearer ${value}` }],
      ['GET', '/v1/auth/me', { origin: value, cookie, authorization: '' }],
      ['POST', '/v1/spells', { origin: value, cookie, authorization: '' }],
      ['GET', '/v1/spells', { traceparent: value, tracestate: value, range: value, 'if-none-match': value }],
      ['GET', '/', { range: value, 'if-none-match': value, 'if-modified-since': value, 'accept-encoding': value }],
    ] as const) {
      const { status, text } = await send(method, path, {
        headers: headers as Record<string, string>,
        ...(method === 'POST' ? { body: '{}' } : {}),
      })
      if (status >= 500) wrong.push([method, path, headers, status, text.slice(0, 200)])
    }
  }
  expect(wrong).toEqual([])
}, 60_000)

test('a path that leads out of what is served leads nowhere', async () => {
  const wrong: unknown[] = []
  for (const path of [
    '/..%2f..%2fpackage.json',
    '/%2e%2e/package.json',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/..%5c..%5cpackage.json',
    '/%2e%2e%2fpackage.json',
    '//etc/passwd',
    '/%00',
    '/assets/%00.js',
    '/%',
    '/%ff',
    '/.env',
    '/.git/config',
  ]) {
    const { status, text } = await send('GET', path)
    if (status >= 500 || text.includes('"devDependencies"') || text.includes('root:'))
      wrong.push([path, status, text.slice(0, 100)])
  }
  expect(wrong).toEqual([])
})

test('a body that is altered at random brings an answer, never a fault', async () => {
  const wrong: unknown[] = []
  const bodies = await operations()
  const evil = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
    fc.constantFrom<unknown>(
      '\0',
      '\ud800',
      2 ** 53,
      -1,
      0.5,
      2 ** 32,
      { constructor: 1 },
      [],
      {},
      null,
      'x'.repeat(100_000),
    ),
  )
  const fields = [
    'document',
    'inputs',
    'revision',
    'detached',
    'state',
    'idempotencyKey',
    'limits',
    'startAt',
    'pins',
    'breakpoints',
    'baseRevision',
  ].concat([
    'format',
    'email',
    'password',
    'name',
    'seq',
    'from',
    'activation',
    'choice',
    'value',
    'outputs',
    'message',
    'step',
    'setBreakpoints',
    'ticket',
    'x',
  ])
  const request = fc.record({
    which: fc.constantFrom(...bodies.filter(one => one.method !== 'GET' && one.method !== 'DELETE')),
    body: fc.dictionary(fc.constantFrom(...fields), evil, { maxKeys: 4, noNullPrototype: true }),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ which: { method, path }, body }) => {
      const id = path.includes('run_id') || path.includes('runId') || path.startsWith('/v1/runs') ? run : spell
      const { status, text } = await send(method, filled(path, id), { body: JSON.stringify(body) })
      if (status >= 500) wrong.push([method, path, JSON.stringify(body).slice(0, 300), status, text.slice(0, 200)])
    }),
    { numRuns: 300, seed: SEED },
  )
  expect(wrong).toEqual([])
}, 60_000)
