import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { createOutbound } from '#mesh/outbound.ts'
import type { Outbound } from '#mesh/outbound.ts'
import { outputsOf, problemsOf, registry, runNode, runSpell, spell } from '../kit.suite.ts'

const keys: string[] = []

/** A server that tells what it was asked. */
const server = createServer((request, response) => {
  const { method = '', url = '', headers } = request
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  if (headers['idempotency-key'] !== undefined) keys.push(String(headers['idempotency-key']))
  request.on('end', () => {
    const status = Number(/^\/status\/(\d+)/.exec(url)?.[1] ?? 200)
    const body = Buffer.concat(parts).toString('utf8')
    if (url.startsWith('/silent')) return
    if (url.startsWith('/hang-up')) return void request.socket.destroy()
    if (url.startsWith('/text')) return void response.writeHead(200, { 'content-type': 'text/plain' }).end('{"a": 1}')
    if (url.startsWith('/broken')) return void response.writeHead(200, { 'content-type': 'application/json' }).end('{')
    if (url.startsWith('/large')) return void response.end('x'.repeat(3000))
    if (url.startsWith('/inside')) return void response.writeHead(302, { location: 'http://10.0.0.1/' }).end()
    response.writeHead(status, { 'content-type': 'application/problem+json; charset=utf-8', 'x-told': 'yes' }).end(
      JSON.stringify({
        method,
        url,
        body,
        type: headers['content-type'],
        mine: headers['x-mine'],
        key: headers['idempotency-key'],
      }),
    )
  })
})
let host = ''
let outbound: Outbound
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  outbound = createOutbound({ OUTBOUND_ALLOW: host, limitBytes: 2000 })
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await outbound[Symbol.asyncDispose]()
})

const single = (path: string, config: JsonObject, inputs: Values) => ({
  config: { url: `http://${host}${path}`, ...config },
  inputs,
  fetch: outbound.fetch,
})
const ask = async (type: string, path: string, config: JsonObject = {}, inputs: Values = {}) =>
  outputsOf(type, single(path, config, inputs))
const errorOf = async (type: string, path: string, config: JsonObject = {}, inputs: Values = {}) =>
  (await runNode(type, { ...single(path, config, inputs), outputs: ['status'] })).error

describe('fetch', () => {
  test('asks, and gives status, headers, text and value', async () => {
    const outputs = await ask('web/fetch', '/a?b=1')
    expect(outputs).toMatchObject({ status: 200, ok: true, json: { method: 'GET', url: '/a?b=1', body: '' } })
    expect(outputs['headers']).toMatchObject({ 'x-told': 'yes' })
    expect(JSON.parse(outputs['text'] as string)).toEqual(outputs['json'])
    expect(await ask('web/fetch', '/', { method: 'HEAD' })).toMatchObject({ status: 200, text: '', json: null })
  })

  test('only what says that it is JSON becomes a value', async () => {
    expect(await ask('web/fetch', '/text')).toMatchObject({ text: '{"a": 1}', json: null })
    expect(await ask('web/fetch', '/broken')).toMatchObject({ text: '{', json: null })
  })

  test('a query is added: falsy values too, lists item by item, null not at all', async () => {
    const urlOf = async (path: string, query: JsonObject) =>
      ((await ask('web/fetch', path, {}, { query }))['json'] as JsonObject)['url']
    const query = { q: 'ä&b c', zero: 0, no: false, empty: '', none: null, list: [1, 'x'] }
    expect(await urlOf('/s', query)).toBe('/s?q=%C3%A4%26b%20c&zero=0&no=false&empty=&list=1&list=x')
    expect(await urlOf('/s?a=1#end', { b: '\ud800' })).toBe('/s?a=1&b=%EF%BF%BD')
    expect(await urlOf('/s?', { b: { c: 1 } })).toBe('/s?b=%7B%22c%22%3A1%7D')
    expect(await urlOf('/s', {})).toBe('/s')
  })

  test('headers of the settings and of the wire; a URL over the wire', async () => {
    const mine = async (config: JsonObject, inputs: Values) =>
      ((await ask('web/fetch', '/', config, inputs))['json'] as JsonObject)['mine']
    expect(await mine({ headers: { 'X-Mine': 'a' } }, {})).toBe('a')
    expect(await mine({ headers: { 'X-Mine': 'a' } }, { headers: { 'x-mine': 0 } })).toBe('0')
    const url = `http://${host}/other`
    expect(await ask('web/fetch', '/', {}, { url })).toMatchObject({ json: { url: '/other' } })
  })

  test('a status of 400 and above is an error, or an answer where that is wanted', async () => {
    expect(await errorOf('web/fetch', '/status/404?secret=1')).toMatchObject({
      code: 'HTTP_ERROR',
      message: expect.stringMatching(/^GET http:\/\/127\.0\.0\.1:\d+\/status\/404 answered 404: \{/) as unknown,
      node: 'it',
    })
    expect(await ask('web/fetch', '/status/404', { fail: false })).toMatchObject({ status: 404, ok: false })
    expect(await ask('web/fetch', '/status/204')).toMatchObject({ status: 204, ok: true, text: '', json: null })
  })

  test('what goes wrong on the way has its code', async () => {
    const codes: Json[] = []
    for (const path of ['/hang-up', '/large', '/inside']) codes.push((await errorOf('web/fetch', path))?.code ?? null)
    expect(codes).toEqual(['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'PERMISSION_DENIED'])
    await using impatient = createOutbound({ OUTBOUND_ALLOW: host, timeoutMs: 200 })
    const silent = { ...single('/silent', {}, {}), fetch: impatient.fetch, outputs: ['status'] }
    expect((await runNode('web/fetch', silent)).error).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  test('nothing inside the network is reached that is not allowed', async () => {
    for (const url of ['http://localhost/', 'http://169.254.169.254/latest', 'http://[::1]/'])
      expect(await errorOf('web/fetch', '', {}, { url })).toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('what is no URL or header is refused before anything is sent', async () => {
    for (const url of ['', 'nonsense', 'file:///etc/passwd', 'javascript:1', 'http://'])
      expect(await errorOf('web/fetch', '', {}, { url })).toEqual({
        code: 'BAD_REQUEST',
        message: `expected a URL that begins with http: or https:, got "${url}"`,
        node: 'it',
      })
    const wrong: readonly JsonObject[] = [{ 'a b': '1' }, { a: 'x\r\ny: z' }, { a: [] }, { a: '…' }, { '': '' }]
    for (const headers of wrong)
      expect(await errorOf('web/fetch', '/', {}, { headers })).toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(/^header ".*": .* cannot be sent$/) as unknown,
      })
    expect(problemsOf('web/fetch', { url: 'ftp://a', headers: { 'a b': 'x', c: '' }, method: 'POST' })).toEqual([
      { path: 'config.method', message: '"POST" is none of "GET", "HEAD"' },
    ])
    expect(problemsOf('web/fetch', { url: 'ftp://a', headers: { 'a b': 'x', c: '' } })).toEqual([
      { path: 'config.url', message: '"ftp://a" is not a URL that begins with http: or https:' },
      { path: 'config.headers.a b', message: 'is not the name of a header' },
    ])
    expect(problemsOf('web/fetch', { headers: { a: 1 } })).toEqual([
      { path: 'config.headers.a', message: 'expected a string, got 1' },
    ])
  })
})

describe('send', () => {
  const sent = async (config: JsonObject, inputs: Values) =>
    (await ask('web/send', '/', config, inputs))['json'] as JsonObject

  test('a text goes as it is, any other value as JSON, nothing as nothing', async () => {
    expect(await sent({}, { body: 'Grüße' })).toMatchObject({
      method: 'POST',
      body: 'Grüße',
      type: 'text/plain; charset=utf-8',
    })
    for (const body of [{ a: '' }, [], 0, false, null])
      expect(await sent({ method: 'PUT' }, { body })).toMatchObject({
        method: 'PUT',
        body: JSON.stringify(body),
        type: 'application/json',
      })
    expect(await sent({}, { body: '' })).toMatchObject({ body: '' })
    const bare = await sent({ method: 'DELETE' }, {})
    expect([bare['method'], bare['body'], bare['type']]).toEqual(['DELETE', '', undefined])
  })

  test('a header says otherwise', async () => {
    const config = { headers: { 'Content-Type': 'application/xml' } }
    expect(await sent(config, { body: '<a/>' })).toMatchObject({ body: '<a/>', type: 'application/xml' })
  })

  test('an idempotency key where wanted', async () => {
    expect((await sent({ key: true }, {}))['key']).toMatch(/^"run-1:.+"$/)
    expect(await sent({}, {})).not.toHaveProperty('key')
  })

  test('is tried again as the node says, with the same key, where that could help', async () => {
    const attempts = async (url: string) => {
      keys.length = 0
      const nodes = {
        start: { type: 'flow/start' },
        it: { type: 'web/send', config: { url, key: true }, retry: { attempts: 3, delayMs: 0 } },
      }
      const { error } = await runSpell(spell(nodes, [['start.out', 'it.in']]), { fetch: outbound.fetch })
      return [error?.code, keys.length, new Set(keys).size]
    }
    expect(await attempts(`http://${host}/status/503`)).toEqual(['HTTP_ERROR', 3, 1])
    expect(await attempts(`http://${host}/status/429`)).toEqual(['HTTP_ERROR', 3, 1])
    expect(await attempts(`http://${host}/status/400`)).toEqual(['HTTP_ERROR', 1, 1])
    expect(await attempts(`http://${host}/large`)).toEqual(['RESOURCE_EXHAUSTED', 1, 1])
  })

  test('knows no other methods', () => {
    expect(problemsOf('web/send', { method: 'GET' })).toEqual([
      { path: 'config.method', message: '"GET" is none of "POST", "PUT", "PATCH", "DELETE"' },
    ])
  })
})

test('after a crash reading is repeated, sending is not', () => {
  expect(['web/fetch', 'web/send'].map(type => registry.get(type)?.effect)).toEqual(['idempotent', 'unsafe'])
})
