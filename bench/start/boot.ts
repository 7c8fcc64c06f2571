import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Result } from '../harness.ts'
import { atMost, toResult } from '../harness.ts'
import type { Goal } from '../harness.ts'
import { bareNodeMs } from './programs.ts'
import type { Workshop } from './programs.ts'

const FLOOR = fileURLToPath(new URL('./floor-pglite.ts', import.meta.url))
const SERVER = { PORT: '0', HOST: '127.0.0.1', REGISTRATION: 'open' }

/** Starts the whole system in one process. */
export const startServer = (workshop: Workshop, folder: string, settings: Readonly<Record<string, string>> = {}) =>
  workshop.start('mesh/main.ts', [], { ...SERVER, DATA_DIR: folder, ...settings })

/** Starts a process that opens a folder's Postgres and does nothing else. */
export const startPglite = (workshop: Workshop, folder: string) => workshop.start(FLOOR, [join(folder, 'postgres')])

interface Times {
  readonly ours: number[]
  readonly pglite: number[]
  readonly node: number[]
}

/** Time from the spawn to the ready line, with a new folder and with one that was used before. */
export async function measureStart(workshop: Workshop, rounds = 3): Promise<Result[]> {
  const first: Times = { ours: [], pglite: [], node: [] }
  const again: Times = { ours: [], pglite: [], node: [] }
  const timed = async (start: typeof startServer | typeof startPglite, folder: string, times: number[]) => {
    const program = await start(workshop, folder)
    times.push(program.readyMs)
    await program.stop()
  }
  for (let round = 0; round < rounds; round++) {
    const [ours, bare] = [workshop.folder(), workshop.folder()]
    for (const times of [first, again]) {
      times.node.push(await bareNodeMs())
      // Who goes first alternates.
      if (round % 2 === 0) await timed(startServer, ours, times.ours)
      await timed(startPglite, bare, times.pglite)
      if (round % 2 === 1) await timed(startServer, ours, times.ours)
    }
  }
  return [
    ...toResults('start-up, new folder', first, atMost(6000, 'ms')),
    ...toResults('start-up, folder of before', again, atMost(3000, 'ms')),
  ]
}

function toResults(name: string, { ours, pglite, node }: Times, goal: Goal): Result[] {
  return [
    toResult(name, 'ms', ours, { name: 'bare Node that opens such a folder with PGlite', values: pglite }, goal),
    toResult(`${name}, against no work`, 'ms', ours, { name: 'node -e 0', values: node }, goal),
  ]
}

/** Time from `npm start` to the editor's page, answered whole, in a folder that was used before: it is, after this. */
export async function measurePage(workshop: Workshop, folder: string, rounds = 3): Promise<Result> {
  const program = await startServer(workshop, folder)
  await program.stop()
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    const started = await workshop.command('npm', ['start', '--silent'], { ...SERVER, DATA_DIR: folder })
    await readPage(started.ready)
    times.push(performance.now() - began)
    await started.stop()
  }
  return toResult('npm start → page answered, folder of before', 'ms', times, undefined, atMost(3000, 'ms'))
}

function readPage(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { accept: 'text/html' } }, response => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += String(chunk)))
      response.on('end', () => {
        if (response.statusCode === 200 && text.includes('<script')) resolve()
        else reject(new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 200)}`))
      })
    }).once('error', reject)
  })
}
