// The guarantee of docs/protocol.md, a test for each sentence, on the wire of a mesh: what is seen is what frames said, before any client makes it right.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { RestClient } from '#client/types.ts'
import { Program } from '#edge/kit.suite.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import { digestOfEntries } from '#graph/digest.ts'
import type { Entry } from '#graph/journal.ts'
import { rounds, spellOf } from '#nodes/examples.suite.ts'
import type { ExampleSpell } from '#nodes/examples.suite.ts'
import { inParts, openOpenAiServer, silentAfter, streamOf } from '#services/completion/openai-server.suite.ts'
import type { OpenAiServer } from '#services/completion/openai-server.suite.ts'
import { somebody } from './modes.suite.ts'
import { freePort, missingPrograms, startGround, startMesh } from './processes.ts'
import type { Ground, Mesh } from './processes.ts'
import { openProxy } from './proxy.ts'

const GUARANTEE = [
  'For one run, every subscribed session observes durable events in order, without gaps and without duplicates, or is told to resync.',
  '`completed` is never shown before everything it summarises.',
  'A durable event that a browser has seen is in the database.',
  'A node whose result was committed is never executed again; a node interrupted mid-flight may be executed again, with the same idempotency key.',
  'Not promised: exactly-once effects in outside systems; order between runs; replay of single tokens after a node ends; delivery to a client that was away longer than the retention (it gets a snapshot).',
] as const

test('the guarantee stands in the description of the protocol, word for word', () => {
  const text = readFileSync(new URL('../docs/protocol.md', import.meta.url), 'utf8').replaceAll(/\n> /g, ' ')
  expect(text).toContain(GUARANTEE.join(' '))
})

/** What one session was shown of a run: frames, in their order, over as many connections as it took. */
interface Shown {
  readonly entries: Entry[]
  readonly seqs: number[]
  cuts: number
}

const missing = missingPrograms()
const onMesh = missing.length === 0 ? describe : describe.skip
onMesh(`on a mesh${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let ground: Ground
  let mesh: Mesh
  let model: OpenAiServer
  let database: pg.Pool
  let rest: RestClient
  let token = ''
  beforeAll(async () => {
    model = await openOpenAiServer()
    ground = await startGround()
    mesh = await startMesh(ground, {
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'secret',
      DEFAULT_MODEL: 'tiny-1',
      RUN_LEASE_MS: '2000',
    })
    await mesh.startRunner({ GRPC_PORT: String(await freePort()) })
    database = new pg.Pool({ connectionString: ground.settings.DATABASE_URL })
    ;({ token, rest } = await somebody(mesh.url))
  }, 90_000)
  afterAll(async () => {
    await database?.end()
    await mesh?.[Symbol.asyncDispose]()
    await ground?.[Symbol.asyncDispose]()
    await model?.[Symbol.asyncDispose]()
  }, 60_000)

  async function connect(url: string, resume: readonly object[] = []): Promise<Program> {
    const program = new Program(url)
    await program.open()
    const { error } = await program.call('session.connect', { token, resume })
    if (error) throw new Error(error.message)
    return program
  }

  /** Watches a run to its end, over connections that are cut every `cutMs`; each goes on where the one before was. */
  async function watch(url: string, run: string, cutMs = Infinity, onEntry = () => {}): Promise<Shown> {
    const shown: Shown = { entries: [], seqs: [], cuts: 0 }
    for (;;) {
      const program = await connect(url, [{ run, attempt: 1, seq: shown.seqs.at(-1) ?? 0 }])
      let told = 0
      const read = () => {
        for (; told < program.told.length; told++) {
          const { method, params } = program.told[told] ?? {}
          if (method !== 'run.entry' || params?.run !== run) continue
          shown.seqs.push(params.seq ?? 0)
          shown.entries.push(params.entry as unknown as Entry)
          onEntry()
        }
      }
      program.ws.on('message', read)
      read()
      const timer = Number.isFinite(cutMs) ? setTimeout(() => program.ws.terminate(), cutMs) : undefined
      const end = program.until(({ params }) => params?.run === run && isEnd(params.entry?.kind))
      const ended = await Promise.race([end.then(() => true), program.closed.then(() => false)])
      clearTimeout(timer)
      read()
      program.ws.terminate()
      if (ended) return shown
      shown.cuts++
    }
  }

  const isEnd = (kind: string | undefined) => /^run\.(?:completed|failed|cancelled)$/.test(kind ?? '')
  const start = async (document: ExampleSpell) =>
    (await rest.startRun((await rest.createSpell(document)).id, {}, { detached: true })).id
  const range = (length: number) => Array.from({ length }, (_, index) => index + 1)

  test(
    GUARANTEE[0],
    async () => {
      await using proxy = await openProxy(mesh.url)
      const run = await start(rounds(80, 30))
      const shown = await Promise.all([
        watch(mesh.url, run),
        watch(mesh.url, run, 150),
        watch(mesh.url, run, 400),
        watch(proxy.url, run, 250),
      ])
      const { lastSeq } = await rest.getRun(run)
      for (const { seqs } of shown) expect(seqs).toEqual(range(lastSeq))
      // All were cut but the first, however slow this machine is.
      for (const { cuts } of shown.slice(1)) expect(cuts).toBeGreaterThan(0)
      // Too far behind: it is told so, takes the state, and goes on from there.
      const long = await start(rounds(1_200, 0))
      while ((await rest.getRun(long)).status !== 'completed') await new Promise(resolve => setTimeout(resolve, 50))
      const late = await connect(mesh.url)
      await late.call('run.watch', { run: long, after: 0 })
      await late.until(({ method, params }) => method === 'run.resync' && params?.run === long)
      expect(late.entriesOf(long)).toEqual([])
      const { seq } = await rest.getRunState(long)
      expect(seq).toBe((await rest.getRun(long)).lastSeq)
      await late.call('run.watch', { run: long, after: seq - 5 })
      await late.until(({ params }) => params?.run === long && isEnd(params.entry?.kind))
      expect(late.entriesOf(long)).toEqual(range(seq).slice(-5))
      late.ws.terminate()
    },
    60_000,
  )

  test('… and where the bus says nothing of it', async () => {
    await using deaf = await startHost({
      services: await loadServices(['spell-runner', 'completion']),
      source: { DATABASE_URL: ground.settings.DATABASE_URL, LOG_LEVEL: 'error' },
      serve: false,
    })
    const { id: spellId } = await rest.createSpell(rounds(5, 10))
    const user = (await rest.me()).account.id
    const { run } = await deaf
      .client(SpellRunnerServiceDefinition, { user, service: 'edge' })
      .startRun({ spellId, detached: true })
    const { seqs } = await watch(mesh.url, run?.id ?? '')
    expect(seqs).toEqual(range((await rest.getRun(run?.id ?? '')).lastSeq))
  }, 60_000)

  test(
    GUARANTEE[1],
    async () => {
      const run = await start(rounds(40, 20))
      for (const { entries, seqs } of await Promise.all([watch(mesh.url, run), watch(mesh.url, run, 120)])) {
        const last = entries.at(-1)
        expect(last).toMatchObject({ kind: 'run.completed', lastSeq: seqs.length })
        expect(entries.filter(({ kind }) => isEnd(kind))).toHaveLength(1)
        expect(last && 'digest' in last && last.digest).toBe(digestOfEntries(entries))
      }
    },
    30_000,
  )

  test(
    GUARANTEE[2],
    async () => {
      const run = await start(rounds(60, 15))
      const stored: Promise<number>[] = []
      const { seqs } = await watch(mesh.url, run, Infinity, () => {
        stored.push(
          database
            .query<{ last: string }>('select max(last_seq) as last from spell_runner.batches where run = $1', [run])
            .then(({ rows }) => Number(rows[0]?.last)),
        )
      })
      const known = await Promise.all(stored)
      expect(known).toHaveLength(seqs.length)
      for (const [index, seq] of seqs.entries()) expect(known[index]).toBeGreaterThanOrEqual(seq)
    },
    30_000,
  )

  test(
    GUARANTEE[3],
    async () => {
      model.replyWith(inParts(streamOf(['first']), 100), silentAfter(['half']), inParts(streamOf(['second']), 100))
      const run = await start(
        spellOf(
          {
            start: { type: 'flow/start' },
            one: { type: 'ai/complete', values: { prompt: 'one' } },
            two: { type: 'ai/complete', values: { prompt: 'two' } },
            out: { type: 'flow/output', config: { name: 'said' } },
          },
          [
            ['start.out', 'one.in'],
            ['one.out', 'two.in'],
            ['two.out', 'out.in'],
            ['two.text', 'out.value'],
          ],
        ),
      )
      const watching = watch(mesh.url, run)
      // The first is committed, the second is at work.
      while (model.asked.length < 2) await new Promise(resolve => setTimeout(resolve, 20))
      await Promise.all(mesh.programs.runners.map(program => program.stop('SIGKILL')))
      await mesh.startRunner()
      const { entries } = await watching
      expect(entries.at(-1)).toMatchObject({ kind: 'run.completed', outputs: { said: 'second' } })
      const [one, ...two] = model.asked
      expect(JSON.stringify(one?.body)).toContain('one')
      expect(two).toHaveLength(2)
      for (const { body } of two) expect(JSON.stringify(body)).toContain('two')
      expect(new Set(two.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
      expect(two[0]?.idempotencyKey).not.toBe(one?.idempotencyKey)
      expect(two[0]?.idempotencyKey).toMatch(/./)
    },
    60_000,
  )

  test(
    GUARANTEE[4],
    async () => {
      const run = await start(rounds(3, 1))
      await watch(mesh.url, run)
      // As if its day had been dropped.
      await database.query('delete from spell_runner.batches where run = $1', [run])
      const late = await connect(mesh.url)
      await late.call('run.watch', { run, after: 0 })
      const { params } = await late.until(({ method }) => method === 'run.resync')
      expect(params?.run).toBe(run)
      expect(late.entriesOf(run)).toEqual([])
      expect(await rest.getRun(run)).toMatchObject({ status: 'completed', outputs: { count: 3 } })
      late.ws.terminate()
    },
    30_000,
  )
})
