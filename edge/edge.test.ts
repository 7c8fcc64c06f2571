import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { delayed, greeter, rounds, spellOf, talking } from '#nodes/examples.suite.ts'
import { Program } from './kit.suite.ts'
import type { Chunk } from '#graph/journal.ts'
import type { RunRecord, SpellRecord } from './protocol.ts'

let system: TestSystem
let token = ''
beforeAll(async () => {
  system = await embedded({ settings: { REGISTRATION: 'open', LOCAL_MODEL_DELAY_MS: '5' } })
  token = (await register('ada@example.org')).accessToken
})
afterAll(async () => system.stop())

async function register(email: string): Promise<{ accessToken: string; cookie: string }> {
  const answer = await fetch(`${system.url}/v1/auth/register`, {
    method: 'POST',
    body: JSON.stringify({ email, password: 'correct horse', name: 'A' }),
  })
  const { accessToken } = (await answer.json()) as { accessToken: string }
  return { accessToken, cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
}

async function rest<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${system.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as T }
}

async function create(spell: object = greeter): Promise<string> {
  return (await rest<{ spell: SpellRecord }>('POST', '/v1/spells', { document: spell })).body.spell.id
}

async function connect(more: object = {}): Promise<Program> {
  const program = await new Program(system.url).open()
  const { ticket } = (await rest<{ ticket: string }>('POST', '/v1/ws-ticket')).body
  const { error } = await program.call('session.connect', { ticket, client: { name: 'test', version: '1' }, ...more })
  if (error) throw new Error(error.message)
  return program
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('a spell is stored, run and read over REST', async () => {
  const spell = await create()
  const { status, body } = await rest<{ run: RunRecord }>('POST', `/v1/spells/${spell}/runs`, {
    inputs: { who: 'Ada' },
  })
  expect(status).toBe(200)
  expect(body.run).toMatchObject({ status: 'completed', outputs: { greeting: 'Hello Ada' }, inputs: { who: 'Ada' } })
  expect(body.run).not.toHaveProperty('error')
  const { body: page } = await rest<{ entries: { seq: number }[]; ended: boolean }>(
    'GET',
    `/v1/runs/${body.run.id}/entries?after=1`,
  )
  expect(page.ended).toBe(true)
  expect(page.entries.map(({ seq }) => seq)).toEqual(range(2, body.run.lastSeq))
  expect((await rest<{ state: object }>('GET', `/v1/runs/${body.run.id}/state`)).body.state).toMatchObject({
    status: 'completed',
  })
})

test('bad requests are refused with every problem', async () => {
  for (const [path, body, status, problems] of [
    ['/v1/spells', '{', 400, []],
    ['/v1/spells', '[1]', 400, []],
    ['/v1/spells', `{"document":${'['.repeat(70)}${']'.repeat(70)}}`, 400, []],
    ['/v1/spells', '{"document":{"__proto__":{}}}', 400, [{ path: 'document.__proto__' }]],
    [
      '/v1/spells',
      {
        document: {
          ...greeter,
          wires: [],
          nodes: { a: { type: 'x/y' }, b: { type: 'flow/delay', config: { ms: 'soon' } } },
        },
      },
      400,
      [{ path: 'nodes.a.type' }, { path: 'nodes.b.config.ms' }],
    ],
    ['/v1/spells', { dokument: 1, x: 2 }, 400, [{ path: 'dokument' }, { path: 'x' }]],
    ['/v1/auth/register', { email: 'x', password: 1 }, 400, [{ path: 'password' }]],
    ['/v1/nothing', {}, 404, []],
  ] as const) {
    const answer = await rest<{ error: { problems: unknown } }>('POST', path, body)
    expect([path, answer.status]).toEqual([path, status])
    expect(answer.body.error.problems).toMatchObject(problems)
  }
  expect((await fetch(`${system.url}/v1/spells`)).status).toBe(401)
  expect((await rest('GET', '/v1/spells', undefined, { authorization: 'Bearer nonsense' })).status).toBe(401)
})

test('a conflict is answered with both versions', async () => {
  const spell = await create()
  expect(
    (await rest('PUT', `/v1/spells/${spell}`, { baseRevision: 1, document: { ...greeter, name: 'Two' } })).status,
  ).toBe(200)
  const { status, body } = await rest<{ error: { details: unknown } }>('PUT', `/v1/spells/${spell}`, {
    baseRevision: 1,
    document: { ...greeter, name: 'Three' },
  })
  expect(status).toBe(409)
  expect(body.error.details).toMatchObject({
    current: { revision: 2, name: 'Two', document: { name: 'Two' } },
    yours: { document: { name: 'Three' } },
  })
})

test('a run is followed as events, and gone on with from the last one', async () => {
  const spell = await create()
  const answer = await fetch(`${system.url}/v1/spells/${spell}/runs`, {
    method: 'POST',
    body: '{}',
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
  })
  const events = (await answer.text()).split('\n\n').filter(one => one.startsWith('id:'))
  expect(events.at(-1)).toMatch(/^id: 1\.\d+\nevent: run\.completed\ndata: \{/)
  const location = answer.headers.get('content-location') ?? ''
  const id = /^id: (\S+)/.exec(events[0] ?? '')?.[1] ?? ''
  const rest_ = await fetch(`${system.url}${location}/entries`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'last-event-id': id },
  })
  expect((await rest_.text()).split('\n\n').filter(one => one.startsWith('id:'))).toEqual(events.slice(1))
})

test('a run may be left alone, and asked for twice with one key', async () => {
  const spell = await create(delayed(30))
  const first = await rest<{ run: RunRecord }>(
    'POST',
    `/v1/spells/${spell}/runs`,
    {},
    { prefer: 'respond-async', 'idempotency-key': 'k1' },
  )
  expect(first.status).toBe(202)
  expect(first.headers.get('location')).toBe(`/v1/runs/${first.body.run.id}`)
  const second = await rest<{ run: RunRecord }>('POST', `/v1/spells/${spell}/runs`, {}, { 'idempotency-key': 'k1' })
  expect(second.body.run).toMatchObject({ id: first.body.run.id, status: 'completed' })
})

test('the cookie of a browser serves, but not for pages of others', async () => {
  const { cookie } = await register('browser@example.org')
  expect((await fetch(`${system.url}/v1/me`, { headers: { cookie } })).status).toBe(200)
  expect(
    (await fetch(`${system.url}/v1/ws-ticket`, { method: 'POST', headers: { cookie, origin: system.url } })).status,
  ).toBe(200)
  expect(
    (await fetch(`${system.url}/v1/ws-ticket`, { method: 'POST', headers: { cookie, origin: 'https://evil.example' } }))
      .status,
  ).toBe(403)
})

test('the doors for operators are open', async () => {
  expect(await (await fetch(`${system.url}/livez`)).text()).toBe('ok\n')
  expect(await (await fetch(`${system.url}/readyz`)).json()).toEqual({ database: true, bus: true, accepting: true })
  expect(await (await fetch(`${system.url}/metrics`)).text()).toMatch(/spellmesh_http_requests_total/)
  const api = (await (await fetch(`${system.url}/openapi.json`)).json()) as { paths: Record<string, unknown> }
  expect(Object.keys(api.paths)).toEqual(
    expect.arrayContaining([
      '/v1/spells',
      '/v1/spells/{spell_id}/runs',
      '/v1/auth/login',
      '/v1/ws-ticket',
      '/v1/node-types',
    ]),
  )
})

test('a session sees every entry of its run once, in order, with its chunks', async () => {
  const spell = await create(talking)
  const program = await connect({ open: [spell] })
  const { result } = await program.call('run.start', { spell })
  const { run } = result as unknown as { run: RunRecord }
  const end = await program.until(one => one.params?.entry?.kind === 'run.completed')
  expect(program.entriesOf(run.id)).toEqual(range(1, end.params?.seq ?? 0))
  const chunks = program.told.filter(one => one.method === 'run.chunk').map(({ params }) => params as unknown as Chunk)
  const streamed = chunks.reduce((text, piece) => text.slice(0, piece.offset) + piece.text, '')
  expect(end.params?.entry).toMatchObject({ outputs: { text: streamed } })
  expect(chunks.length).toBeGreaterThan(2)
  program.ws.terminate()
})

test('a run may be started of a spell that was not opened; each entry is a frame of its own', async () => {
  const spell = await create(talking)
  const program = await connect()
  const { result } = await program.call('run.start', { spell })
  const { run } = result as unknown as { run: RunRecord }
  await program.until(one => one.params?.entry?.kind === 'run.completed')
  expect(run).toMatchObject({ spellId: spell, status: 'running' })
  expect(program.batches).toBe(0)
  expect((await program.call('spell.close', { spell })).result).toEqual({})
})

test('a session that was cut goes on without a gap', async () => {
  const loop = spellOf(
    {
      start: { type: 'flow/start' },
      list: {
        type: 'data/list',
        config: { count: 20 },
        values: Object.fromEntries(range(0, 19).map(n => [String.fromCharCode(97 + n), n])),
      },
      each: { type: 'flow/for-each' },
      wait: { type: 'flow/delay', config: { ms: 10 } },
    },
    [
      ['start.out', 'each.in'],
      ['list.list', 'each.list'],
      ['each.each', 'wait.in'],
    ],
  )
  const spell = await create(loop)
  const first = await connect({ open: [spell] })
  const { run } = (await first.call('run.start', { spell, options: { onDetach: 'finish' } })).result as unknown as {
    run: RunRecord
  }
  await first.until(one => (one.params?.seq ?? 0) >= 10)
  first.ws.terminate()
  const seen = first.entriesOf(run.id)
  const second = await connect({ resume: [{ run: run.id, attempt: 1, seq: seen.at(-1) }] })
  const end = await second.until(one => one.params?.entry?.kind === 'run.completed')
  expect([...seen, ...second.entriesOf(run.id)]).toEqual(range(1, end.params?.seq ?? 0))
  second.ws.terminate()
})

test('who comes to a run that went on while nobody here listened misses nothing', async () => {
  const spell = await create(rounds(6, 40))
  const first = await connect()
  const { result } = await first.call('run.start', { spell })
  const { run } = result as unknown as { run: RunRecord }
  await first.until(one => one.params?.run === run.id && (one.params.seq ?? 0) >= 3)
  await first.call('run.unwatch', { run: run.id })
  await first.call('spell.close', { spell })
  let lastSeq = 0
  for (let status = ''; status !== 'completed';)
    ({ status, lastSeq } = (await rest<{ run: RunRecord }>('GET', `/v1/runs/${run.id}`)).body.run)
  const second = await connect()
  await second.call('run.watch', { run: run.id, after: 2 })
  await second.until(one => one.params?.entry?.kind === 'run.completed')
  expect(second.entriesOf(run.id)).toEqual(range(3, lastSeq))
})

test('positions that do not exist, and runs of others, are refused', async () => {
  const { run } = (await rest<{ run: RunRecord }>('POST', `/v1/spells/${await create()}/runs`, {})).body
  const program = await connect({
    resume: [
      { run: run.id, attempt: 1, seq: 1000 },
      { run: run.id, attempt: 1, seq: -1 },
      { run: 'r_someone', attempt: 1, seq: 0 },
    ],
  })
  const { result } = await program.until(one => one.id === 1)
  expect(result?.['resumed']).toMatchObject([
    { error: { data: { reason: 'OUT_OF_RANGE' } } },
    { error: { data: { reason: 'OUT_OF_RANGE' } } },
    { error: { data: { reason: 'NOT_FOUND' } } },
  ])
  const own = token
  token = (await register(`eve${Math.random()}@example.org`)).accessToken
  const eve = await connect()
  expect((await eve.call('run.watch', { run: run.id })).error?.data.reason).toBe('NOT_FOUND')
  expect((await eve.call('spell.open', { spell: run.spellId })).error?.data.reason).toBe('NOT_FOUND')
  token = own
})

test('what is not the protocol gets its error, and keeps the session where it may', async () => {
  const program = await connect()
  expect((await program.call('run.fly', {})).error).toMatchObject({ code: -32601, data: { reason: 'UNKNOWN_METHOD' } })
  expect((await program.call('run.watch', { run: 1, x: 2 })).error).toMatchObject({
    code: -32602,
    data: { problems: [{ path: 'x' }, { path: 'run' }] },
  })
  expect((await program.call('run.start', { spell: 'not-open' })).error?.data.reason).toBe('NOT_FOUND')
  expect((await program.call('session.connect', { ticket: 'again', client: {} })).error?.data.reason).toBe(
    'FAILED_PRECONDITION',
  )
  program.ws.send('{nonsense')
  expect((await program.until(one => one.id === null)).error?.data.reason).toBe('INVALID_ARGUMENT')
  expect((await program.call('run.unwatch', { run: 'none' })).result).toEqual({})
  program.ws.send('x'.repeat(70_000))
  expect(await program.closed).toBe(4009)
})

test('nobody gets anything before session.connect, and a ticket is good once', async () => {
  const early = await new Program(system.url).open()
  expect((await early.call('run.watch', { run: 'x' })).error?.data.reason).toBe('NOT_CONNECTED')
  expect(await early.closed).toBe(4400)
  const { ticket } = (await rest<{ ticket: string }>('POST', '/v1/ws-ticket')).body
  const [first, second] = [await new Program(system.url).open(), await new Program(system.url).open()]
  expect((await first.call('session.connect', { ticket, client: {} })).result).toBeDefined()
  expect((await second.call('session.connect', { ticket, client: {} })).error?.data.reason).toBe('UNAUTHENTICATED')
  expect(await second.closed).toBe(4400)
  const binary = await new Program(system.url).open()
  binary.ws.send(Buffer.from([1]))
  expect(await binary.closed).toBe(4400)
  const foreign = new Program(system.url, { origin: 'https://evil.example' })
  expect(await foreign.closed).toBe(1006)
})

test('two sessions of a user: one starts, the other is told and may watch; a change is told to both', async () => {
  const spell = await create(delayed(50))
  const [one, two] = [await connect({ open: [spell] }), await connect({ open: [spell] })]
  const { run } = (await one.call('run.start', { spell })).result as unknown as { run: RunRecord }
  await two.until(each => each.method === 'run.head' && each.params?.run === run.id)
  await two.call('run.watch', { run: run.id })
  const end = await two.until(each => each.params?.entry?.kind === 'run.completed')
  expect(two.entriesOf(run.id)).toEqual(range(1, end.params?.seq ?? 0))
  await rest('PUT', `/v1/spells/${spell}`, { baseRevision: 1, document: greeter })
  await Promise.all([one, two].map(each => each.until(told => told.method === 'spell.changed')))
  one.ws.terminate()
  two.ws.terminate()
})

test('a draft runs in its session alone', async () => {
  const spell = await create()
  const program = await connect({ open: [spell] })
  expect(
    (
      await program.call('spell.edit', {
        spell,
        draft: { ...greeter, nodes: { ...greeter.nodes, x: { type: 'no/such' } } },
      })
    ).result,
  ).toMatchObject({ problems: [{ path: 'nodes.x.type' }] })
  expect((await program.call('run.start', { spell })).error?.data.problems).toMatchObject([{ path: 'nodes.x.type' }])
  const draft = {
    ...greeter,
    nodes: { ...greeter.nodes, say: { type: 'text/template', config: { template: 'Bye {{who}}' } } },
  }
  expect((await program.call('spell.edit', { spell, draft })).result).toEqual({ problems: [] })
  await program.call('run.start', { spell })
  const end = await program.until(one => one.params?.entry?.kind === 'run.completed')
  expect(end.params?.entry).toMatchObject({ outputs: { greeting: 'Bye world' } })
  expect((await rest<{ run: RunRecord }>('POST', `/v1/spells/${spell}/runs`, {})).body.run.outputs).toEqual({
    greeting: 'Hello world',
  })
  program.ws.terminate()
})

test('logging out ends the sockets of that account', async () => {
  const own = token
  const { accessToken, cookie } = await register('bye@example.org')
  token = accessToken
  const program = await connect()
  await fetch(`${system.url}/v1/auth/logout`, { method: 'POST', headers: { cookie } })
  await program.until(one => one.method === 'session.revoked')
  expect(await program.closed).toBe(4403)
  token = own
})

test('too many commands close the session', async () => {
  const program = await connect()
  for (let index = 0; index < 300; index++)
    program.ws.send(JSON.stringify({ jsonrpc: '2.0', id: 1000 + index, method: 'run.unwatch', params: { run: 'x' } }))
  expect(await program.closed).toBe(4029)
})
