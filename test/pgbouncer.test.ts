import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { openServerDatabase } from '#mesh/database-pg.ts'
import { createLog } from '#mesh/log.ts'
import { createRetentionStore } from '#services/spell-runner/retention/store.ts'
import { commitBatches } from '#services/spell-runner/runs/commit.ts'
import { createRunStore } from '#services/spell-runner/runs/store.ts'
import { testSystem } from './modes.suite.ts'
import type { RunningSystem } from './modes.suite.ts'
import { freePort, missingPrograms, startGround, startProgram } from './processes.ts'
import type { Program } from './processes.ts'

const CONFIGURATION = fileURLToPath(new URL('../deploy/nats/nats.conf', import.meta.url))
/** That stand alone, and begin first. */
const FIRST = [
  ...(['user', 'cache', 'completion', 'huggingface', 'speech'] as const),
  ...(['weaviate', 'document', 'event', 'entity', 'search'] as const),
] as const
const SERVICES = [...FIRST, 'spell-runner', 'edge'] as const
const PASSWORDS = Object.fromEntries(
  SERVICES.map(name => [`NATS_PASSWORD_${name.replace('-', '_').toUpperCase()}`, `p-${name}`]),
)

/** A server in a process of its own; resolves when it says that it is ready. */
async function startServer(
  program: string,
  args: readonly string[],
  ready: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<{ stop(): Promise<void> }> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk)
      if (ready.test(said)) resolve()
    })
    child.once('exit', status => reject(new Error(`${program} ended with ${status}: ${said}`)))
    child.once('error', reject)
  })
  return {
    stop: () =>
      new Promise(resolve => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        child.once('exit', () => resolve())
        child.kill('SIGKILL')
      }),
  }
}

/** A pooler that gives a connection to whoever has a transaction, and takes it back at its end. Fewer connections than callers: they change hands all the time. */
async function startPooler(databaseUrl: string, folder: string) {
  const port = await freePort()
  const { port: server } = new URL(databaseUrl)
  const file = join(folder, 'pgbouncer.ini')
  const lines = [
    '[databases]',
    `postgres = host=127.0.0.1 port=${server} dbname=postgres user=postgres connect_query='set statement_timeout = 30000'`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 4',
    'max_client_conn = 200',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o644 })
  // It refuses to run as root.
  const args = userInfo().uid === 0 ? ['-u', 'postgres', file] : [file]
  const { stop } = await startServer('pgbouncer', args, /process up/)
  return { stop, url: `postgres://postgres@127.0.0.1:${port}/postgres` }
}

async function startNats(folder: string) {
  const port = await freePort()
  const file = join(folder, 'nats.conf')
  writeFileSync(file, readFileSync(CONFIGURATION, 'utf8').replace(/^port: 4222$/m, ''))
  const { stop } = await startServer(
    'nats-server',
    ['-c', file, '-a', '127.0.0.1', '-p', String(port)],
    /Server is ready/,
    PASSWORDS,
  )
  return { stop, urlOf: (service: string) => `nats://${service}:p-${service}@127.0.0.1:${port}` }
}

interface Guarded extends RunningSystem {
  /** What the services wrote to their logs. */
  readonly said: readonly string[]
  /** Of the database through the pooler. */
  readonly poolerUrl: string
}

/** The whole system, with two runners, every service as its own user of NATS, the database behind the pooler. */
async function startGuarded(): Promise<Guarded> {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-guarded-'))
  // The pooler reads its file as another user.
  spawnSync('chmod', ['755', folder])
  const ground = await startGround()
  const [pooler, nats] = [await startPooler(ground.settings.DATABASE_URL, folder), await startNats(folder)]
  const ports = { runner: await freePort(), edge: await freePort() }
  const first = await Promise.all(FIRST.map(async name => ({ name, port: await freePort() })))
  const said: string[] = []
  const settings = {
    DATABASE_URL: pooler.url,
    ...Object.fromEntries(first.map(({ name, port }) => [`${name.toUpperCase()}_ADDRESS`, `127.0.0.1:${port}`])),
    SPELL_RUNNER_ADDRESS: `127.0.0.1:${ports.runner}`,
    LOCAL_MODEL_DELAY_MS: '5',
    REGISTRATION: 'open',
  }
  const start = (name: string, port: number, own: Readonly<Record<string, string>> = {}) =>
    startProgram(
      [name],
      { ...settings, GRPC_PORT: String(port), NATS_URL: nats.urlOf(name), ...own },
      { onSaid: line => void said.push(line) },
    )
  const programs: Program[] = []
  programs.push(...(await Promise.all(first.map(({ name, port }) => start(name, port)))))
  // Both at once: they bring the same schema up to date.
  const runners = [start('spell-runner', ports.runner), start('spell-runner', await freePort())]
  programs.push(...(await Promise.all(runners)))
  programs.push(await start('edge', await freePort(), { PORT: String(ports.edge), HOST: '127.0.0.1' }))
  return {
    url: `http://127.0.0.1:${ports.edge}`,
    said,
    poolerUrl: pooler.url,
    async [Symbol.asyncDispose]() {
      for (const program of programs.toReversed()) await program.stop()
      await Promise.all([pooler.stop(), nats.stop()])
      await ground[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const missing = [
  ...missingPrograms(),
  ...(spawnSync('sh', ['-c', 'command -v pgbouncer']).status === 0 ? [] : ['pgbouncer']),
]
;(missing.length === 0 ? describe : describe.skip)(
  `behind pgbouncer in transaction mode, each service its own user of NATS${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    let system: Guarded
    beforeAll(async () => {
      system = await startGuarded()
    }, 120_000)
    afterAll(async () => system?.[Symbol.asyncDispose](), 60_000)

    testSystem(async () => ({ url: system.url, [Symbol.asyncDispose]: async () => {} }))

    test('nothing was refused on the way, and the days of journals were made once', async () => {
      expect(system.said.filter(line => /denies|unsupported|prepared statement|does not exist/.test(line))).toEqual([])
      await using opened = await openServerDatabase(system.poolerUrl, { max: 2, log: createLog('silent') })
      const database: Kysely<unknown> = opened.kysely
      const { rows } = await sql<{ kind: string; days: number }>`
        select inhparent::regclass::text as kind, count(*)::integer as days from pg_inherits
        where inhparent in ('spell_runner.batches'::regclass, 'spell_runner.blobs'::regclass) group by 1 order by 1`.execute(
        database,
      )
      // Today, three days to come, and one for what nobody foresaw.
      expect(rows).toEqual([
        { kind: 'spell_runner.batches', days: 5 },
        { kind: 'spell_runner.blobs', days: 5 },
      ])
      const { rows: kept } = await sql<{ count: number }>`
        select count(*)::integer as count from spell_runner.batches_other`.execute(database)
      expect(kept).toEqual([{ count: 0 }])
    })

    test('a journal that moves to another day while it is written, and read, keeps every entry; days are dropped meanwhile', async () => {
      await using opened = await openServerDatabase(system.poolerUrl, { max: 8, log: createLog('silent') })
      const database: Kysely<unknown> = opened.kysely
      const [days, store] = [createRetentionStore(database), createRunStore(database)]
      const today = await days.today()
      const old = Array.from({ length: 8 }, (_, index) => today - 50 - index)
      // Several at once, as runners that start.
      await Promise.all([days.make(old), days.make(old), days.make([today, ...old])])
      await sql`insert into spell_runner.spells values ('s_moves', 'ada', 'n', '', 1, 0, 0)`.execute(database)
      // Else the runners of the mesh take its runs up.
      await sql`insert into spell_runner.runners (id, lease_until) values ('me', now() + interval '1 hour')`.execute(
        database,
      )
      const make = {
        ...{ owner: 'ada', spell: 's_moves', revision: 1, draft: null, library: '{}', limits: '{}', mode: '{}' },
        ...{ inputs: '{}', session: '', keeps_state: false, started_at: Date.now() },
      }
      const entry = (seq: number) => `{"seq":${seq},"at":1,"kind":"node.log"}`
      let [written, isOver] = [0, false]
      const commit = async (more: { make?: typeof make } = {}) => {
        const batch = { run: 'r_moves', attempt: 1, previous: written, texts: [entry(written + 1)], change: undefined }
        const fine = await commitBatches(database, 'me', [{ make: undefined, ...batch, ...more, state: [], blobs: [] }])
        expect(fine.size).toBe(1)
        written++
      }
      await commit({ make })
      const writing = async () => {
        while (!isOver) await commit()
      }
      const reading = async () => {
        while (!isOver) {
          const known = written
          const texts = await store.journal('r_moves')
          expect(texts.length).toBeGreaterThanOrEqual(known)
          expect(texts).toEqual(texts.map((_, index) => entry(index + 1)))
        }
      }
      const moving = async () => {
        let from = today
        for (const day of old) {
          expect(await days.move('r_moves', from, day)).toBe(true)
          // Never one that a run stands in which has not ended.
          expect([await days.drop(day), await days.drop(from === today ? today - 100 : from)]).toEqual([false, true])
          from = day
        }
        isOver = true
      }
      await Promise.all([moving(), writing(), reading()])
      const texts = await store.journal('r_moves')
      expect(texts).toEqual(Array.from({ length: written }, (_, index) => entry(index + 1)))
      const { rows } = await sql<{ day: number; count: number }>`
        select day, count(*)::integer as count from spell_runner.batches where run = 'r_moves' group by day`.execute(
        database,
      )
      expect(rows).toEqual([{ day: old.at(-1), count: written }])
    }, 60_000)
  },
)
