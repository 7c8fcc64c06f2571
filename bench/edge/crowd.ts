// Run in a process of its own: the clients. Each is a socket and a few numbers; entries are checked for gaps and repeats, and their stamps noted.
import { readFileSync } from 'node:fs'
import { openNatsBus } from '#mesh/bus-nats.ts'
import { createLog } from '#mesh/log.ts'
import { createMetrics } from '#mesh/telemetry.ts'
import { sharedMicros } from '../mesh/clock.ts'
import { serveCommands } from '../mesh/commands.ts'
import { Stamps } from '../mesh/stamps.ts'
import type { Member } from './members.ts'
import { openReturning } from './returning.ts'
import type { Returning } from './returning.ts'
import { Seat } from './seat.ts'
import type { Crowd } from './seat.ts'

const [natsUrl = '', stampsFile = ''] = process.argv.slice(2)
const bus = await openNatsBus(natsUrl, { name: 'bench-crowd', log: createLog('error'), metrics: createMetrics() })
interface Opening {
  readonly kind: Crowd['kind']
  /** Of WebSockets: the next one where one fails. */
  readonly urls: readonly string[]
  /** How many there are to be. */
  readonly count: number
  readonly watch?: boolean
  readonly stamps?: boolean
  /** The member that all of them are; absent: one after the other. */
  readonly one?: number
}

let members: readonly Member[] = []
const seats: Seat[] = []
const stamps = new Stamps()
const crowd: Crowd = {
  urls: [],
  kind: 'edge',
  stamps: true,
  stamp: (event, at) => stamps.set(event, at),
  faults: [],
  changed: () => {},
}

let returning: Returning | undefined
const AT_ONCE = 64

/** Waits until this holds; rejects with how it stands when it does not in time. */
async function until(holds: () => boolean, withinMs: number, standing: () => string): Promise<void> {
  const late = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > late) throw new Error(`not within ${withinMs} ms: ${standing()}`)
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, 50)
      crowd.changed = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
  crowd.changed = () => {}
}

function shrink(count: number): void {
  for (const seat of seats.splice(count)) seat.leave()
  crowd.faults.length = 0
}

const total = (of: (seat: Seat) => number) => seats.reduce((sum, seat) => sum + of(seat), 0)
const standing = () =>
  `${total(seat => (seat.isReady ? 1 : 0))} of ${seats.length} are connected, ${total(seat => seat.received)} entries came, ` +
  `${crowd.faults.length} faults${crowd.faults.length > 0 ? `: ${crowd.faults.slice(0, 3).join('; ')}` : ''}`

await serveCommands({
  members({ file }: { file: string }) {
    members = JSON.parse(readFileSync(file, 'utf8')) as Member[]
  },
  /** Opens sockets up to a number of them; `run`: the run of this member for all, else everybody's own. */
  async open(given: Opening) {
    const { kind, urls, count, watch = true, stamps: isStamped = true, one } = given
    Object.assign(crowd, { kind, urls, stamps: isStamped })
    const began = performance.now()
    const worker = async () => {
      while (seats.length < count) {
        const index = seats.length
        const member = members[one ?? index % members.length]
        if (!member) throw new Error('there are no members')
        const seat = new Seat(crowd, member, watch)
        seats.push(seat)
        await seat.open()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    if (watch) await until(() => seats.every(seat => seat.isCaughtUp), 30_000, standing)
    return { ms: performance.now() - began }
  },
  leave: () => shrink(0),
  shrink: ({ count }: { count: number }) => shrink(count),
  /** Waits until all together have received so many more entries than at the last call of `mark`. */
  async received({ count, withinMs }: { count: number; withinMs: number }) {
    await until(() => total(seat => seat.received) >= count, withinMs, standing)
    return { at: sharedMicros() }
  },
  mark() {
    for (const seat of seats) seat.mark()
    crowd.faults.length = 0
  },
  /** Tells whoever makes the events how far the crowd is, on the bus, whenever the last seat has so many more. */
  progress({ every, by }: { every: number; by: 'bus' | 'socket' }) {
    const seat = seats.at(-1)
    if (!seat) throw new Error('nobody is here')
    seat.everyReceived(every, count => {
      if (by === 'bus') bus.publish('bench.progress', Buffer.from(String(count)))
      else seat.tell(count)
    })
  },
  stamps: () => stamps.write(stampsFile),
  faults: () => crowd.faults,
  /** Drops all sockets at once; all come back as the client does, until they are where the journal is. */
  async drop({ withinMs }: { withinMs: number }) {
    const began = sharedMicros()
    for (const seat of seats) seat.drop()
    return untilBack(began, withinMs)
  },
  /** Waits until everybody is connected. */
  settled: ({ withinMs }: { withinMs: number }) => until(() => seats.every(seat => seat.isReady), withinMs, standing),
  /** For sockets that are dropped by somebody else: waits until all are back. */
  async back({ began, withinMs }: { began: number; withinMs: number }) {
    await until(() => seats.some(seat => !seat.isReady), withinMs, standing)
    return untilBack(began, withinMs)
  },
  /** One client of the SDK follows a member's run, and is cut off. */
  async follow({ url, index }: { url: string; index: number }) {
    const member = members[index]
    if (!member) throw new Error('there is no such member')
    returning = await openReturning(url, member)
  },
  cut: () => returning?.cut(),
  rejoin: ({ last }: { last: number }) => returning?.back(last),
})

async function untilBack(began: number, withinMs: number): Promise<{ ms: number; each: number[]; tries: number }> {
  await until(() => seats.every(seat => seat.isReady && seat.isCaughtUp), withinMs, standing)
  const each = seats.map(seat => (seat.backAt - began) / 1000)
  return { ms: (Math.max(...seats.map(seat => seat.backAt)) - began) / 1000, each, tries: total(seat => seat.tries) }
}
