// Against the user service itself.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { createSecrets } from './secrets.ts'
import type { SecretsOptions } from './secrets.ts'
import { createMetrics } from './telemetry.ts'
import { embedded } from './testing.ts'
import type { TestSystem } from './testing.ts'
import { createGrpcClients } from './transport-grpc-client.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['user'], settings: { REGISTRATION: 'open' } })
}, 60_000)
afterAll(async () => system?.stop())

let accounts = 0
/** A user with this secret, and calls that are made for them. */
async function someone(secrets: Record<string, string> = { OPENAI_API_KEY: 'sk-1' }) {
  const { account } = await system
    .client(UserServiceDefinition)
    .register({ email: `${++accounts}@example.org`, password: 'correct horse', name: 'Ada' })
  const user = account?.id ?? ''
  const own = system.as(user).client(UserServiceDefinition)
  for (const [name, value] of Object.entries(secrets)) await own.putSecret({ name, value })
  const capability = (run = 'r_1') =>
    system.host.identities.sign(
      { user, service: 'spell-runner' },
      { audience: 'secrets', lifeMs: 60_000, claims: { run } },
    )
  const caller = { user, service: 'spell-runner' }
  const call = async (run?: string) => ({ caller, metadata: new Map([['capability', await capability(run)]]) })
  return { own, caller, call }
}

/** Secrets as the service `completion` reads them, how often it asked, and how messages of its bus are lost. */
function reader(more: Partial<SecretsOptions> = {}) {
  const client = system.host.client(UserServiceDefinition, { user: '', service: 'completion' })
  const asked = { values: 0, names: 0 }
  const gaps: (() => void)[] = []
  const secrets = createSecrets({
    service: 'completion',
    user: {
      resolveSecrets: (...given) => (asked.values++, client.resolveSecrets(...given)),
      listSecrets: (...given) => (asked.names++, client.listSecrets(...given)),
    },
    bus: {
      subscribe: (pattern, callback) => system.bus.subscribe(pattern, callback),
      onGap: callback => void gaps.push(callback),
    },
    ...more,
  })
  return { secrets, asked, gap: () => gaps.forEach(told => told()) }
}

/** Resolves when the bus has told of a change. */
async function told(change: () => Promise<unknown>): Promise<void> {
  const heard = Promise.withResolvers<void>()
  const listening = system.bus.subscribe('sys.v1.secret.*', () => heard.resolve())
  await change()
  await heard.promise
  listening.unsubscribe()
}

test('a call of a run reads the secrets of its user', async () => {
  const { secrets } = reader()
  const { call } = await someone({ OPENAI_API_KEY: 'sk-1', MISTRAL_API_KEY: 'm' })
  const own = secrets.of(await call())
  expect(await own.get('OPENAI_API_KEY')).toBe('sk-1')
  expect(await own.get('MISTRAL_API_KEY')).toBe('m')
  expect(await own.get('GROQ_API_KEY')).toBeUndefined()
  expect(await secrets.names(await call())).toEqual(new Set(['MISTRAL_API_KEY', 'OPENAI_API_KEY']))
})

test('nobody and what is no run has none, without asking', async () => {
  const { secrets, asked } = reader()
  const { call, caller } = await someone()
  const { metadata } = await call()
  expect(
    await secrets.of({ caller: { user: '', service: 'spell-runner' }, metadata }).get('OPENAI_API_KEY'),
  ).toBeUndefined()
  expect(await secrets.of({ caller, metadata: new Map() }).get('OPENAI_API_KEY')).toBeUndefined()
  expect(await secrets.names({ caller: { user: '', service: 'edge' } })).toEqual(new Set())
  expect(asked).toEqual({ values: 0, names: 0 })
  // The names need no run.
  expect(await secrets.names({ caller })).toEqual(new Set(['OPENAI_API_KEY']))
})

test('many who ask at once share one call, and its answer is kept', async () => {
  const { secrets, asked } = reader()
  const { call } = await someone()
  const one = await call()
  const values = await Promise.all(Array.from({ length: 100 }, () => secrets.of(one).get('OPENAI_API_KEY')))
  expect(new Set(values)).toEqual(new Set(['sk-1']))
  await Promise.all(Array.from({ length: 10 }, () => secrets.names(one)))
  expect(await secrets.of(one).get('NONE')).toBeUndefined()
  expect(await secrets.of(one).get('NONE')).toBeUndefined()
  expect(asked).toEqual({ values: 2, names: 1 })
})

test('a kept value opens for nobody who does not prove a run', async () => {
  const { secrets } = reader()
  const [ada, bob] = [await someone(), await someone({})]
  expect(await secrets.of(await ada.call()).get('OPENAI_API_KEY')).toBe('sk-1')
  const forged = { caller: ada.caller, metadata: new Map([['capability', 'nonsense']]) }
  const stolen = { caller: ada.caller, metadata: (await bob.call()).metadata }
  for (const call of [forged, stolen])
    await expect(secrets.of(call).get('OPENAI_API_KEY')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  expect(await secrets.of(await bob.call()).get('OPENAI_API_KEY')).toBeUndefined()
})

test('what is put or deleted counts as soon as the bus tells of it', async () => {
  const { secrets, asked } = reader()
  const { call, own } = await someone()
  const one = await call()
  expect(await secrets.of(one).get('OPENAI_API_KEY')).toBe('sk-1')
  expect(await secrets.names(one)).toEqual(new Set(['OPENAI_API_KEY']))
  await told(() => own.putSecret({ name: 'OPENAI_API_KEY', value: 'sk-2' }))
  expect(await secrets.of(one).get('OPENAI_API_KEY')).toBe('sk-2')
  await told(() => own.deleteSecret({ name: 'OPENAI_API_KEY' }))
  expect(await secrets.of(one).get('OPENAI_API_KEY')).toBeUndefined()
  expect(await secrets.names(one)).toEqual(new Set())
  // Another user's change is none of theirs.
  const before = { ...asked }
  await someone()
  await secrets.of(one).get('OPENAI_API_KEY')
  expect(asked).toEqual(before)
})

test('after messages were lost everything is asked again', async () => {
  const { secrets, asked, gap } = reader()
  const { call } = await someone()
  const one = await call()
  await secrets.of(one).get('OPENAI_API_KEY')
  await secrets.names(one)
  gap()
  expect(await secrets.of(one).get('OPENAI_API_KEY')).toBe('sk-1')
  await secrets.names(one)
  expect(asked).toEqual({ values: 2, names: 2 })
})

test('an answer is good for its time only', async () => {
  const { secrets, asked } = reader({ keepMs: 50 })
  const { call } = await someone()
  const one = await call()
  await secrets.of(one).get('OPENAI_API_KEY')
  while (asked.values < 2) {
    await new Promise(resolve => setImmediate(resolve))
    expect(await secrets.of(one).get('OPENAI_API_KEY')).toBe('sk-1')
  }
  expect(asked.values).toBe(2)
})

test('where the user service is away, only who needs a secret is told', async () => {
  const clients = createGrpcClients(system.host.identities, { metrics: createMetrics() })
  const user = clients.client(UserServiceDefinition, '127.0.0.1:1', { user: '', service: 'completion' })
  const { call, caller } = await someone()
  const { secrets } = reader({ user })
  expect(await secrets.of({ caller, metadata: new Map() }).get('OPENAI_API_KEY')).toBeUndefined()
  const one = secrets.of(await call())
  await expect(one.get('OPENAI_API_KEY')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/^the secret "OPENAI_API_KEY" cannot be read now: /),
  })
  await expect(secrets.names({ caller })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  clients.close()
})

test('a failure is not kept', async () => {
  const { call } = await someone()
  const client = system.host.client(UserServiceDefinition, { user: '', service: 'completion' })
  const metadata = { capability: 'nonsense' }
  let failing = true
  const { secrets } = reader({
    user: {
      ...client,
      // The first call is one with a proof that the service refuses.
      resolveSecrets: (request, options) =>
        client.resolveSecrets(request, failing ? { ...options, metadata } : (options ?? {})),
    },
  })
  const one = secrets.of(await call())
  await expect(one.get('OPENAI_API_KEY')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  failing = false
  expect(await one.get('OPENAI_API_KEY')).toBe('sk-1')
})
