// A mesh with several runners: sessions and calls go on when a runner ends, or dies.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { RestClient, SpellmeshClient } from '#client/types.ts'
import { rounds, spellOf } from '#nodes/examples.suite.ts'
import { connect, somebody } from './modes.suite.ts'
import { freePort, missingPrograms, startGround, startMesh } from './processes.ts'
import type { Ground, Mesh, Program } from './processes.ts'

/** A model tells a story, and a person says what they think of it. */
const asking = spellOf(
  {
    start: { type: 'flow/start' },
    tell: { type: 'ai/complete', values: { prompt: 'tell a long story' } },
    ask: { type: 'flow/ask', config: { prompt: 'Well?' } },
    out: { type: 'flow/output', config: { name: 'said' } },
  },
  [
    ['start.out', 'tell.in'],
    ['tell.out', 'ask.in'],
    ['ask.answered', 'out.in'],
    ['ask.text', 'out.value'],
  ],
)

const missing = missingPrograms()
const onMesh = missing.length === 0 ? describe : describe.skip
onMesh(`several runners${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let ground: Ground
  let mesh: Mesh
  let [first, second]: (Program | undefined)[] = []
  let client: SpellmeshClient
  let rest: RestClient
  let token = ''
  beforeAll(async () => {
    ground = await startGround()
    mesh = await startMesh(ground, { LOCAL_MODEL_DELAY_MS: '20', RUN_LEASE_MS: '3000', DETACH_MS: '1500' })
    first = mesh.programs.runners[0]
    second = await mesh.startRunner({ GRPC_PORT: String(await freePort()) })
    const { token: given, rest: own } = await somebody(mesh.url)
    rest = own
    token = given
    client = connect(mesh.url, token)
  }, 60_000)
  afterAll(async () => {
    client.close()
    await mesh[Symbol.asyncDispose]()
    await ground[Symbol.asyncDispose]()
  }, 60_000)

  /** Runs a spell again and again, over a session and over REST, until it is told to stop. Rejects with the first call that fails. */
  function keepRunning(id: string) {
    let stopped = false
    const bySession = async () => {
      let count = 0
      for (; !stopped; count++) {
        const run = await client.startRun(id)
        expect((await run.completed).terminal.kind).toBe('run.completed')
      }
      return count
    }
    const byRest = async () => {
      let count = 0
      for (; !stopped; count++) expect((await rest.startRun(id)).status).toBe('completed')
      return count
    }
    const work = Promise.all([bySession(), byRest()])
    work.catch(() => undefined)
    return {
      async stop(): Promise<readonly number[]> {
        stopped = true
        return work
      },
    }
  }

  async function replaceAll(signal: NodeJS.Signals): Promise<void> {
    for (const old of [first, second]) {
      const next = await mesh.startRunner({ GRPC_PORT: String(await freePort()) })
      ;[first, second] = [second, next]
      await old?.stop(signal)
    }
  }

  test('both runners are replaced one after the other: no call fails, no node runs twice', async () => {
    const story = await rest.createSpell(asking)
    const [short, long] = [await rest.createSpell(rounds(3, 10)), await rest.createSpell(rounds(80, 100))]
    await client.openSpell(story.id)
    await client.openSpell(short.id)
    const told = await client.startRun(story.id)
    const waited = rest.startRun(long.id)
    const load = keepRunning(short.id)
    await replaceAll('SIGTERM')
    const { state } = await rest.getRunState(told.run.id)
    await told.answer({ activation: state.waits[0]?.activation ?? '', value: { text: 'well' } })
    const { entries, terminal } = await told.completed
    expect(terminal).toMatchObject({ kind: 'run.completed', outputs: { said: 'well' } })
    expect(entries.filter(entry => entry.kind === 'node.started' && entry.node === 'tell')).toHaveLength(1)
    expect((await rest.getRun(told.run.id)).attempt).toBeGreaterThan(1)
    expect(await waited).toMatchObject({ status: 'completed', outputs: { count: 80 } })
    for (const count of await load.stop()) expect(count).toBeGreaterThan(0)
  }, 90_000)

  test('both runners are killed one after the other: calls take longer, and are answered', async () => {
    const short = await rest.createSpell(rounds(3, 10))
    const long = await rest.createSpell(rounds(40, 50))
    await client.openSpell(short.id)
    await client.openSpell(long.id)
    const run = await client.startRun(long.id)
    const load = keepRunning(short.id)
    await replaceAll('SIGKILL')
    expect((await run.completed).terminal.kind).toBe('run.completed')
    for (const count of await load.stop()) expect(count).toBeGreaterThan(0)
  }, 60_000)

  test('a run that is to stop with its session still does, where its runner was replaced', async () => {
    const { id } = await rest.createSpell(rounds(600, 100))
    const other = connect(mesh.url, token)
    await other.openSpell(id)
    const { run } = await other.startRun(id)
    await replaceAll('SIGTERM')
    while ((await rest.getRun(run.id)).attempt === 1) await new Promise(resolve => setTimeout(resolve, 50))
    expect((await rest.getRun(run.id)).status).toBe('running')
    other.close()
    while ((await rest.getRun(run.id)).status === 'running') await new Promise(resolve => setTimeout(resolve, 50))
    expect((await rest.getRun(run.id)).status).toBe('cancelled')
  }, 60_000)
})
