import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { greeter } from '#nodes/examples.suite.ts'
import { openIdentities } from './identities.ts'
import { framed, RawGrpc } from './raw-grpc.suite.ts'
import type { Contract, Method } from './service.ts'
import { embedded, openTestDatabase } from './testing.ts'
import type { TestSystem } from './testing.ts'

const CONTRACTS: readonly Contract[] = [
  CompletionServiceDefinition,
  SpellRunnerServiceDefinition,
  UserServiceDefinition,
]
const METHODS = CONTRACTS.flatMap(contract =>
  Object.values(contract.methods).map(method => ({ path: `/${contract.fullName}/${method.name}`, method })),
)
/** What no bytes may bring forth. */
const OURS = ['INTERNAL', 'UNKNOWN', 'DATA_LOSS', 'UNIMPLEMENTED', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'BROKEN']
/** Answered without identity. */
const OPEN = [
  'GetInstance',
  'Register',
  'Login',
  'OpenLocal',
  'Refresh',
  'Logout',
  'RedeemTicket',
  'Authenticate',
].concat(['ListVersions', 'Keys'])
const ALIVE = '/spellmesh.spell_runner.v1.SpellRunnerService/ListSpells'
const FLIPS = 24
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)

let system: TestSystem
/** Everything that was published. */
const subjects = new Set<string>()
let grpc: RawGrpc
let authorization = ''
let known: Readonly<Record<string, unknown>> = {}

beforeAll(async () => {
  const port = await freePort()
  system = await embedded({
    settings: { REGISTRATION: 'open', GRPC_PORT: String(port), GRPC_HOST: '127.0.0.1', LOG_LEVEL: 'silent' },
  })
  system.bus.subscribe('>', ({ subject }) => void subjects.add(subject))
  grpc = new RawGrpc(`127.0.0.1:${port}`)
  const { account } = await system
    .client(UserServiceDefinition)
    .register({ email: 'ada@example.org', password: 'correct horse', name: 'Ada' })
  authorization = await bearer(account?.id ?? '')
  const runner = system.as(account?.id ?? '').client(SpellRunnerServiceDefinition)
  const { spell } = await runner.createSpell({ document: Buffer.from(JSON.stringify(greeter)) })
  const { run } = await runner.startRun({ spellId: spell?.id ?? '', inputs: Buffer.from('{}') })
  known = {
    spellId: spell?.id,
    runId: run?.id,
    document: Buffer.from(JSON.stringify({ ...greeter, nodes: {}, wires: [] })),
    email: 'bob@example.org',
    password: 'correct horse',
    format: 'spell/1',
    messages: [{ role: 'user', content: 'Hi' }],
    command: { $case: 'open', value: { spellId: spell?.id, revision: 1 } },
    userIds: [account?.id],
    temperature: 1,
    cost: 1,
  }
}, 60_000)

afterAll(async () => {
  grpc?.[Symbol.dispose]()
  await system?.stop()
})

const bearer = async (user: string, lifeMs = 300_000) =>
  `Bearer ${await system.host.identities.sign({ user, service: 'edge' }, { audience: 'mesh', lifeMs })}`

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** A valid request with something in every field. */
function sample({ requestType }: Method): Uint8Array {
  const blank = requestType.fromPartial({}) as Record<string, unknown>
  const filled = Object.entries(blank).map(([name, value]) => [name, known[name] ?? sampleOf(value)])
  return requestType.encode(requestType.fromPartial(Object.fromEntries(filled))).finish()
}

function sampleOf(value: unknown): unknown {
  if (typeof value === 'string') return 'a-name'
  if (typeof value === 'number') return 1
  if (value instanceof Uint8Array) return Buffer.from('{"a":1}')
  return value
}

/** Bytes that are no request must be called so. */
function expectationOf({ requestType }: Method, bytes: Uint8Array): { readonly expect?: readonly string[] } {
  try {
    requestType.decode(bytes)
    return {}
  } catch {
    return { expect: ['INVALID_ARGUMENT'] }
  }
}

/** Sends all, some at a time, and tells what may not be. */
async function wrongAnswers(
  cases: readonly {
    readonly name: string
    readonly path: string
    readonly bytes: Uint8Array
    readonly expect?: readonly string[]
  }[],
): Promise<string[]> {
  const wrong: string[] = []
  const left = [...cases]
  const work = async () => {
    for (let one = left.pop(); one; one = left.pop()) {
      const { code, message } = await grpc.call(one.path, one.bytes, { authorization })
      if (one.expect ? !one.expect.includes(code) : OURS.includes(code))
        wrong.push(
          `${one.path} ${one.name} ${Buffer.from(one.bytes).toString('hex').slice(0, 400)}: ${code} ${message}`,
        )
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return wrong
}

test('a request that is cut off at any byte is refused as such, or is still a request', async () => {
  const cases = METHODS.flatMap(({ path, method }) => {
    const whole = sample(method)
    return Array.from({ length: whole.length }, (_, length) => {
      const bytes = whole.subarray(0, length)
      return {
        name: `cut at ${length}`,
        path,
        bytes,
        ...expectationOf(method, bytes),
      }
    })
  })
  expect(cases.length).toBeGreaterThan(500)
  expect(await wrongAnswers(cases)).toEqual([])
}, 120_000)

test('bits that are wrong are refused, or are still a request', async () => {
  const flip = fc.record({ method: fc.constantFrom(...METHODS), at: fc.noBias(fc.nat(2 ** 30)) })
  const cases = fc
    .sample(flip, { numRuns: FLIPS * METHODS.length, seed: SEED })
    .map(({ method: { path, method }, at }) => {
      const bytes = Buffer.from(sample(method))
      const bit = bytes.length > 0 ? at % (8 * bytes.length) : 0
      if (bytes.length > 0) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return { name: `bit ${bit} of`, path, bytes, ...expectationOf(method, bytes) }
    })
  expect(await wrongAnswers(cases)).toEqual([])
}, 120_000)

test('bytes that mean nothing are refused, or are still a request', async () => {
  const noise = fc.record({ method: fc.constantFrom(...METHODS), bytes: fc.uint8Array({ maxLength: 64 }) })
  const cases = fc
    .sample(noise, { numRuns: FLIPS * METHODS.length, seed: SEED })
    .map(({ method: { path, method }, bytes }) => ({ name: 'noise', path, bytes, ...expectationOf(method, bytes) }))
  expect(await wrongAnswers(cases)).toEqual([])
}, 120_000)

test('texts, numbers and JSON that nobody means are refused, or are nothing to be afraid of', async () => {
  const cases = METHODS.flatMap(({ path, method }) => {
    const blank = method.requestType.fromPartial({}) as Record<string, unknown>
    const whole = method.requestType.decode(sample(method)) as Record<string, unknown>
    return Object.entries(blank).flatMap(([field, value]) =>
      hostile(value).map(evil => ({
        name: `${field}: ${JSON.stringify(evil).slice(0, 80)}`,
        path,
        bytes: method.requestType.encode({ ...whole, [field]: evil }).finish(),
        // Where an id stands there is nothing that such a text names.
        ...(/^(spell|run)Id$/.test(field) ? { expect: ['INVALID_ARGUMENT', 'NOT_FOUND'] } : {}),
      })),
    )
  })
  expect(cases.length).toBeGreaterThan(500)
  expect(await wrongAnswers(cases)).toEqual([])
}, 120_000)

test('whatever was asked, what was published has subjects of proper tokens', () => {
  expect(subjects.size).toBeGreaterThan(2)
  expect([...subjects].filter(one => !/^[a-z]+\.v1(?:\.[A-Za-z0-9_-]{1,64})*$/.test(one))).toEqual([])
})

test('what is too large, torn, nested or no UTF-8 is refused', async () => {
  const path = '/spellmesh.spell_runner.v1.SpellRunnerService/GetSpell'
  const send = async (bytes: Uint8Array, headers: Record<string, string> = {}) =>
    (await grpc.send(path, bytes, { authorization, ...headers })).code
  const gzip = { 'grpc-encoding': 'gzip' }
  const mega = Buffer.alloc(5 * 1024 * 1024)
  const text = (bytes: Buffer) => framed(Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]))
  const outcomes = {
    'over 4 MB': await send(framed(mega)),
    'said to be 4 GB': await send(framed(Buffer.from('00'), { length: 0xffffffff })),
    'small, and 5 MB unpacked': await send(framed(gzipSync(mega), { flags: 1 }), gzip),
    'said to be packed': await send(framed(Buffer.from('0a0161', 'hex'), { flags: 1 }), gzip),
    'packed by a way unknown': await send(framed(Buffer.alloc(9), { flags: 1 }), { 'grpc-encoding': 'zip' }),
    'shorter than it says': await send(framed(Buffer.from('0a0161', 'hex'), { length: 100 })),
    'no message at all': await send(Buffer.alloc(0)),
    'two messages': await send(Buffer.concat([text(Buffer.from('a')), text(Buffer.from('b'))])),
    'no UTF-8': await send(text(Buffer.from('ff', 'hex'))),
    'a surrogate': await send(text(Buffer.from('eda080', 'hex'))),
    'an overlong NUL': await send(text(Buffer.from('c080', 'hex'))),
    'groups in groups': await send(framed(Buffer.alloc(100_000, 0x7b))),
    'an end of no group': await send(framed(Buffer.from('0c0a0161', 'hex'))),
    'field 0': await send(framed(Buffer.from('000a0161', 'hex'))),
    'wire type 7': await send(framed(Buffer.from('0f', 'hex'))),
    'another wire type': await send(framed(Buffer.from('0801', 'hex'))),
    'a number of 11 bytes': await send(framed(Buffer.from('10ffffffffffffffffffff01', 'hex'))),
  }
  expect(outcomes).toEqual({
    'over 4 MB': 'RESOURCE_EXHAUSTED',
    'said to be 4 GB': 'RESOURCE_EXHAUSTED',
    'small, and 5 MB unpacked': 'RESOURCE_EXHAUSTED',
    // gRPC's own words for what cannot be unpacked, said by the library before any of ours is asked.
    'said to be packed': 'INTERNAL',
    'packed by a way unknown': 'UNIMPLEMENTED',
    // And for a call that has not one message, where one is asked for.
    'shorter than it says': 'UNIMPLEMENTED',
    'no message at all': 'UNIMPLEMENTED',
    'two messages': 'UNIMPLEMENTED',
    'no UTF-8': 'INVALID_ARGUMENT',
    'a surrogate': 'INVALID_ARGUMENT',
    'an overlong NUL': 'INVALID_ARGUMENT',
    'groups in groups': 'INVALID_ARGUMENT',
    'an end of no group': 'INVALID_ARGUMENT',
    'field 0': 'INVALID_ARGUMENT',
    'wire type 7': 'INVALID_ARGUMENT',
    // A field that is not known: it is skipped, as protobuf says, and no spell is named.
    'another wire type': 'NOT_FOUND',
    'a number of 11 bytes': 'INVALID_ARGUMENT',
  })
})

test('a call proves who calls', async () => {
  await using foreign = await openTestDatabase()
  const identity = { user: 'someone', service: 'edge' }
  const { identities } = system.host
  const good = await identities.sign(identity, { audience: 'mesh', lifeMs: 300_000 })
  const [head = '', body = '', signature = ''] = good.split('.')
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  const tokens = {
    nothing: '',
    'another scheme': 'Basic YTpi',
    'no token': 'Bearer ',
    nonsense: 'Bearer nonsense',
    expired: `Bearer ${await identities.sign(identity, { audience: 'mesh', lifeMs: -60_000 })}`,
    'for somebody else': `Bearer ${await identities.sign(identity, { audience: 'access', lifeMs: 300_000 })}`,
    'by somebody else': `Bearer ${await (await openIdentities(foreign)).sign(identity, { audience: 'mesh', lifeMs: 300_000 })}`,
    unsigned: `Bearer ${none}.${body}.`,
    altered: `Bearer ${head}.${Buffer.from('{"sub":"root"}').toString('base64url')}.${signature}`,
    'very long': `Bearer ${'a'.repeat(10_000)}`,
  }
  const closed = METHODS.filter(({ path }) => !OPEN.includes(path.split('/').at(-1) ?? ''))
  const wrong: string[] = []
  for (const [name, token] of Object.entries(tokens))
    for (const { path, method } of closed) {
      const { code } = await grpc.call(path, sample(method), token ? { authorization: token } : {})
      if (code !== 'UNAUTHENTICATED') wrong.push(`${path} ${name}: ${code}`)
    }
  expect(wrong).toEqual([])
  expect(await grpc.call(ALIVE, new Uint8Array(), { authorization })).toEqual({ code: 'OK', message: 'OK' })
})

/** Values of the same kind that a program might stumble over. */
function hostile(value: unknown): unknown[] {
  if (typeof value === 'string')
    return [
      '',
      '*',
      '>',
      'a.b',
      'a.*',
      'a b',
      'a\tb',
      'a\nb',
      'a\r\nb',
      '\0',
      'a\0b',
      'x'.repeat(65),
      'x'.repeat(100_000),
    ].concat([
      'é',
      '\u{10ffff}',
      '\ufeff',
      '../../etc/passwd',
      '%2e%2e',
      "'; drop table x; --",
      '__proto__',
      'constructor',
      '$1',
      '-1',
    ])
  if (typeof value === 'number') return [2 ** 31, 2 ** 32 - 1]
  if (value instanceof Uint8Array)
    return [
      '',
      '{',
      'null',
      '1',
      '"a"',
      '[]',
      '[[]]',
      '{"a":1e999}',
      '{"a":"\\u0000"}',
      '{"\\u0000":1}',
      '{"a":"\\ud800"}',
    ]
      .concat([
        '{"__proto__":{"a":1}}',
        '{"constructor":{"prototype":{"a":1}}}',
        '{"a":9007199254740993}',
        '\0',
        '\ufeff{}',
      ])
      .concat([`${'['.repeat(5_000)}${']'.repeat(5_000)}`, `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`])
      .map(text => Buffer.from(text))
      .concat([Buffer.from('ff', 'hex'), Buffer.from('22eda08022', 'hex'), Buffer.alloc(500_000, '[')])
  return []
}
