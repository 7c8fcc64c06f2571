// Secrets of users through the service's contract.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

const KEY = 'sk-proj-0123456789abcdef'
let system: TestSystem
beforeAll(async () => {
  system = await embedded({
    services: ['user'],
    settings: { REGISTRATION: 'open', SECRETS_KEY: randomBytes(32).toString('base64') },
  })
  // The owner of the instance.
  await register()
}, 60_000)
afterAll(async () => system?.stop())

let accounts = 0
const register = async () => {
  const { account } = await system
    .client(UserServiceDefinition)
    .register({ email: `${++accounts}@example.org`, password: 'correct horse', name: 'Ada' })
  return account?.id ?? ''
}
const people = (user: string) => system.as(user).client(UserServiceDefinition)
const capability = (user: string, claims: Record<string, string> = { run: 'r_1' }, lifeMs = 60_000) =>
  system.host.identities.sign({ user, service: 'spell-runner' }, { audience: 'secrets', lifeMs, claims })
/** As a service asks for a run. */
const resolve = async (user: string, names: readonly string[], proof?: string) =>
  (
    await system.host
      .client(UserServiceDefinition, { user, service: 'completion' })
      .resolveSecrets({ names }, { metadata: { capability: proof ?? (await capability(user)) } })
  ).values
test('a secret is given to a run of its owner, and shown to nobody', async () => {
  const ada = await register()
  const before = Date.now()
  const { secret } = await people(ada).putSecret({ name: 'OPENAI_API_KEY', value: KEY })
  expect(secret).toMatchObject({ name: 'OPENAI_API_KEY', usedAt: 0 })
  expect(secret?.updatedAt).toBeGreaterThan(before - 60_000)
  expect(await resolve(ada, ['OPENAI_API_KEY', 'MISTRAL_API_KEY'])).toEqual({ OPENAI_API_KEY: KEY })
  const { secrets } = await people(ada).listSecrets({})
  expect(secrets).toMatchObject([{ name: 'OPENAI_API_KEY', updatedAt: secret?.updatedAt }])
  expect(secrets[0]?.usedAt).toBeGreaterThanOrEqual(secret?.updatedAt ?? Infinity)
  expect(JSON.stringify(secrets)).not.toContain(KEY)
})

test('a new value takes the place of the old one, and a deleted secret is gone', async () => {
  const ada = await register()
  const own = people(ada)
  await own.putSecret({ name: 'B', value: 'old' })
  await own.putSecret({ name: 'B', value: 'new\nline \0 é 😀' })
  await own.putSecret({ name: 'A', value: 'x' })
  expect((await own.listSecrets({})).secrets.map(({ name }) => name)).toEqual(['A', 'B'])
  expect(await resolve(ada, ['B', 'A', 'B'])).toEqual({ A: 'x', B: 'new\nline \0 é 😀' })
  await own.deleteSecret({ name: 'B' })
  expect(await resolve(ada, ['A', 'B'])).toEqual({ A: 'x' })
  await expect(own.deleteSecret({ name: 'B' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'there is no secret "B"',
  })
})

test('users have secrets of their own', async () => {
  const [ada, bob] = [await register(), await register()]
  await people(ada).putSecret({ name: 'A', value: 'of ada' })
  await people(bob).putSecret({ name: 'A', value: 'of bob' })
  await people(bob).deleteSecret({ name: 'A' })
  expect((await people(bob).listSecrets({})).secrets).toEqual([])
  expect(await resolve(bob, ['A'])).toEqual({})
  expect(await resolve(ada, ['A'])).toEqual({ A: 'of ada' })
})

test('nobody keeps secrets, nor does an account that is gone', async () => {
  const nobody = system.client(UserServiceDefinition)
  for (const refused of [
    nobody.listSecrets({}),
    nobody.putSecret({ name: 'A', value: 'x' }),
    nobody.deleteSecret({ name: 'A' }),
  ])
    await expect(refused).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  await expect(people('u_gone').putSecret({ name: 'A', value: 'x' })).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    message: 'the account is gone: sign in',
  })
  const ada = await register()
  await people(ada).putSecret({ name: 'A', value: 'x' })
  await system.database.transaction(session => session.query('delete from "user".accounts where id = $1', [ada]))
  expect(
    await system.database.transaction(session =>
      session.query('select * from "user".kept_secrets where account = $1', [ada]),
    ),
  ).toEqual([])
})

test('values are for services that prove a run of the user', async () => {
  const [ada, bob] = [await register(), await register()]
  await people(ada).putSecret({ name: 'A', value: KEY })
  const proof = await capability(ada)
  const ask = (service: string, user: string, token?: string) =>
    system.host
      .client(UserServiceDefinition, { user, service })
      .resolveSecrets({ names: ['A'] }, token === undefined ? {} : { metadata: { capability: token } })
  const { identities } = system.host
  const access = await identities.sign({ user: ada, service: 'edge' }, { audience: 'access', lifeMs: 60_000 })
  const mesh = await identities.sign({ user: ada, service: 'completion' }, { audience: 'mesh', lifeMs: 60_000 })
  const refused: [string, Promise<unknown>][] = [
    ['secrets are for services that work for a run of a user', ask('edge', ada, proof)],
    ['secrets are for services that work for a run of a user', ask('completion', '', proof)],
    ['secrets are for nodes of a run: expected its capability', ask('completion', ada)],
    ['secrets are for nodes of a run: expected its capability', ask('completion', ada, '')],
    ['the capability is not valid or has expired', ask('completion', ada, 'nonsense')],
    ['the capability is not valid or has expired', ask('completion', ada, `${proof.slice(0, -8)}AAAAAAAA`)],
    ['the capability is not valid or has expired', ask('completion', ada, access)],
    ['the capability is not valid or has expired', ask('completion', ada, mesh)],
    [
      'the capability is not valid or has expired',
      ask('completion', ada, await capability(ada, { run: 'r' }, -60_000)),
    ],
    ['the capability is another user’s', ask('completion', bob, proof)],
    ['the capability is no run’s', ask('completion', ada, await capability(ada, {}))],
    ['the capability is no run’s', ask('completion', ada, await capability(ada, { run: '' }))],
  ]
  for (const [message, answer] of refused)
    await expect(answer).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message })
  expect((await people(ada).listSecrets({})).secrets[0]?.usedAt).toBe(0)
  expect((await ask('completion', ada, proof)).values).toEqual({ A: KEY })
})

test('everything that is wrong with a secret is named, and nothing of it is quoted', async () => {
  const ada = await register()
  const own = people(ada)
  const name = 'expected capital letters, digits and "_", a letter first, at most 64 characters'
  await expect(own.putSecret({ name: KEY, value: '' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [
      { path: 'name', message: `${name}, e.g. OPENAI_API_KEY` },
      { path: 'value', message: 'expected 1 to 8192 characters, got 0' },
    ],
  })
  await expect(own.putSecret({ name: 'A'.repeat(65), value: ` ${'x'.repeat(8_192)}\ud800` })).rejects.toMatchObject({
    problems: [
      { path: 'name', message: `${name}, got 65, e.g. OPENAI_API_KEY` },
      { path: 'value', message: 'expected 1 to 8192 characters, got 8194' },
      { path: 'value', message: 'must not begin or end with white space' },
      { path: 'value', message: 'is not well-formed Unicode' },
    ],
  })
  for (const hostile of ['', 'a', '1A', '_A', 'A-B', 'A B', 'A\n', 'Ä', '__proto__', 'A\0', "A';--"]) {
    await expect(own.putSecret({ name: hostile, value: 'x' })).rejects.toMatchObject({ problems: [{ path: 'name' }] })
    await expect(own.deleteSecret({ name: hostile })).rejects.toMatchObject({ problems: [{ path: 'name' }] })
    await expect(resolve(ada, ['A', hostile])).rejects.toMatchObject({ problems: [{ path: 'names[1]' }] })
  }
  await own.putSecret({ name: 'A'.repeat(64), value: 'x'.repeat(8_192) })
  expect(await resolve(ada, ['A'.repeat(64)])).toEqual({ ['A'.repeat(64)]: 'x'.repeat(8_192) })
  await expect(
    resolve(
      ada,
      Array.from({ length: 101 }, () => 'A'),
    ),
  ).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: 'expected at most 100 names, got 101',
  })
})

test('a user keeps at most 100, also where many are put at once', async () => {
  const [ada, bob] = [await register(), await register()]
  const own = people(ada)
  const answers = await Promise.allSettled(
    Array.from({ length: 110 }, (_, index) => own.putSecret({ name: `KEY_${index}`, value: 'x' })),
  )
  const refused = answers.filter(answer => answer.status === 'rejected')
  expect(refused).toHaveLength(10)
  for (const { reason } of refused)
    expect(reason).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'at most 100 secrets can be kept: delete one that is not needed',
    })
  // One that is there may change, and others have their own hundred.
  const { secrets } = await own.listSecrets({})
  await own.putSecret({ name: secrets[0]?.name ?? '', value: 'y' })
  expect(await people(bob).putSecret({ name: 'A', value: 'x' })).toMatchObject({ secret: { name: 'A' } })
})

test('the bus tells whose secrets changed', async () => {
  const ada = await register()
  const told: string[] = []
  let heard = Promise.withResolvers<void>()
  system.bus.subscribe('sys.v1.secret.*', ({ subject, payload }) => {
    told.push(`${subject} ${payload.length}`)
    heard.resolve()
  })
  await people(ada).putSecret({ name: 'A', value: KEY })
  await heard.promise
  heard = Promise.withResolvers()
  await people(ada).deleteSecret({ name: 'A' })
  await heard.promise
  expect(told).toEqual([`sys.v1.secret.${ada} 0`, `sys.v1.secret.${ada} 0`])
})
