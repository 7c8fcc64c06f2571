import { expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import { Program } from './kit.suite.ts'

async function register(url: string, email: string): Promise<string> {
  const body = JSON.stringify({ email, password: 'correct horse', name: 'A' })
  const answer = await fetch(`${url}/v1/auth/register`, { method: 'POST', body })
  return ((await answer.json()) as { accessToken: string }).accessToken
}

async function connect(url: string, token: string): Promise<Program> {
  const program = await new Program(url).open()
  const { error } = await program.call('session.connect', { token, client: { name: 'test', version: '1' } })
  expect(error).toBeUndefined()
  return program
}

test('a revocation that the edge did not hear of ends the sessions of that account all the same, and no other', async () => {
  await using system = await embedded({ settings: { REGISTRATION: 'open', REVOCATION_SWEEP_MS: '100' } })
  const [ada, bob] = [await register(system.url, 'ada@example.org'), await register(system.url, 'bob@example.org')]
  const [hers, his] = [await connect(system.url, ada), await connect(system.url, bob)]
  await system.database.transaction(async session => {
    await session.query(`update "user".accounts set version = version + 1 where email = 'ada@example.org'`)
  })
  expect(await hers.closed).toBe(4403)
  expect(hers.told.at(-1)).toMatchObject({ method: 'session.revoked' })
  expect(await his.call('session.ping')).toMatchObject({ result: {} })
})
