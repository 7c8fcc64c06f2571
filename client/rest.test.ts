import { expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiError, createRest } from './index.ts'

/** A server that answers everything alike, and notes what it was asked. */
async function openServer(status: number, body: string) {
  const asked: { line: string; body: string; headers: Record<string, unknown> }[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => void parts.push(part))
    request.on('end', () => {
      asked.push({
        line: `${request.method} ${request.url}`,
        body: Buffer.concat(parts).toString(),
        headers: request.headers,
      })
      response.writeHead(status).end(body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return { asked, url, close, [Symbol.asyncDispose]: close }
}

test('requests carry the token, the query and the body, and ids are escaped', async () => {
  await using server = await openServer(200, '{"spell":{"id":"a/b","revision":2},"spells":[],"run":{"id":"r"}}')
  const rest = createRest({ baseUrl: `${server.url}/`, token: async () => 'secret' })
  expect(await rest.getSpell('a/b', 2)).toMatchObject({ revision: 2 })
  await rest.listSpells({ pageSize: 5, page: 'p 1' })
  await rest.updateSpell('s', 3, { name: 'n' })
  await rest.startRun('s', { x: 1 }, { idempotencyKey: 'k' })
  expect(server.asked.map(({ line }) => line)).toEqual([
    'GET /v1/spells/a%2Fb?revision=2',
    'GET /v1/spells?pageSize=5&page=p+1',
    'PUT /v1/spells/s',
    'POST /v1/spells/s/runs',
  ])
  expect(server.asked[2]?.body).toBe('{"baseRevision":3,"document":{"name":"n"}}')
  expect(server.asked[3]).toMatchObject({
    body: '{"inputs":{"x":1}}',
    headers: { 'idempotency-key': 'k', authorization: 'Bearer secret' },
  })
})

test('models, sums, budgets and secrets are asked for at their places', async () => {
  await using server = await openServer(200, '{"models":[],"sums":[],"budget":{"id":"b"},"secret":{"name":"A_KEY"}}')
  const rest = createRest({ baseUrl: server.url })
  await rest.models('embedding')
  await rest.usage({ by: 'run', spellId: 's', from: 5 })
  await rest.setBudget({ scope: 'user', target: '', period: 'day', tokens: 5, cost: 0 })
  await rest.deleteBudget('a/b')
  expect(await rest.putSecret('A_KEY', 'value')).toEqual({ name: 'A_KEY' })
  await rest.deleteSecret('A_KEY')
  expect(server.asked.map(({ line }) => line)).toEqual([
    'GET /v1/completion/models?kind=embedding',
    'GET /v1/usage?by=run&spellId=s&from=5',
    'PUT /v1/budgets',
    'DELETE /v1/budgets/a%2Fb',
    'PUT /v1/secrets/A_KEY',
    'DELETE /v1/secrets/A_KEY',
  ])
  expect(server.asked[2]?.body).toBe('{"budget":{"scope":"user","target":"","period":"day","tokens":5,"cost":0}}')
  expect(server.asked[4]?.body).toBe('{"value":"value"}')
})

test('a refusal is an ApiError with everything that the server said', async () => {
  const error = {
    code: 'ABORTED',
    message: 'changed meanwhile',
    problems: [{ path: 'baseRevision', message: 'is 3' }],
    details: { current: 4 },
  }
  await using server = await openServer(409, JSON.stringify({ error }))
  const refused = await createRest({ baseUrl: server.url })
    .updateSpell('s', 3, {})
    .catch((caught: unknown) => caught)
  expect(refused).toBeInstanceOf(ApiError)
  expect(refused).toMatchObject({ status: 409, ...error, retry: false })
})

test('an empty answer is none, and one that is not JSON is an ApiError whatever its status', async () => {
  await using empty = await openServer(200, '')
  await createRest({ baseUrl: empty.url }).logout()
  await using page = await openServer(200, '<html>')
  await expect(createRest({ baseUrl: page.url }).me()).rejects.toMatchObject({
    status: 200,
    code: 'UNKNOWN',
    retry: false,
  })
  await using down = await openServer(502, '<html>')
  await expect(createRest({ baseUrl: down.url }).me()).rejects.toMatchObject({
    status: 502,
    code: 'UNKNOWN',
    retry: true,
  })
})

test('a server that is not there is an ApiError that may be tried again', async () => {
  const server = await openServer(200, '')
  await server.close()
  await expect(createRest({ baseUrl: server.url }).me()).rejects.toMatchObject({
    status: 0,
    code: 'UNAVAILABLE',
    retry: true,
  })
})
