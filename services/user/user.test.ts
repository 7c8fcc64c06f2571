import { expect, test } from '@jest/globals'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

const system = (settings = {}) => embedded({ services: ['user'], settings })
const client = (running: TestSystem) => running.client(UserServiceDefinition)
const ada = { email: 'ada@example.org', password: 'correct horse', name: 'Ada' }
const bob = { email: 'bob@example.org', password: 'battery staple', name: 'Bob' }

test('the first account claims the instance and keeps what the local account had', async () => {
  await using running = await system()
  const users = client(running)
  expect(await users.getInstance({})).toEqual({ claimed: false, registration: 'open' })
  const local = await users.openLocal({})
  expect(local.account).toMatchObject({ email: '', role: 'owner' })
  const claimed = await users.register(ada)
  expect(claimed.account).toEqual({ id: local.account?.id, email: 'ada@example.org', name: 'Ada', role: 'owner' })
  expect(await users.getInstance({})).toEqual({ claimed: true, registration: 'closed' })
  await expect(users.openLocal({})).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  await expect(users.register(bob)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  // What was open before the claim is not open any more.
  await expect(users.authenticate({ proof: { $case: 'session', value: local.session } })).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  })
})

test('where registration is open others may join, once per e-mail', async () => {
  await using running = await system({ REGISTRATION: 'open' })
  const users = client(running)
  await users.register(ada)
  const joined = await users.register(bob)
  expect(joined.account).toMatchObject({ email: 'bob@example.org', role: 'member' })
  await expect(users.register({ ...bob, email: 'BOB@example.org' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
})

test('every bad field of a registration is named', async () => {
  await using running = await system()
  await expect(client(running).register({ email: 'nobody', password: 'short', name: ' ' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'email' }, { path: 'password' }, { path: 'name' }],
  })
})

test('a wrong password and an unknown e-mail are answered alike', async () => {
  await using running = await system()
  const users = client(running)
  await users.register(ada)
  const answers = await Promise.all(
    [users.login({ ...ada, password: 'wrong horse' }), users.login({ ...bob })].map(one =>
      one.catch((error: unknown) => error),
    ),
  )
  expect(answers).toMatchObject([
    { code: 'UNAUTHENTICATED', message: 'the e-mail or the password is wrong' },
    { code: 'UNAUTHENTICATED', message: 'the e-mail or the password is wrong' },
  ])
  expect((await users.login({ ...ada, email: 'Ada@Example.org' })).account?.name).toBe('Ada')
})

test('sessions and access tokens prove their account until it logs out', async () => {
  await using running = await system()
  const users = client(running)
  const { account, session, accessToken, expiresInMs } = await users.register(ada)
  expect(expiresInMs).toBe(600_000)
  for (const proof of [
    { $case: 'session' as const, value: session },
    { $case: 'accessToken' as const, value: accessToken },
  ]) {
    expect((await users.authenticate({ proof })).userId).toBe(account?.id)
  }
  expect((await users.refresh({ session })).accessToken).toMatch(/^ey/)
  const revoked = Promise.withResolvers<string>()
  running.bus.subscribe('sys.v1.revoke.*', ({ payload }) => revoked.resolve(Buffer.from(payload).toString()))
  expect(await users.logout({ session })).toEqual({ session: '' })
  expect(JSON.parse(await revoked.promise)).toEqual({ version: 3 })
  for (const proof of [
    { $case: 'session' as const, value: session },
    { $case: 'accessToken' as const, value: accessToken },
  ]) {
    await expect(users.authenticate({ proof })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  }
})

test('a ticket is good once', async () => {
  await using running = await system()
  const users = client(running)
  const { account } = await users.register(ada)
  const { ticket } = await running
    .as(account?.id ?? '')
    .client(UserServiceDefinition)
    .issueTicket({})
  expect(Buffer.from(ticket, 'base64url')).toHaveLength(32)
  expect((await users.redeemTicket({ ticket })).userId).toBe(account?.id)
  await expect(users.redeemTicket({ ticket })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  await expect(users.redeemTicket({ ticket: 'nonsense' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})
