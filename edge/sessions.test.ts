import { expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import { greeter } from '#nodes/examples.suite.ts'
import { Program } from './kit.suite.ts'
import type { RunRecord, SpellRecord } from './protocol.ts'

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

test('a session may see any number of runs, one after the other', async () => {
  await using system = await embedded({ settings: { REGISTRATION: 'open', COMMANDS_PER_SECOND: '10000' } })
  const token = await register(system.url, 'ada@example.org')
  const answer = await fetch(`${system.url}/v1/spells`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ document: greeter }),
  })
  const { spell } = (await answer.json()) as { spell: SpellRecord }
  const program = await connect(system.url, token)
  for (let count = 0; count < 300; count++) {
    const { error, result } = await program.call('run.start', { spell: spell.id })
    expect(error).toBeUndefined()
    const { run } = result as unknown as { run: RunRecord }
    await program.until(({ params }) => params?.run === run.id && params.entry?.kind === 'run.completed')
  }
})
