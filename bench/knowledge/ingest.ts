import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingPrograms, startGround } from '#test/processes.ts'
import { atLeast, atMost, failed, noGoal, toResult } from '../harness.ts'
import type { Goal, Result } from '../harness.ts'
import { ask } from '../mesh/commands.ts'
import { scaled } from '../mesh/scale.ts'
import type { Program, Workshop } from '../start/programs.ts'
import { writePdf, writeText } from './texts.ts'

const HOST = fileURLToPath(new URL('./ingest-host.ts', import.meta.url))
const ROUNDS = 2
const SMALL_MB = scaled(20, 4)
/** Words of it are indexed as well, which takes longer than reading. */
const SERVICE_MB = scaled(8, 1)
const LARGE_MB = scaled(100, 10)
const PAGES = scaled(400, 40)

interface Taken {
  readonly ms: number
  readonly pieces: number
  readonly pages: number
  readonly storedMs?: number
  readonly memoryMb: number
}

/** How fast files become pieces, and what memory that takes: the reading threads alone, and the document service from the upload to `ready`, without vectors. */
export async function measureIngest(workshop: Workshop): Promise<readonly Result[]> {
  const files = workshop.folder()
  const results = await measureReading(workshop, files)
  results.push(...(await measureService('PGlite', workshop, files, '', noGoal)))
  const missing = missingPrograms()
  if (missing.length > 0) return [...results, failed('documents on PostgreSQL', `${missing.join(', ')} not installed`)]
  const ground = await startGround()
  try {
    const { DATABASE_URL } = ground.settings
    const memory = `${LARGE_MB} MB of text uploaded and stored on PostgreSQL, above idle`
    return [
      ...results,
      ...(await measureService('PostgreSQL', workshop, files, DATABASE_URL, atLeast(5, 'MB/s'))),
      ...(await measureMemory(workshop, files, 'ingest', memory, DATABASE_URL)),
    ]
  } finally {
    await ground[Symbol.asyncDispose]()
  }
}

async function measureReading(workshop: Workshop, files: string): Promise<Result[]> {
  const host = await start(workshop, '')
  try {
    const [ours, floor, pages]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round <= ROUNDS; round++) {
      const path = fileOf(files, `read-${round}.txt`, SMALL_MB, round + 1)
      const bare = SMALL_MB / seconds(await ask<Taken>(host, 'bare', { path }))
      const read = SMALL_MB / seconds(await ask<Taken>(host, 'read', { path }))
      const pdf = join(files, `pages-${round}.pdf`)
      writePdf(pdf, PAGES, round + 1)
      const taken = await ask<Taken>(host, 'read', { path: pdf })
      // Compilers warm up.
      if (round === 0) continue
      floor.push(bare)
      ours.push(read)
      pages.push(taken.pages / seconds(taken))
    }
    const against = { name: 'the file read and decoded, no more', values: floor }
    return [
      toResult('text → pieces, reading threads', 'MB/s', ours, against, atLeast(5, 'MB/s')),
      toResult('PDF → pieces, reading threads', 'pages/s', pages, undefined, atLeast(50, 'pages/s')),
      ...(await measureMemory(workshop, files, 'read', `${LARGE_MB} MB of text read, above idle`)),
    ]
  } finally {
    await host.stop()
  }
}

async function measureService(where: string, workshop: Workshop, files: string, database: string, goal: Goal) {
  const host = await start(workshop, database)
  try {
    const [stored, ready]: [number[], number[]] = [[], []]
    for (let round = 0; round <= ROUNDS; round++) {
      const path = fileOf(files, `${where}-${round}.txt`, SERVICE_MB, 100 + round)
      const taken = await ask<Taken>(host, 'ingest', { path, whole: true })
      if (round === 0) continue
      stored.push((SERVICE_MB / (taken.storedMs ?? Number.NaN)) * 1000)
      ready.push(SERVICE_MB / seconds(taken))
    }
    return [
      toResult(`text uploaded → its pieces stored, ${where}`, 'MB/s', stored, undefined, goal),
      toResult(`text uploaded → found by words, ${where}`, 'MB/s', ready, undefined, noGoal),
    ]
  } finally {
    await host.stop()
  }
}

/** In a process of its own, where nothing was read before. */
async function measureMemory(workshop: Workshop, files: string, command: string, name: string, database = '') {
  const host = await start(workshop, database)
  try {
    const path = fileOf(files, `large-${command}-${database.length}.txt`, LARGE_MB, 1000)
    await ask(host, 'settle')
    const taken = await ask<Taken>(host, command, { path, whole: false })
    const rate = toResult(`${name}: speed`, 'MB/s', [LARGE_MB / seconds(taken)], undefined, noGoal)
    return [toResult(name, 'MB', [taken.memoryMb], undefined, atMost(200, 'MB')), rate]
  } finally {
    await host.stop()
  }
}

function start(workshop: Workshop, database: string): Promise<Program> {
  return workshop.start(HOST, [workshop.folder(), database])
}

function fileOf(folder: string, name: string, megabytes: number, seed: number): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeText(path, megabytes, seed)
  return path
}

function seconds({ ms }: Taken): number {
  return ms / 1000
}
