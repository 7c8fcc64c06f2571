import { describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { RestClient, RunHandle } from '#client/types.ts'
import type { Entry } from '#graph/journal.ts'
import { rounds, spellOf } from '#nodes/examples.suite.ts'
import { connect, somebody } from './modes.suite.ts'
import { freePort, missingPrograms, startGround, startMesh, startProgram } from './processes.ts'
import type { Ground } from './processes.ts'

/** Waits until a run has so many entries. */
async function until(rest: RestClient, run: string, seq: number): Promise<void> {
  while ((await rest.entries(run, 0, 1)).lastSeq < seq) await new Promise(resolve => setTimeout(resolve, 20))
}

/** Every activation has one end, and none began again after its end. */
function expectNothingTwice(entries: readonly Entry[]): void {
  const ended = new Set<string>()
  for (const entry of entries) {
    if (entry.kind !== 'node.started' && entry.kind !== 'node.ended') continue
    expect(ended.has(entry.activation)).toBe(false)
    if (entry.kind === 'node.ended') ended.add(entry.activation)
  }
}

async function expectWhole(run: RunHandle, rest: RestClient, count: number): Promise<void> {
  const { entries, terminal } = await run.completed
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
  expect(terminal).toMatchObject({ kind: 'run.completed', outputs: { count } })
  expectNothingTwice(entries)
  expect(entries.filter(entry => entry.kind === 'node.log')).toHaveLength(count)
  expect((await rest.getRun(run.run.id)).attempt).toBe(2)
}

/** What runners call themselves is in the database alone. */
async function runnerIn({ settings }: Ground, query: string, ...parameters: readonly string[]): Promise<string> {
  const database = new pg.Client(settings.DATABASE_URL)
  await database.connect()
  const { rows } = await database.query<{ runner: string }>(query, [...parameters])
  await database.end()
  return rows[0]?.runner ?? ''
}

describe('one process on a folder', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'a run goes on after %s and a new start, and no node that had ended runs again',
    async signal => {
      const folder = mkdtempSync(join(tmpdir(), 'spellmesh-recovery-'))
      const settings = { DATA_DIR: folder, PORT: String(await freePort()), REGISTRATION: 'open' }
      const first = await startProgram([], settings, { makesDatabase: signal === 'SIGKILL' })
      const { token, rest } = await somebody(first.ready)
      const { id } = await rest.createSpell(rounds(30, 100))
      const client = connect(first.ready, token)
      await client.openSpell(id)
      const run = await client.startRun(id, {}, { onDetach: 'finish' })
      await until(rest, run.run.id, 20)
      expect(await first.stop(signal)).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL')
      const second = await startProgram([], settings)
      client.reconnect()
      await expectWhole(run, rest, 30)
      client.close()
      expect(await second.stop()).toBe(0)
      rmSync(folder, { recursive: true, force: true })
    },
    60_000,
  )
})

test('a process whose port is taken says so and ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-recovery-'))
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const settings = { DATA_DIR: folder, PORT: String(port), HOST: '127.0.0.1' }
  await expect(startProgram([], settings)).rejects.toThrow(/ended with 1\n[^]*port \d+ is taken/)
  await new Promise(resolve => taken.close(resolve))
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

test('a run that waits for a person, and one that waits for its time, outlive the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-waiting-'))
  const settings = { DATA_DIR: folder, PORT: String(await freePort()), REGISTRATION: 'open', RUN_IDLE_MS: '50' }
  const first = await startProgram([], settings)
  const { rest, token } = await somebody(first.ready)
  const asks = async (deadlineMs: number) => {
    const { id } = await rest.createSpell(
      spellOf(
        {
          start: { type: 'flow/start' },
          ask: { type: 'flow/ask', config: { prompt: 'Well?', deadlineMs, onExpire: 'continue' } },
          out: { type: 'flow/output', config: { name: 'said' } },
          late: { type: 'flow/output', config: { name: 'late' }, values: { value: true } },
        },
        [
          ['start.out', 'ask.in'],
          ['ask.answered', 'out.in'],
          ['ask.expired', 'late.in'],
          ['ask.text', 'out.value'],
        ],
      ),
    )
    return rest.startRun(id)
  }
  const asked = await asks(0)
  const timed = await asks(4_000)
  expect([asked.status, timed.status]).toEqual(['waiting', 'waiting'])
  // Time enough to be put aside.
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(await first.stop('SIGKILL')).toBe('SIGKILL')
  const second = await startProgram([], settings)
  const client = connect(second.ready, token)
  const [one, two] = await Promise.all([client.watchRun(asked.id), client.watchRun(timed.id)])
  const { state } = await rest.getRunState(asked.id)
  await one.answer({ activation: state.waits[0]?.activation ?? '', value: { text: 'yes' } })
  expect((await one.completed).terminal).toMatchObject({ kind: 'run.completed', outputs: { said: 'yes' } })
  expect((await two.completed).terminal).toMatchObject({ kind: 'run.completed', outputs: { late: true } })
  client.close()
  expect(await second.stop()).toBe(0)
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `a mesh of processes${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    test('a killed runner’s run is taken over by another one, and its watcher sees no gap', async () => {
      await using ground = await startGround()
      await using mesh = await startMesh(ground, { RUN_LEASE_MS: '2500' })
      const firstId = await runnerIn(ground, 'select id as runner from spell_runner.runners')
      const other = await mesh.startRunner({ GRPC_PORT: String(await freePort()) })
      const { token, rest } = await somebody(mesh.url)
      const { id } = await rest.createSpell(rounds(40, 100))
      const client = connect(mesh.url, token)
      await client.openSpell(id)
      const run = await client.startRun(id, {}, { onDetach: 'finish' })
      await until(rest, run.run.id, 20)
      const ownerId = await runnerIn(ground, 'select runner from spell_runner.runs where id = $1', run.run.id)
      const owner = ownerId === firstId ? mesh.programs.runners[0] : other
      expect(await owner?.stop('SIGKILL')).toBe('SIGKILL')
      // An edge that has not heard of others yet asks at one address: somebody answers there again.
      if (owner !== other) await mesh.startRunner()
      await expectWhole(run, rest, 40)
      client.close()
    }, 120_000)

    test('a runner that was frozen longer than its lease lasts goes on with what nobody else took', async () => {
      await using ground = await startGround()
      await using mesh = await startMesh(ground, { RUN_LEASE_MS: '1500' })
      const { rest } = await somebody(mesh.url)
      const { id } = await rest.createSpell(rounds(40, 50))
      const run = await rest.startRun(id, {}, { detached: true })
      await until(rest, run.id, 10)
      const frozen = mesh.programs.runners[0]?.pid ?? 0
      process.kill(frozen, 'SIGSTOP')
      await new Promise(resolve => setTimeout(resolve, 3_500))
      process.kill(frozen, 'SIGCONT')
      for (let ended = 0; ended === 0;) {
        await new Promise(resolve => setTimeout(resolve, 100))
        ended = (await rest.getRun(run.id)).endedAt
      }
      expect(await rest.getRun(run.id)).toMatchObject({ status: 'completed', attempt: 2, outputs: { count: 40 } })
      expectNothingTwice((await rest.entries(run.id)).entries)
    }, 120_000)
  },
)
