import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { greeter } from '#nodes/examples.suite.ts'
import { Program } from './kit.suite.ts'
import type { Told } from './kit.suite.ts'
import { frame, handshake, RawClient } from './sockets/raw-client.suite.ts'

const FRAME_BYTES = 64 * 1024
const SEED = 20_261_121
let system: TestSystem
/** Everything that was published. */
const subjects = new Set<string>()
let ada: Person
let bob: Person

interface Person {
  readonly token: string
  readonly spell: string
  readonly run: string
}

beforeAll(async () => {
  system = await embedded({
    settings: { REGISTRATION: 'open', COMMANDS_PER_SECOND: '1000000', SOCKETS_WAITING: '100', LOG_LEVEL: 'silent' },
  })
  system.bus.subscribe('>', ({ subject }) => void subjects.add(subject))
  ada = await person('ada@example.org')
  bob = await person('bob@example.org')
}, 60_000)
afterAll(async () => system?.stop())

/** Somebody with a spell, and a run of it that has ended. */
async function person(email: string): Promise<Person> {
  const { accessToken: token } = await system
    .client(UserServiceDefinition)
    .register({ email, password: 'correct horse', name: 'A' })
  const post = async (path: string, body: object) =>
    (await fetch(`${system.url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${token}` },
    }).then(answer => answer.json())) as { spell: { id: string }; run: { id: string } }
  const spell = (await post('/v1/spells', { document: greeter })).spell.id
  const run = (await post(`/v1/spells/${spell}/runs`, { inputs: {} })).run.id
  return { token, spell, run }
}

async function connect(more: object = {}, { token } = ada): Promise<Program> {
  const program = await new Program(system.url).open()
  await program.call('session.connect', { token, ...more })
  return program
}

/** The answer to a frame, and whatever came with it; undefined: the socket was closed. */
async function answersTo(program: Program, frame: string | Buffer): Promise<readonly Told[] | undefined> {
  const from = program.told.length
  const closed = program.closed.then(() => undefined)
  program.ws.send(frame)
  const isAnswer = (one: Told) => one.method === undefined && program.told.indexOf(one) >= from
  return (await Promise.race([program.until(isAnswer), closed])) && program.told.slice(from)
}

const call = (method: unknown, params?: unknown, id: unknown = 'x') =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })
const HOSTILE_IDS = [
  '*',
  '>',
  '.',
  'a.b',
  'a.*',
  'a.>',
  ' ',
  'a b',
  'a\tb',
  'a\nb',
  'a\r\nb',
  '\0',
  'a\0b',
  'x'.repeat(65),
].concat([
  'x'.repeat(4000),
  'é',
  '\u{1f600}',
  '\ud800',
  '../../x',
  '%2e%2e',
  "' or 1=1 --",
  '__proto__',
  'constructor',
  '${x}',
])

test('a frame that is no call is answered with an error that says why', async () => {
  const program = await connect()
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
  const codes: Record<string, unknown> = {}
  const expected: Record<string, unknown> = {}
  for (const [name, [code, frame]] of Object.entries<readonly [number, string]>({
    nothing: [-32700, ''],
    'half a call': [-32700, '{"jsonrpc":"2.0"'],
    'two calls': [-32700, `${call('session.ping')}${call('session.ping')}`],
    'a number': [-32600, '1'],
    'a text': [-32600, '"session.ping"'],
    null: [-32600, 'null'],
    'a batch': [-32600, `[${call('session.ping')}]`],
    'no version': [-32600, '{"id":1,"method":"session.ping"}'],
    'another version': [-32600, '{"jsonrpc":"1.0","id":1,"method":"session.ping"}'],
    'no id': [-32600, '{"jsonrpc":"2.0","method":"session.ping"}'],
    'an id that is a list': [-32600, call('session.ping', {}, [1])],
    'an id that is null': [-32600, call('session.ping', {}, null)],
    'an infinite id': [-32602, '{"jsonrpc":"2.0","id":1e999,"method":"session.ping"}'],
    'no method': [-32600, '{"jsonrpc":"2.0","id":1}'],
    'a method that is a number': [-32600, call(1)],
    'an unknown method': [-32601, call('session.pong')],
    'a method of objects': [-32601, call('constructor')],
    'another method of objects': [-32601, call('__proto__')],
    'a notification of ours': [-32601, call('run.entry', {})],
    'params in a list': [-32602, call('session.ping', [])],
    'params that are a text': [-32602, call('session.ping', 'x')],
    'params that are too many': [
      -32602,
      call('session.ping', Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`a${index}`, 1]))),
    ],
    'a key of prototypes': [-32602, '{"jsonrpc":"2.0","id":1,"method":"session.ping","params":{"__proto__":{"a":1}}}'],
    'the same, outside': [-32602, '{"jsonrpc":"2.0","id":1,"method":"session.ping","__proto__":{"a":1}}'],
    'a deep one': [-32602, `{"jsonrpc":"2.0","id":1,"method":"run.start","params":{"spell":"a","inputs":${deep}}}`],
  })) {
    const answers = await answersTo(program, frame)
    codes[name] = answers?.map(({ error }) => error?.code)
    expected[name] = [code]
    for (const answer of answers ?? []) expect(JSON.stringify(answer).length).toBeLessThan(FRAME_BYTES)
  }
  expect(codes).toEqual(expected)
  program.ws.terminate()
})

test('a first frame that proves nothing ends the socket', async () => {
  for (const [frame, code] of [
    [call('session.ping'), 4400],
    [call('session.connect', {}), 4400],
    [call('session.connect', { token: 'x', ticket: 'y' }), 4400],
    [call('session.connect', { token: 'nonsense' }), 4400],
    [call('session.connect', { ticket: '\0' }), 4400],
    [call('session.connect', { token: ada.token, resume: [{ run: ada.run, attempt: 1, seq: 0.5 }] }), 4400],
    [call('session.connect', { token: ada.token, resume: 1 }), 4400],
    ['', 4400],
    [Buffer.from('{}'), 4400],
    [call('session.connect', { token: 'x'.repeat(5_000) }), 4009],
  ] as const) {
    const program = await new Program(system.url).open()
    program.ws.send(frame)
    expect([frame.slice(0, 200), await program.closed]).toEqual([frame.slice(0, 200), code])
  }
})

test('only one’s own pages, the right path and the right protocol open a socket', async () => {
  const statuses: Record<string, unknown> = {}
  for (const [name, { path = '/v1/session', protocol = 'spellmesh.v1', origin = '' }] of Object.entries<Opening>({
    right: {},
    'its own origin': { origin: system.url },
    'another origin': { origin: 'https://evil.example' },
    'its own name before another': { origin: `${system.url}.evil.example` },
    'its own address at another port': { origin: 'http://localhost:1' },
    'the origin of a file': { origin: 'null' },
    'no origin at all': { origin: ' ' },
    'another protocol': { protocol: 'spellmesh.v2' },
    'another path': { path: '/v1/session/' },
    'a path with dots': { path: '/v1/../v1/session' },
  })) {
    const client = new RawClient(Number(new URL(system.url).port))
    const headers = { Host: new URL(system.url).host, 'Sec-WebSocket-Protocol': protocol, Origin: origin || undefined }
    client.write(handshake(headers, path))
    await client.until(() => client.head !== '')
    statuses[name] = client.head.slice(9, 12)
    client.destroy()
  }
  expect(statuses).toEqual({
    right: '101',
    'its own origin': '101',
    'another origin': '403',
    'its own name before another': '403',
    'its own address at another port': '403',
    'the origin of a file': '403',
    'no origin at all': '101',
    'another protocol': '400',
    'another path': '404',
    'a path with dots': '404',
  })
})

interface Opening {
  readonly path?: string
  readonly protocol?: string
  readonly origin?: string
}

test('whoever opens a socket and says nothing, or half of it, is let go', async () => {
  const silent = await RawClient.open(
    Number(new URL(system.url).port),
    { 'Sec-WebSocket-Protocol': 'spellmesh.v1' },
    '/v1/session',
  )
  const half = await RawClient.open(
    Number(new URL(system.url).port),
    { 'Sec-WebSocket-Protocol': 'spellmesh.v1' },
    '/v1/session',
  )
  half.write(frame({ opcode: 1, payload: call('session.connect', { token: ada.token }) }).subarray(0, 50))
  await Promise.all([silent.ended, half.ended])
  for (const { events } of [silent, half]) expect(events).toEqual(['close 4400 session.connect did not come in time'])
}, 30_000)

test('a binary frame, and one over the limit, end the socket', async () => {
  const [binary, large] = [await connect(), await connect()]
  binary.ws.send(Buffer.from(call('session.ping')))
  expect(await binary.closed).toBe(4400)
  large.ws.send(call('session.ping', { x: 'x'.repeat(FRAME_BYTES) }))
  expect(await large.closed).toBe(4009)
})

test('a call that names what is not there, or is not one’s own, brings an error and no data', async () => {
  const program = await connect()
  const wrong: unknown[] = []
  const names = [...HOSTILE_IDS, bob.run, bob.spell]
  for (const name of names)
    for (const [method, params] of [
      ['run.watch', { run: name }],
      ['run.pause', { run: name }],
      ['run.play', { run: name }],
      ['run.cancel', { run: name }],
      ['run.fork', { run: name }],
      ['run.answer', { run: name, activation: name, choice: name }],
      ['run.send', { run: name, name, message: name }],
      ['run.start', { spell: name }],
      ['spell.open', { spell: name }],
      ['spell.edit', { spell: name, draft: null }],
      ['spell.close', { spell: name }],
    ] as const) {
      const answers = await answersTo(program, call(method, params))
      const reasons = answers?.map(({ error }) => error?.data.reason)
      if (reasons?.length !== 1 || !/^(NOT_FOUND|INVALID_ARGUMENT)$/.test(String(reasons[0])))
        wrong.push([method, name, answers])
    }
  expect(wrong).toEqual([])
  program.ws.terminate()
})

test('a position that a run does not have is refused, one by one', async () => {
  const positions = [
    { run: ada.run, attempt: 1, seq: 1_000 },
    { run: ada.run, attempt: 1, seq: -1 },
    { run: ada.run, attempt: 1, seq: Number.MAX_SAFE_INTEGER },
    { run: ada.run, attempt: -1, seq: -(2 ** 40) },
    { run: bob.run, attempt: 1, seq: 0 },
    { run: bob.run, attempt: 1, seq: 1 },
    ...HOSTILE_IDS.filter(id => id.length < 100).map(run => ({ run, attempt: 1, seq: 0 })),
  ]
  const program = await new Program(system.url).open()
  const { result } = await program.call('session.connect', { token: ada.token, resume: positions })
  const resumed = (result as { resumed?: { error?: { data: { reason: string } } }[] } | undefined)?.resumed ?? []
  expect(resumed.map(one => one.error?.data.reason)).toEqual([
    'OUT_OF_RANGE',
    'OUT_OF_RANGE',
    'OUT_OF_RANGE',
    'OUT_OF_RANGE',
    ...resumed.slice(4).map(() => 'NOT_FOUND'),
  ])
  for (const after of [1_000, -1, 0.5, 2 ** 53, '1', null, [1]]) {
    const answers = await answersTo(program, call('run.watch', { run: ada.run, after }))
    expect(answers?.map(one => one.error?.data.reason)).toEqual([after === 1_000 ? 'OUT_OF_RANGE' : 'INVALID_ARGUMENT'])
  }
  expect(program.told.filter(one => one.method === 'run.entry')).toEqual([])
  program.ws.terminate()
})

test('an acknowledgement of what was never sent, or of a run that is not watched, changes nothing', async () => {
  const program = await connect()
  for (const run of [ada.run, bob.run, ...HOSTILE_IDS])
    for (const seq of [0, 1_000_000, Number.MAX_SAFE_INTEGER])
      expect((await answersTo(program, call('run.ack', { run, seq })))?.filter(one => one.method)).toEqual([])
  program.ws.terminate()
})

test('calls with one id are each answered', async () => {
  const program = await connect()
  for (let index = 0; index < 50; index++) program.ws.send(call('session.ping', {}, 'same'))
  await program.call('session.ping')
  expect(program.told.filter(one => (one.id as unknown) === 'same')).toHaveLength(50)
  program.ws.terminate()
})

test('a thousand watches of one run bring its entries in order each time, and no more', async () => {
  const program = await connect()
  for (let index = 0; index < 1_000; index++)
    program.ws.send(call('run.watch', { run: ada.run, after: 0 }, `w${index}`))
  await program.until(one => (one.id as unknown) === 'w999')
  const last = (await program.call('run.watch', { run: ada.run })).result as { run?: { lastSeq: number } } | undefined
  const lastSeq = last?.run?.lastSeq ?? 0
  await program.until(one => one.method === 'run.entry' && one.params?.seq === lastSeq)
  const entries = program.entriesOf(ada.run)
  expect(lastSeq).toBeGreaterThan(2)
  expect(entries.filter((seq, index) => seq !== 1 && seq !== (entries[index - 1] ?? 0) + 1)).toEqual([])
  program.ws.terminate()
}, 30_000)

/** Valid calls, of which none is dear. */
const CALLS = (): readonly object[] => [
  { method: 'session.ping' },
  { method: 'session.refresh', params: { token: ada.token } },
  {
    method: 'session.connect',
    params: { token: ada.token, resume: [{ run: ada.run, attempt: 1, seq: 1 }], open: [ada.spell] },
  },
  { method: 'spell.open', params: { spell: ada.spell, revision: 1 } },
  { method: 'spell.edit', params: { spell: ada.spell, draft: greeter } },
  { method: 'spell.close', params: { spell: ada.spell } },
  {
    method: 'run.start',
    params: { spell: ada.spell, inputs: { who: 'Ada' }, options: { onDetach: 'stop', limits: { tokens: 10 } } },
  },
  {
    method: 'run.start',
    params: { spell: ada.spell, options: { startAt: 'out', pins: { say: { text: 'x' } }, breakpoints: ['say'] } },
  },
  { method: 'run.fork', params: { run: ada.run, seq: 1, options: { state: {} } } },
  { method: 'run.pause', params: { run: ada.run } },
  { method: 'run.play', params: { run: ada.run, step: true, breakpoints: ['say'] } },
  { method: 'run.answer', params: { run: ada.run, activation: 'say', choice: 'retry', value: 1, outputs: {} } },
  { method: 'run.send', params: { run: ada.run, name: 'x', message: { a: 1 } } },
  { method: 'run.cancel', params: { run: ada.run } },
  { method: 'run.watch', params: { run: ada.run, after: 1 } },
  { method: 'run.unwatch', params: { run: ada.run } },
  { method: 'run.ack', params: { run: ada.run, seq: 1 } },
]

const EVIL = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 0.5, 2 ** 53, 2 ** 53 + 2, -(2 ** 63), 1e308, '', [], {}, [[]], [null], {
    a: 1,
  }),
  fc.constantFrom(...HOSTILE_IDS),
  fc.constantFrom<unknown>(
    { constructor: { prototype: { x: 1 } } },
    { toString: 1 },
    { toJSON: 1 },
    { length: 1e9 },
    { valueOf: 1 },
  ),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
  fc.string({ unit: 'binary', maxLength: 300 }),
)

/** Puts a value in place of another, somewhere; `where` says which way to go at each step. */
function mutated(value: unknown, where: readonly number[], evil: unknown): unknown {
  const [step, ...rest] = where
  if (step === undefined || typeof value !== 'object' || value === null) return evil
  const keys = [...Object.keys(value), 'extra']
  const key = keys[step % keys.length] ?? 'extra'
  const inner = mutated((value as Record<string, unknown>)[key], rest, evil)
  return Array.isArray(value)
    ? value.map((one: unknown, index) => (String(index) === key ? inner : one))
    : { ...value, [key]: inner }
}

test('a call that is altered at random brings an answer, never a fault, and the session or the next one goes on', async () => {
  let program = await connect()
  const altered = fc.record({
    which: fc.nat(),
    // Mostly within the parameters, the fourth of the keys.
    where: fc
      .tuple(fc.constantFrom(0, 1, 2, 3, 3, 3, 3, 3, 3, 4), fc.array(fc.nat(7), { maxLength: 3 }))
      .map(([first, more]) => [first, ...more]),
    evil: EVIL,
    cut: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat() }),
  })
  await fc.assert(
    fc.asyncProperty(altered, async ({ which, where, evil, cut }) => {
      const calls = CALLS()
      const whole =
        JSON.stringify(mutated({ jsonrpc: '2.0', id: 'fuzz', ...calls[which % calls.length] }, where, evil)) ?? ''
      const answers = await answersTo(program, cut === undefined ? whole : whole.slice(0, cut % whole.length))
      if (!answers || program.told.length > 200) {
        program.ws.terminate()
        program = await connect()
      }
      expect(answers?.find(one => one.error?.data.reason === 'INTERNAL')).toBeUndefined()
      expect(JSON.stringify(answers ?? [])).not.toContain(bob.run)
    }),
    { numRuns: 500, seed: SEED },
  )
  expect((await program.call('spell.open', { spell: ada.spell })).error).toBeUndefined()
  program.ws.terminate()
}, 60_000)

test('whatever was said, what was published has subjects of proper tokens', () => {
  expect(subjects.size).toBeGreaterThan(2)
  expect([...subjects].filter(one => !/^[a-z]+\.v1(?:\.[A-Za-z0-9_-]{1,64})*$/.test(one))).toEqual([])
})
