// Two runners on one database and one bus: what is asked of one reaches the run at the other.
import { describe, expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Host } from '#mesh/host.ts'
import { spellOf } from '#nodes/examples.suite.ts'
import { missingPrograms, startGround } from './processes.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

/** start → wait → note → out */
const line = (ms: number) =>
  spellOf(
    {
      start: { type: 'flow/start' },
      wait: { type: 'flow/delay', config: { ms } },
      note: { type: 'debug/log', values: { value: 'noted' } },
    },
    [
      ['start.out', 'wait.in'],
      ['wait.out', 'note.in'],
    ],
  )

async function openTwo(settings: Record<string, string>): Promise<readonly [Host, Host]> {
  const services = await loadServices(['spell-runner', 'completion'])
  const source = { ...settings, LOG_LEVEL: 'error', RUN_IDLE_MS: '100', LOCAL_MODEL_DELAY_MS: '0' }
  const first = await startHost({ services, source, serve: false })
  return [first, await startHost({ services, source, serve: false })]
}

async function check(): Promise<void> {
  await using ground = await startGround()
  const [one, two] = await openTwo(ground.settings)
  const clientOf = (host: Host, user = 'ada') => host.client(SpellRunnerServiceDefinition, { user, service: 'edge' })
  const [a, b] = [clientOf(one), clientOf(two)]
  const create = async (ms: number) => (await a.createSpell({ document: json(line(ms)) })).spell?.id ?? ''
  const until = async (runId: string, kind: Entry['kind']) => {
    for await (const { entries } of a.watchRun({ runId }))
      for (const bytes of entries) {
        const entry = JSON.parse(Buffer.from(bytes).toString()) as Entry
        if (entry.kind === kind) return entry
      }
    throw new Error(`the run ended without ${kind}`)
  }
  // At work at the first: the second passes on what it is asked.
  const { run } = await a.startRun({ spellId: await create(2_000), detached: true })
  const runId = run?.id ?? ''
  expect((await b.pauseRun({ runId })).run?.status).toBe('paused')
  await until(runId, 'run.paused')
  await expect(b.sendToRun({ runId, name: 'chat', message: json('x') })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
  })
  await expect(clientOf(two, 'eve').playRun({ runId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await b.playRun({ runId })).run?.attempt).toBe(1)
  await until(runId, 'run.completed')
  // Put aside by the first: whoever is asked takes it up.
  const paused = await a.startRun({ spellId: await create(1), breakpoints: ['note'] })
  const asleep = paused.run?.id ?? ''
  for (let attempt = 1; attempt === 1;) {
    await new Promise(resolve => setTimeout(resolve, 100))
    attempt = (await b.pauseRun({ runId: asleep })).run?.attempt ?? 0
  }
  await a.playRun({ runId: asleep })
  await until(asleep, 'run.completed')
  // And one is cancelled from the other side.
  const third = await a.startRun({ spellId: await create(60_000), detached: true })
  expect((await b.cancelRun({ runId: third.run?.id ?? '' })).run?.status).toBe('cancelled')
  await one.stop()
  await two.stop()
}

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `two runners${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    test('a run is asked, taken up and cancelled through a runner that does not have it', check, 60_000)
  },
)
