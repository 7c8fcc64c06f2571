// What is done to a mesh at work. Each fault ends with everything healed and running again.
import type { Oracle } from './oracle.ts'
import type { Outside } from './outside.ts'
import type { Random } from './random.ts'
import type { Part, System } from './system.ts'
import type { Observer } from './client.ts'
import type { Link } from './link.ts'

export interface Stage {
  readonly system: System
  readonly outside: Outside
  readonly oracle: Oracle
  readonly observers: () => readonly Observer[]
  readonly random: Random
  /** In the long form times are as in life. */
  readonly long: boolean
  /** How long something took to come back, in milliseconds. */
  readonly recovered: (what: 'runs go on' | 'clients are back', ms: number) => void
  readonly log: (text: string) => void
}

export type Fault = (stage: Stage) => Promise<void>

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

function partOf({ system, random }: Stage, kind: string): Part {
  const names = [...system.parts.keys()].filter(name => name.startsWith(kind)).toSorted()
  const part = system.parts.get(names[random.below(names.length)] ?? '')
  if (!part) throw new Error(`no part is called ${kind}`)
  return part
}

/** The runner with the most runs at work. */
async function busiest(stage: Stage): Promise<Part> {
  const [most] = (await stage.oracle.query(
    `select substring(l.address from ':(.*)')::integer as port from spell_runner.runs r join spell_runner.runners l on l.id = r.runner
     where r.ended_at = 0 and l.lease_until > now() group by l.address order by count(*) desc limit 1`,
  )) as readonly { port: number }[]
  const { links, parts } = stage.system
  const found = [...parts.values()].find(({ name }) => links.get(`edges→${name}`)?.port === most?.port)
  return found ?? partOf(stage, 'runner')
}

function linkOf({ system }: Stage, name: string): Link {
  const link = system.links.get(name)
  if (!link) throw new Error(`no link is called ${name}; there are ${[...system.links.keys()].join(', ')}`)
  return link
}

const killed =
  (kind: string): Fault =>
  async stage => {
    const part = kind === 'runner' ? await busiest(stage) : partOf(stage, kind)
    stage.log(`kill -9 ${part.name}`)
    const watching = kind === 'runner' ? await runsOf(stage, part) : undefined
    const back = kind === 'edge' ? clientsBack(stage) : undefined
    await part.stop('SIGKILL')
    stage.outside.excuse()
    await Promise.all([watching?.(), back])
    await part.start()
  }

/** Watches the runs at work at a runner go on elsewhere. */
async function runsOf({ oracle, system, recovered }: Stage, { name }: Part): Promise<() => Promise<void>> {
  const port = system.links.get(`edges→${name}`)?.port
  const before = (await oracle.query(
    `select r.id, r.attempt from spell_runner.runs r join spell_runner.runners l on l.id = r.runner
     where r.ended_at = 0 and r.status = 'running' and l.address like '%:${port}'`,
  )) as readonly { id: string; attempt: number }[]
  return async () => {
    const at = performance.now()
    let left = new Map(before.map(({ id, attempt }) => [id, attempt]))
    while (left.size > 0 && performance.now() - at < 30_000) {
      await pause(50)
      const ids = [...left.keys()].map(id => `'${id}'`).join()
      const rows = (await oracle.query(
        `select id, attempt, ended_at from spell_runner.runs where id in (${ids})`,
      )) as readonly { id: string; attempt: number; ended_at: string }[]
      for (const { id, attempt, ended_at: ended } of rows) {
        if (Number(ended) === 0 && attempt <= (left.get(id) ?? 0)) continue
        left = new Map([...left].filter(([one]) => one !== id))
        // What was committed as ended just before it died need not go on.
        if (attempt > (before.find(one => one.id === id)?.attempt ?? 0)) recovered('runs go on', performance.now() - at)
      }
    }
  }
}

/** Resolves when all clients that lose their connection are back; for a second it is seen who does. */
async function clientsBack({ observers, recovered }: Stage): Promise<void> {
  const at = performance.now()
  const waiting = observers().map(
    ({ client }) =>
      new Promise<void>(resolve => {
        let lost = client.status !== 'open'
        const stop = client.on('status', ({ status }) => {
          if (status !== 'open') lost = true
          else if (lost) end(true)
        })
        const end = (isBack: boolean) => {
          stop()
          if (isBack) recovered('clients are back', performance.now() - at)
          resolve()
        }
        setTimeout(() => !lost && end(false), 1_000)
        setTimeout(() => end(false), 30_000).unref()
      }),
  )
  await Promise.all(waiting)
}

const frozen =
  (kind: string, ms: (random: Random) => number): Fault =>
  async stage => {
    const part = kind === 'runner' ? await busiest(stage) : partOf(stage, kind)
    const time = ms(stage.random)
    stage.log(`freeze ${part.name} for ${time} ms`)
    stage.outside.excuse()
    part.signal('SIGSTOP')
    await pause(time)
    part.signal('SIGCONT')
    stage.outside.excuse()
  }

const natsAway =
  (shortMs: number, longMs: number): Fault =>
  async ({ system, long, log }) => {
    const ms = long ? longMs : shortMs
    log(`NATS is away for ${ms} ms`)
    await system.nats.stop('SIGKILL')
    await pause(ms)
    await system.nats.start()
  }

const postgresKilled =
  (signal: NodeJS.Signals, awayMs: number): Fault =>
  async ({ system, outside, log }) => {
    log(`${signal} to PostgreSQL, away for ${awayMs} ms`)
    outside.excuse()
    await system.postgres.stop(signal)
    await pause(awayMs)
    await system.postgres.start()
    outside.excuse()
  }

/** Does something to a link for a while. */
const onLink =
  (pattern: RegExp, what: string, work: (link: Link) => void, ms: number): Fault =>
  async stage => {
    const names = [...stage.system.links.keys()].filter(name => pattern.test(name)).toSorted() as [string, ...string[]]
    const name = stage.random.pick(names)
    stage.log(`${what}: ${name}, ${ms} ms`)
    stage.outside.excuse()
    const link = linkOf(stage, name)
    work(link)
    await pause(ms)
    link.heal()
    stage.outside.excuse()
  }

const cutOff = (link: Link) => {
  link.refuse(true)
  link.cut()
}

const clockJumps =
  (kind: string): Fault =>
  async stage => {
    const part = partOf(stage, kind)
    stage.log(`the clock of ${part.name} jumps ahead, and back again`)
    part.signal('SIGUSR2')
    await pause(3_000)
    part.signal('SIGUSR2')
    await pause(1_000)
  }

const natsTricks: Fault = async ({ system, log, long }) => {
  const before = system.tricks()
  system.trick({ twice: 0.15, late: 0.15, never: 0.05 })
  await pause(long ? 15_000 : 4_000)
  system.trick({ twice: 0, late: 0, never: 0 })
  log(`messages came twice, late or never: ${system.tricks() - before}`)
}

/** A client that reads nothing more, and then everything. */
const slowClient: Fault = async stage => {
  stage.log('clients stop reading')
  const link = linkOf(stage, 'clients→edges')
  link.hold('back')
  await pause(stage.long ? 15_000 : 3_000)
  link.heal()
}

const rollingRestart: Fault = async ({ system, log, outside }) => {
  for (const name of [...system.parts.keys()].toSorted().toReversed()) {
    const part = system.parts.get(name)
    if (!part) continue
    outside.excuse()
    const at = performance.now()
    const status = await part.stop('SIGTERM')
    log(`restart ${part.name}: ended with ${status} after ${Math.round(performance.now() - at)} ms`)
    if (status !== 0) throw new Error(`${part.name} ended with ${status} at SIGTERM`)
    await part.start()
  }
}

/** All of them at once; it ends when all are healed. */
const together =
  (...faults: readonly Fault[]): Fault =>
  async stage => {
    await Promise.all(faults.map(fault => fault(stage)))
  }

/** All faults, by name. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map([
  ['runner killed', killed('runner')],
  ['edge killed', killed('edge')],
  ['completion killed', killed('completion')],
  ['user killed', killed('user')],
  ['cache killed', killed('cache')],
  ['runner frozen beyond its lease', frozen('runner', random => 5_000 + random.below(3_000))],
  ['runner stalled', frozen('runner', random => 1_000 + random.below(1_500))],
  ['edge frozen', frozen('edge', random => 2_000 + random.below(6_000))],
  ['completion frozen', frozen('completion', random => 1_000 + random.below(3_000))],
  ['NATS restarted', natsAway(0, 0)],
  ['NATS away', natsAway(5_000, 60_000)],
  ['PostgreSQL killed', postgresKilled('SIGKILL', 500)],
  ['PostgreSQL ended at once', postgresKilled('SIGQUIT', 3_000)],
  ['runner cut off from PostgreSQL', onLink(/^runner-\d→postgres/, 'cut', cutOff, 6_000)],
  ['link cut for a moment', onLink(/./, 'cut', link => link.cut(), 500)],
  ['link cut', onLink(/./, 'cut and refused', cutOff, 4_000)],
  ['nothing comes there', onLink(/./, 'one way: nothing goes there', link => link.hold('there'), 7_000)],
  ['nothing comes back', onLink(/./, 'one way: nothing comes back', link => link.hold('back'), 7_000)],
  ['half open', onLink(/./, 'half open', link => link.vanish(), 7_000)],
  ['slow link', onLink(/./, 'slow', link => link.delay(150), 5_000)],
  ['runner’s clock jumps', clockJumps('runner')],
  ['edge’s clock jumps', clockJumps('edge')],
  ['completion’s clock jumps', clockJumps('completion')],
  ['messages twice, late and lost', natsTricks],
  ['clients stop reading', slowClient],
  ['rolling restart', rollingRestart],
  ['runner and completion killed together', together(killed('runner'), killed('completion'))],
  ['runner killed while NATS is away', together(natsAway(3_000, 6_000), killed('runner'))],
  ['edge killed while PostgreSQL is away', together(postgresKilled('SIGKILL', 2_000), killed('edge'))],
])
