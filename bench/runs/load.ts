// Run in a process of its own: sessions that start runs, and wait for their verified end; and the same by REST.
import { serveCommands } from '../mesh/commands.ts'
import { HttpLines } from './http-lines.ts'
import { RunSocket } from './run-socket.ts'
import type { Account } from './run-socket.ts'

interface Took {
  readonly first: number[]
  readonly end: number[]
}

let sockets: RunSocket[] = []
let lines: HttpLines[] = []
const faults: string[] = []
/** What was on its way when a runner was killed has arrived by then. */
const STILL_MICROS = 500_000

const live = () => sockets.flatMap(socket => socket.live)

async function until(holds: () => boolean, withinMs: number, late = () => ''): Promise<void> {
  for (const end = performance.now() + withinMs; !holds();) {
    if (faults.length > 0) throw new Error(faults[0])
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms ${late()}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

await serveCommands({
  /** A socket for each account; `bare`: of the floor. */
  async open({ url, kind, accounts }: { url: string; kind: 'edge' | 'bare'; accounts: readonly Account[] }) {
    for (const socket of sockets) socket.close()
    sockets = await Promise.all(accounts.map(account => RunSocket.open(url, kind, account)))
  },
  async one({ ms }: { ms: number }): Promise<Took> {
    const took: Took = { first: [], end: [] }
    const [socket] = sockets
    for (const until = performance.now() + ms; performance.now() < until;) await runOnce(socket, took)
    return took
  },
  async many({ inFlight, ms }: { inFlight: number; ms: number }) {
    const took: Took = { first: [], end: [] }
    const began = performance.now()
    const worker = async (index: number) => {
      while (performance.now() - began < ms) await runOnce(sockets[index % sockets.length], took)
    }
    await Promise.all(Array.from({ length: inFlight }, (_, index) => worker(index)))
    return { ...took, perSecond: (took.end.length / (performance.now() - began)) * 1000 }
  },
  /** Starts so many runs over each socket; resolves when all have entries. */
  async begin({ each }: { each: number }) {
    for (const socket of sockets)
      for (let run = 0; run < each; run++) socket.run().catch((error: unknown) => faults.push(String(error)))
    await until(() => live().length === sockets.length * each && live().every(({ seq }) => seq > 3), 30_000)
  },
  /** How long after a moment the runs went on that were taken over, in seconds; resolves when every run has gone on. */
  async moved({ began, withinMs }: { began: number; withinMs: number }) {
    const still = () => live().filter(({ at }) => at <= began + STILL_MICROS)
    await until(
      () => still().length === 0,
      withinMs,
      () => `${still().length} of ${live().length} runs have not gone on: ${JSON.stringify(still().slice(0, 2))}`,
    )
    const moved = live().flatMap(({ movedAt }) => (movedAt > began ? [(movedAt - began) / 1e6] : []))
    return { moved, stayed: live().length - moved.length }
  },
  cancel() {
    for (const socket of sockets) for (const { id } of socket.live) socket.cancel(id)
    faults.length = 0
  },
  /** Keep-alive connections, each with a request that is asked again and again. */
  async connect({ url, asked, connections }: { url: string; asked: readonly string[]; connections: number }) {
    for (const line of lines) line.close()
    const opened = Array.from({ length: connections }, (_, index) =>
      HttpLines.open(url, asked[index % asked.length] ?? ''),
    )
    lines = await Promise.all(opened)
  },
  async ask({ ms, connections, expected }: { ms: number; connections: number; expected: string }) {
    const took: number[] = []
    const began = performance.now()
    const worker = async (line: HttpLines) => {
      while (performance.now() - began < ms) {
        const asked = performance.now()
        await line.ask(expected)
        took.push(performance.now() - asked)
      }
    }
    await Promise.all(lines.slice(0, connections).map(worker))
    return { took, perSecond: (took.length / (performance.now() - began)) * 1000 }
  },
  /** So many a second, each by the next connection that is free, from when it was due. */
  async pace({ perSecond, ms, expected }: { perSecond: number; ms: number; expected: string }) {
    const took: number[] = []
    const began = performance.now()
    const all = Math.round((perSecond * ms) / 1000)
    let next = 0
    const worker = async (line: HttpLines) => {
      for (let index = next++; index < all; index = next++) {
        const due = began + (index * 1000) / perSecond
        const early = due - performance.now()
        if (early > 0) await new Promise(resolve => setTimeout(resolve, early))
        await line.ask(expected)
        took.push(performance.now() - due)
      }
    }
    await Promise.all(lines.map(worker))
    return { took }
  },
})

async function runOnce(socket: RunSocket | undefined, took: Took): Promise<void> {
  if (!socket) throw new Error('no socket is open')
  const { first, end } = await socket.run()
  took.first.push(first)
  took.end.push(end)
}
