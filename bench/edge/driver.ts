// Run in a process of its own: a runner that computes nothing. It owns runs, commits entries of them as the spell-runner does (the same group commit, the same
// statement) and publishes them after that (the same publisher). So the edge is measured behind real commits without paying for an engine beside it.
import { writeFileSync } from 'node:fs'
import type { Bus } from '#mesh/bus.ts'
import { sql } from 'kysely'
import { openNatsBus } from '#mesh/bus-nats.ts'
import { openServerDatabase } from '#mesh/database-pg.ts'
import { createLog } from '#mesh/log.ts'
import { createMetrics } from '#mesh/telemetry.ts'
import { commitBatches } from '#services/spell-runner/runs/commit.ts'
import { createCommitter } from '#services/spell-runner/runs/committer.ts'
import { createPublisher } from '#services/spell-runner/runs/publisher.ts'
import type { Channel } from '#services/spell-runner/runs/publisher.ts'
import { sharedMicros } from '../mesh/clock.ts'
import { serveCommands } from '../mesh/commands.ts'
import { stampOf } from '../mesh/frames.ts'
import { Stamps } from '../mesh/stamps.ts'
import { DrivenRun } from './driven-run.ts'
import { makeMembers } from './members.ts'

const RUNNER = 'bench-driver'
const [databaseUrl = '', natsUrl = '', stampsFile = ''] = process.argv.slice(2)
const log = createLog('error')
const metrics = createMetrics()
const database = await openServerDatabase(databaseUrl, { max: 4, log })
const bus = await openNatsBus(natsUrl, { name: RUNNER, log, metrics })
const publisher = createPublisher(bus, { headersFor: () => undefined })
const committer = createCommitter(batches => commitBatches(database.kysely, RUNNER, batches), log, metrics)
const stamps = new Stamps()
const runs: DrivenRun[] = []
let event = 0

function drive(channel: Channel): DrivenRun {
  const run: DrivenRun = new DrivenRun(channel, ({ first, texts, events }) => {
    const now = sharedMicros()
    for (const one of events) stamps.set(one, now)
    publisher.entries(channel, 1, first, texts)
    if (run.isWaiting) committer.schedule(run)
  })
  return run
}

/** Numbers an event. */
const nextEvent = () => ++event

/** Adds one entry to a run; it is stamped once it is committed. */
function add(run: DrivenRun): void {
  const number = nextEvent()
  run.add(number, stampOf(number))
  committer.schedule(run)
}

/** Does something so many times a second for so long; answers how many times. */
async function pace(perSecond: number, ms: number, work: (index: number) => void): Promise<number> {
  const began = performance.now()
  let done = 0
  for (;;) {
    const passed = Math.min(performance.now() - began, ms)
    for (const due = Math.floor((passed * perSecond) / 1000); done < due; done++) work(done)
    if (passed >= ms) return done
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

const runAt = (index: number): DrivenRun => {
  const run = runs[index % runs.length]
  if (!run) throw new Error('there are no runs')
  return run
}

await serveCommands({
  /** Makes users with a spell and a run each, and writes their tokens into a file. */
  async populate({ users, file }: { users: number; file: string }) {
    const members = await makeMembers(database, RUNNER, users)
    for (const { user, spell, run } of members) {
      runs.push(drive({ owner: user, spell, run }))
    }
    for (const run of runs) add(run)
    await committer.idle()
    writeFileSync(file, JSON.stringify(members))
    return members.length
  },
  /** Entries to the runs in turn, one each. */
  async entries({ perSecond, ms }: { perSecond: number; ms: number }) {
    const first = event + 1
    const began = performance.now()
    const count = await pace(perSecond, ms, index => add(runAt(index)))
    await committer.idle()
    stamps.write(stampsFile)
    return { first, count, perSecond: (count / (performance.now() - began)) * 1000 }
  },
  /** Tokens of so many runs, in turn; they are stamped when they are handed to the publisher. */
  async chunks({ perSecond, ms, streams }: { perSecond: number; ms: number; streams: number }) {
    const first = event + 1
    const offsets = new Map<string, number>()
    const began = performance.now()
    const count = await pace(perSecond, ms, index => {
      const { channel } = runAt(index % streams)
      const offset = offsets.get(channel.run) ?? 0
      offsets.set(channel.run, offset + 1)
      const number = nextEvent()
      stamps.set(number, sharedMicros())
      publisher.chunk(channel, { node: 'say', activation: '0123456789abcdef', offset, text: stampOf(number) })
    })
    stamps.write(stampsFile)
    return { first, count, perSecond: (count / (performance.now() - began)) * 1000 }
  },
  /** Entries to one run as fast as whoever watches tells of its progress on the bus: at most `ahead` more than that. */
  async hot({ index, entries, perTurn, ahead }: { index: number; entries: number; perTurn: number; ahead: number }) {
    const run = runAt(index)
    const began = sharedMicros()
    const progress = watchProgress(bus)
    for (let made = 0; made < entries; made += perTurn) {
      await progress.until(made - ahead)
      for (let one = 0; one < perTurn; one++) add(run)
      await new Promise(resolve => setImmediate(resolve))
    }
    await committer.idle()
    progress.end()
    return { began }
  },
  /** Reads the entries of a run after one of them right from the database, all in one query; answers how long it took. */
  async read({ index, after }: { index: number; after: number }) {
    const began = performance.now()
    const { run } = runAt(index).channel
    const { rows } = await sql<{ texts: string }>`
      select texts from spell_runner.batches where run = ${run} and last_seq > ${after} order by first_seq`.execute(
      database.kysely,
    )
    const count = rows.flatMap(({ texts }) => texts.split('\n')).length
    if (count < runAt(index).last - after) throw new Error(`${count} entries were read`)
    return performance.now() - began
  },
  /** Many entries to one run, that nobody is there for. */
  async bulk({ index, entries }: { index: number; entries: number }) {
    const run = runAt(index)
    for (let one = 0; one < entries; one++) add(run)
    await committer.idle()
    return { last: run.last }
  },
})

/** What `bench.progress` tells. */
function watchProgress(from: Bus) {
  let reached = 0
  let wake = () => {}
  const subscription = from.subscribe('bench.progress', ({ payload }) => {
    reached = Number(Buffer.from(payload).toString())
    wake()
  })
  return {
    async until(count: number) {
      while (reached < count) await new Promise<void>(resolve => (wake = resolve))
    },
    end: () => subscription.unsubscribe(),
  }
}
