// Runs that wait, as sessions see them: many at once, and when nobody looks any more.
import { expect, test } from '@jest/globals'
import { createClient, createRest } from '#client/index.ts'
import type { RestClient } from '#client/types.ts'
import { embedded } from '#mesh/testing.ts'
import { spellOf } from '#nodes/examples.suite.ts'

const asking = spellOf(
  {
    start: { type: 'flow/start' },
    text: { type: 'flow/input', config: { name: 'text', type: 'string' } },
    ask: { type: 'flow/ask', config: { prompt: 'Well?' } },
  },
  [['start.out', 'ask.in']],
)

async function begin(settings: Record<string, string>) {
  const system = await embedded({ settings })
  const account = { email: 'ada@example.org', password: 'correct horse', name: 'Ada' }
  const { accessToken: token } = await createRest({ baseUrl: system.url }).register(account)
  const proofs = { authenticate: async () => ({ token }), token: async () => token }
  return {
    rest: createRest({ baseUrl: system.url, token: proofs.token }),
    connect: () => createClient({ url: system.url, name: 'test', version: '1', ...proofs }),
    [Symbol.asyncDispose]: () => system.stop(),
  }
}

/** Resolves with the run's status when it is another than these. */
async function statusBeyond(rest: RestClient, run: string, ...passing: readonly string[]): Promise<string> {
  for (;;) {
    const { status } = await rest.getRun(run)
    if (!passing.includes(status)) return status
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

test('a spell with many waiting runs opens, and within a frame', async () => {
  await using system = await begin({ RUNS_PER_USER: '200' })
  const { rest } = system
  const { id } = await rest.createSpell(asking)
  for (let made = 0; made < 120; made += 20)
    await Promise.all(Array.from({ length: 20 }, () => rest.startRun(id, { text: 'x'.repeat(3_000) })))
  const client = system.connect()
  const { spell, runs } = await client.openSpell(id)
  expect(spell.document).toMatchObject({ name: asking.name })
  expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['waiting']))
  expect(runs).toHaveLength(100)
  expect(JSON.stringify({ spell, runs }).length).toBeLessThan(64 * 1024)
  client.close()
})

test('what is to stop when it is left stops, though it waits or is paused; what is to go on goes on', async () => {
  await using system = await begin({ DETACH_MS: '300', RUN_IDLE_MS: '0' })
  const { rest } = system
  const { id } = await rest.createSpell(asking)
  const client = system.connect()
  const left = await client.startRun(id, { text: '' }, { onDetach: 'cancel' })
  const paused = await client.startRun(id, { text: '' }, { onDetach: 'cancel', breakpoints: ['ask'] })
  const kept = await client.startRun(id, { text: '' }, { onDetach: 'finish' })
  for (const { run } of [left, paused, kept]) await statusBeyond(rest, run.id, 'running')
  client.close()
  for (const { completed } of [left, paused, kept]) completed.catch(() => undefined)
  expect(await statusBeyond(rest, left.run.id, 'waiting', 'running')).toBe('cancelled')
  expect(await statusBeyond(rest, paused.run.id, 'paused', 'running')).toBe('cancelled')
  expect((await rest.getRun(kept.run.id)).status).toBe('waiting')
})

test('who comes back in time finds the run still waiting', async () => {
  await using system = await begin({ DETACH_MS: '600', RUN_IDLE_MS: '0' })
  const { rest } = system
  const { id } = await rest.createSpell(asking)
  const first = system.connect()
  const run = await first.startRun(id, { text: '' }, { onDetach: 'cancel' })
  run.completed.catch(() => undefined)
  first.close()
  const second = system.connect()
  const { runs } = await second.openSpell(id)
  expect(runs.map(one => one.id)).toContain(run.run.id)
  const other = await rest.createSpell(asking)
  const third = system.connect()
  const late = await third.startRun(other.id, { text: '' }, { onDetach: 'cancel' })
  late.completed.catch(() => undefined)
  third.close()
  // Left later than the first ones, and nobody came back: by then the time of these has passed.
  expect(await statusBeyond(rest, late.run.id, 'waiting', 'running')).toBe('cancelled')
  expect((await rest.getRun(run.run.id)).status).toBe('waiting')
  second.close()
})
