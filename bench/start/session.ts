import { fileURLToPath } from 'node:url'
import { createClient } from '#client/index.ts'
import type { RunHandle, SpellmeshClient } from '#client/types.ts'
import type { Goal, Result } from '../harness.ts'
import { atMost, noGoal, toPartResult } from '../harness.ts'
import { greeter, openAccount, talker } from './account.ts'
import { startServer } from './boot.ts'
import type { Workshop } from './programs.ts'

const BLOCKS = 10
const RUNS = 25
/** Blocks that only warm up. */
const WARM_UP = 3
const FLOOR_SERVER = fileURLToPath(new URL('./floor-session.ts', import.meta.url))
const FLOOR = 'bare uWebSockets.js message, one PGlite commit, message back'

/** What a person waits for after pressing run, over one session, one run at a time. All in milliseconds. */
export async function measureSession(workshop: Workshop, folder: string): Promise<Result[]> {
  // The limit of commands is not what is measured here.
  const settings = { COMMANDS_PER_SECOND: '1000000', LOCAL_MODEL_DELAY_MS: '1' }
  const server = await startServer(workshop, folder, settings)
  const floorServer = await workshop.start(FLOOR_SERVER, [workshop.folder()])
  const { token, rest } = await openAccount(server.ready)
  const floor = await openFloor(floorServer.ready)
  const spells = [(await rest.createSpell(greeter)).id, (await rest.createSpell(talker)).id] as const
  const entry: number[][] = []
  const end: number[][] = []
  const chunk: number[][] = []
  const bare: number[][] = []
  for (let block = -WARM_UP; block < BLOCKS; block++) {
    const client = await openSession(server.ready, token, spells)
    const runs = await times(RUNS, () => timeRun(client, spells[0]))
    const trips = await times(RUNS, () => timeTrip(floor))
    const streams = await times(Math.ceil(RUNS / 3), () => timeChunk(client, spells[1]))
    client.close()
    if (block < 0) continue
    entry.push(runs.map(one => one.entry))
    end.push(runs.map(one => one.end))
    bare.push(trips)
    chunk.push(streams)
  }
  floor.close()
  await Promise.all([server.stop(), floorServer.stop()])
  const line = (name: string, part: number, blocks: number[][], goal: Goal) =>
    toPartResult(`${name}, p${part * 100}`, 'ms', part, blocks, { name: FLOOR, blocks: bare }, goal)
  return [
    line('run.start → first entry', 0.5, entry, atMost(10, 'ms')),
    line('run.start → first entry', 0.99, entry, atMost(40, 'ms')),
    line('run.start → first token', 0.5, chunk, noGoal),
    line('run.start → first token', 0.99, chunk, noGoal),
    line('session run of 3 nodes, to its verified end', 0.5, end, atMost(1, 'ms')),
    line('session run of 3 nodes, to its verified end', 0.99, end, atMost(3, 'ms')),
  ]
}

/** A session of its own, in which each spell was run once. */
async function openSession(url: string, token: string, spells: readonly string[]): Promise<SpellmeshClient> {
  const client = createClient({
    url,
    name: 'bench',
    version: '1',
    authenticate: async () => ({ token }),
    token: async () => token,
  })
  for (const spell of spells) {
    await client.openSpell(spell)
    await (
      await client.startRun(spell)
    ).completed
  }
  return client
}

async function times<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const all: T[] = []
  for (let i = 0; i < count; i++) all.push(await work())
  return all
}

async function timeRun(client: SpellmeshClient, spell: string): Promise<{ entry: number; end: number }> {
  const began = performance.now()
  const run = await client.startRun(spell)
  await firstEntry(run)
  const entry = performance.now() - began
  const { terminal } = await run.completed
  const end = performance.now() - began
  if (terminal.kind !== 'run.completed' || terminal.outputs['greeting'] !== 'Hello world')
    throw new Error(`the run ended as ${JSON.stringify(terminal)}`)
  run.release()
  return { entry, end }
}

/** Resolves when the first entry is there; it may have come with the answer. */
function firstEntry(run: RunHandle): Promise<void> {
  if (run.entries.length > 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    run.onEntries(() => resolve())
    run.completed.catch(reject)
  })
}

async function timeChunk(client: SpellmeshClient, spell: string): Promise<number> {
  const began = performance.now()
  const run = await client.startRun(spell)
  let passed = Number.NaN
  const stop = run.onChunk(({ text }) => {
    if (text === '') return
    passed = performance.now() - began
    stop()
  })
  await run.completed
  run.release()
  if (Number.isNaN(passed)) throw new Error('no token came')
  return passed
}

function openFloor(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket), { once: true })
    socket.addEventListener('error', () => reject(new Error(`${url} does not open`)), { once: true })
  })
}

async function timeTrip(socket: WebSocket): Promise<number> {
  const began = performance.now()
  await new Promise<void>((resolve, reject) => {
    socket.onmessage = () => resolve()
    socket.onclose = () => reject(new Error('the floor closed'))
    socket.send('run')
  })
  return performance.now() - began
}
