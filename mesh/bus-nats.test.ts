import { afterEach, describe, expect, test } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNatsBus } from './bus-nats.ts'
import type { Bus, BusMessage } from './bus.ts'
import type { Log } from './log.ts'
import { createMetrics } from './telemetry.ts'

const PROGRAM = 'nats-server'
const isInstalled = spawnSync('sh', ['-c', `command -v ${PROGRAM}`]).status === 0
const CONFIGURATION = new URL('../deploy/nats/nats.conf', import.meta.url)
const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.stop()
}, 30_000)

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Starts a server; resolves when it takes connections. */
async function startServer(port: number, configuration?: string): Promise<{ stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-nats-'))
  const file = join(folder, 'nats.conf')
  if (configuration) writeFileSync(file, configuration)
  const child = spawn(PROGRAM, ['-a', '127.0.0.1', '-p', String(port), ...(configuration ? ['-c', file] : [])], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...PASSWORDS },
  })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk)
      if (said.includes('Server is ready')) resolve()
    })
    child.once('exit', () => reject(new Error(said)))
  })
  const server = {
    async stop() {
      await ended(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  running.push(server)
  return server
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

const SERVICES = [
  ...['user', 'cache', 'completion', 'huggingface', 'speech', 'weaviate', 'document', 'event', 'entity', 'search'],
  ...['spell-runner', 'edge'],
]
const PASSWORDS = Object.fromEntries(
  SERVICES.map(name => [`NATS_PASSWORD_${name.replace('-', '_').toUpperCase()}`, `p-${name}`]),
)

interface Open {
  readonly bus: Bus
  readonly said: Record<string, unknown>[]
  metrics(): Promise<string>
  /** Resolves when the bus tells of the next gap. */
  gap(): Promise<void>
}

let count = 0
async function open(url: string): Promise<Open> {
  const said: Record<string, unknown>[] = []
  const metrics = createMetrics()
  const say = (level: string) => (fields: object, message: string) => void said.push({ ...fields, level, message })
  const log: Log = {
    ...{ debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
    child: () => log,
  }
  const bus = await openNatsBus(url, { name: `i${++count}`, log, metrics })
  running.push({ stop: async () => bus[Symbol.asyncDispose]() })
  let told = Promise.withResolvers<void>()
  bus.onGap(() => {
    told.resolve()
    told = Promise.withResolvers()
  })
  return { bus, said, metrics: () => metrics.text(), gap: () => told.promise }
}

/** What comes for a subject, one after another. */
function listen({ bus }: Open, pattern: string) {
  const come: BusMessage[] = []
  let wake = () => {}
  bus.subscribe(pattern, message => {
    come.push(message)
    wake()
  })
  return async (): Promise<string> => {
    while (come.length === 0) await new Promise<void>(resolve => (wake = resolve))
    return Buffer.from(come.shift()?.payload ?? []).toString()
  }
}

/** Resolves when the condition holds; it is looked at with every turn. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setTimeout(resolve, 10))
}

const text = (value: string) => Buffer.from(value)

;(isInstalled ? describe : describe.skip)(`NATS${isInstalled ? '' : ' (skipped: no nats-server)'}`, () => {
  test('who subscribes while the bus ends is told nothing, and nothing breaks', async () => {
    const port = await freePort()
    await startServer(port)
    const { bus, said } = await open(`nats://127.0.0.1:${port}`)
    await until(() => bus.isReady())
    const ending = bus[Symbol.asyncDispose]()
    bus.subscribe('chg.v1.a.b.1', () => undefined).unsubscribe()
    await ending
    bus.subscribe('chg.v1.a.b.1', () => undefined).unsubscribe()
    expect(said.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('a bus opens while NATS is away, is not ready, and connects when NATS comes', async () => {
    const port = await freePort()
    const url = `nats://127.0.0.1:${port}`
    const [one, two] = [await open(url), await open(url)]
    expect([one.bus.isReady(), two.bus.isReady()]).toEqual([false, false])
    const next = listen(two, 'chg.v1.*.*.*')
    // Neither throws nor waits.
    one.bus.publish('chg.v1.a.b.1', text('lost'))
    await two.bus.settled()
    const gaps = [one.gap(), two.gap()]
    await startServer(port)
    await Promise.all(gaps)
    await until(() => one.bus.isReady() && two.bus.isReady())
    await two.bus.settled()
    one.bus.publish('chg.v1.a.b.1', text('found'))
    expect(await next()).toBe('found')
  }, 60_000)

  test('after an outage what is published arrives again, and everybody is told of a gap once all are back', async () => {
    const port = await freePort()
    const server = await startServer(port)
    const [one, two] = [await open(`nats://127.0.0.1:${port}`), await open(`nats://127.0.0.1:${port}`)]
    const next = listen(two, 'ev.v1.>')
    await two.bus.settled()
    one.bus.publish('ev.v1.a.b.c', text('1'))
    expect(await next()).toBe('1')
    await server.stop()
    await until(() => !one.bus.isReady() && !two.bus.isReady())
    one.bus.publish('ev.v1.a.b.c', text('lost'))
    // It does not wait for the end of the outage.
    await two.bus.settled()
    const gaps = [one.gap(), two.gap()]
    await startServer(port)
    await Promise.all(gaps)
    await until(() => one.bus.isReady() && two.bus.isReady())
    await two.bus.settled()
    one.bus.publish('ev.v1.a.b.c', text('2'))
    expect(await next()).toBe('2')
    expect(await two.metrics()).toMatch(/nats_events_total\{event="reconnect"\} 1/)
  }, 60_000)

  test('who was not cut off learns that another one was: what that one published meanwhile is lost', async () => {
    const port = await freePort()
    await startServer(port)
    await using relay = await openRelay(port)
    const [publisher, subscriber] = [
      await open(`nats://127.0.0.1:${relay.port}`),
      await open(`nats://127.0.0.1:${port}`),
    ]
    await subscriber.bus.settled()
    const gaps = [publisher.gap(), subscriber.gap()]
    relay.cut()
    await Promise.all(gaps)
    expect(await subscriber.metrics()).toMatch(/nats_events_total\{event="reconnect"\} 0/)
    expect(await publisher.metrics()).toMatch(/nats_events_total\{event="reconnect"\} 1/)
  }, 60_000)

  test('a subscriber that takes nothing any more is cut off by the server, and learns of the gap', async () => {
    const port = await freePort()
    await startServer(port, 'write_deadline: "200ms"\nmax_pending: 1MB\n')
    await using relay = await openRelay(port)
    const [publisher, slow] = [await open(`nats://127.0.0.1:${port}`), await open(`nats://127.0.0.1:${relay.port}`)]
    const next = listen(slow, 'tok.v1.>')
    await slow.bus.settled()
    const gap = slow.gap()
    relay.hold(true)
    const large = Buffer.alloc(500_000)
    let told = false
    void gap.then(() => (told = true))
    for (let times = 0; times < 100; times++) {
      publisher.bus.publish('tok.v1.a.b.c', large)
      await publisher.bus.settled()
    }
    relay.hold(false)
    await until(() => {
      publisher.bus.publish('tok.v1.a.b.c', large)
      return told
    })
    await until(() => slow.bus.isReady())
    await slow.bus.settled()
    publisher.bus.publish('tok.v1.a.b.c', text('last'))
    await until(async () => (await next()) === 'last')
    expect(await slow.metrics()).toMatch(/nats_events_total\{event="reconnect"\} [1-9]/)
  }, 60_000)

  test('a service says and hears what its user may; what is denied is an error in the log and a number', async () => {
    const port = await freePort()
    await startServer(port, readFileSync(CONFIGURATION, 'utf8').replace(/^port: 4222$/m, ''))
    const as = (name: string, password = `p-${name}`) => open(`nats://${name}:${password}@127.0.0.1:${port}`)
    const [runner, edge, completion, user] = [
      await as('spell-runner'),
      await as('edge'),
      await as('completion'),
      await as('user'),
    ]
    const heard = listen(edge, 'ev.v1.ada.s_1.*')
    const revoked = listen(edge, 'sys.v1.revoke.*')
    await edge.bus.settled()
    runner.bus.publish('ev.v1.ada.s_1.r_1', text('entry'))
    user.bus.publish('sys.v1.revoke.ada', text('1'))
    expect([await heard(), await revoked()]).toEqual(['entry', '1'])
    // The edge has no say in what happened.
    edge.bus.publish('ev.v1.ada.s_1.r_1', text('forged'))
    completion.bus.subscribe('ev.v1.>', () => {})
    user.bus.publish('chg.v1.ada.s_1.2', text('forged'))
    runner.bus.subscribe('>', () => {})
    for (const one of [edge, completion, user, runner]) {
      await until(async () => (await one.metrics()).includes('nats_events_total{event="denied"} 1\n'))
      expect(one.said).toContainEqual(
        expect.objectContaining({ level: 'error', message: expect.stringContaining('denies') as unknown }),
      )
    }
    runner.bus.publish('ev.v1.ada.s_1.r_1', text('next'))
    expect(await heard()).toBe('next')
    for (const [name, password] of [
      ['edge', 'wrong'],
      ['nobody', 'p'],
      ['', ''],
    ] as const)
      await expect(as(name, password)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  }, 60_000)

  test('a server is reached by its name with any password, and none is told where it cannot be reached', async () => {
    const port = await freePort()
    const url = `nats://spell-runner:12%3A34@localhost:${port}`
    const early = await open(url)
    expect(JSON.stringify(early.said)).toContain('trying on')
    expect(JSON.stringify(early.said)).not.toMatch(/12(?:%3A|:)34/)
    await startServer(port, 'authorization { user: "spell-runner", password: "12:34" }')
    const late = await open(url)
    await until(async () => early.bus.isReady())
    const heard = listen(early, 'sys.v1.revoke.*')
    await early.bus.settled()
    late.bus.publish('sys.v1.revoke.ada', text('1'))
    expect(await heard()).toBe('1')
  }, 60_000)

  test('an address that is none is refused with what was expected', async () => {
    await expect(open('localhost')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'NATS_URL' }],
    })
  })
})

/** A link that can be cut, or held in the direction of the client. */
async function openRelay(target: number) {
  const sockets = new Set<Socket>()
  const inners = new Set<Socket>()
  const server = createServer(inner => {
    const outer = connect(target, '127.0.0.1')
    inners.add(outer)
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    hold(held: boolean) {
      for (const socket of inners)
        if (held) socket.pause()
        else socket.resume()
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
