import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { DeepPartial, QueryRequest } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Client } from '#mesh/service.ts'
import { missingPrograms, startGround } from '#test/processes.ts'
import { atLeast, atMost, failed, noGoal, toPartResult, toResult } from '../harness.ts'
import type { Goal, Result } from '../harness.ts'
import { scaled } from '../mesh/scale.ts'
import { createMaterial } from './vectors.ts'

type Store = Client<typeof WeaviateServiceDefinition>

const DIMENSIONS = 384
const OBJECTS = scaled(100_000, 2_000)
const BATCH = 256
const QUESTIONS = scaled(400, 60)
const CHECKED = scaled(60, 20)
const BLOCKS = 4
const COLLECTION = 'things'
const CALLER = { user: 'bench', service: 'edge' }
const CALL = { deadlineMs: 600_000 }

/** Objects of 384 dimensions in the vector store, through its service's contract: how fast they are stored, found, and how many of the truly nearest are found. */
export async function measureStore(): Promise<readonly Result[]> {
  return [...(await measurePostgres()), ...(await measureEmbedded())]
}

async function measurePostgres(): Promise<readonly Result[]> {
  const missing = missingPrograms()
  if (missing.length > 0) return [failed('vector store on PostgreSQL', `${missing.join(', ')} not installed`)]
  const ground = await startGround()
  try {
    return await measureOn('PostgreSQL', { DATABASE_URL: ground.settings.DATABASE_URL }, true)
  } finally {
    await ground[Symbol.asyncDispose]()
  }
}

async function measureEmbedded(): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-vectors-'))
  try {
    return await measureOn('PGlite', { DATA_DIR: folder }, false)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `hasGoals`: what is promised is promised of a server. */
async function measureOn(where: string, source: Readonly<Record<string, string>>, hasGoals: boolean) {
  const services = await loadServices(['weaviate'])
  const host = await startHost({ services, source: { LOG_LEVEL: 'error', ...source }, serve: false })
  try {
    return await measure(where, host.client(WeaviateServiceDefinition, CALLER), hasGoals)
  } finally {
    await host.stop()
  }
}

async function measure(where: string, store: Store, hasGoals: boolean): Promise<readonly Result[]> {
  const material = createMaterial(DIMENSIONS)
  const { vectors } = await store.ensureCollection({ collection: COLLECTION, dimensions: DIMENSIONS })
  const name = `${OBJECTS.toLocaleString('en')} objects on ${where}${vectors ? '' : ' (no pgvector: words only)'}`
  const rates = await load(store, material)
  const results = [toResult(`${name}: stored`, 'objects/s', rates, undefined, noGoal)]
  const modes = vectors ? (['hybrid', 'vector', 'keyword'] as const) : (['keyword'] as const)
  for (const mode of modes) {
    const blocks = await ask(store, material, mode)
    const goal = (most: number): Goal => (hasGoals && mode !== 'vector' ? atMost(most, 'ms') : noGoal)
    results.push(
      toPartResult(`${name}: ${mode} query, p50`, 'ms', 0.5, blocks, undefined, goal(15)),
      toPartResult(`${name}: ${mode} query, p99`, 'ms', 0.99, blocks, undefined, goal(60)),
    )
  }
  const recalls = { vector: vectors, keyword: true }
  for (const mode of ['vector', 'keyword'] as const)
    if (recalls[mode])
      results.push(
        toResult(
          `${name}: ${mode} query, recall@10 against all being looked at`,
          'of 1',
          [await recall(store, material, mode)],
          undefined,
          hasGoals && mode === 'vector' ? atLeast(0.95, 'of 1') : noGoal,
        ),
      )
  return results
}

/** Answers how many were stored in a second, by tenths of the way. */
async function load(store: Store, material: ReturnType<typeof createMaterial>): Promise<readonly number[]> {
  const rates: number[] = []
  let [began, since] = [performance.now(), 0]
  for (let at = 0; at < OBJECTS; at += BATCH) {
    const count = Math.min(BATCH, OBJECTS - at)
    const objects = Array.from({ length: count }, (_, index) => material.object(at + index))
    const { problems } = await store.upsert({ collection: COLLECTION, objects }, CALL)
    const [problem] = problems
    if (problem) throw new Error(`${problem.id}: ${problem.message}`)
    since += count
    if (since < OBJECTS / 10) continue
    rates.push((since / (performance.now() - began)) * 1_000)
    ;[began, since] = [performance.now(), 0]
  }
  return rates
}

function toQuestion(mode: string, { text, vector }: { text: string; vector: number[] }): DeepPartial<QueryRequest> {
  return { collection: COLLECTION, mode, text, vector, limit: 10, language: '' }
}

/** Times of questions, one after the other. */
async function ask(store: Store, material: ReturnType<typeof createMaterial>, mode: string) {
  const blocks: number[][] = Array.from({ length: BLOCKS }, () => [])
  for (let index = -20; index < QUESTIONS; index++) {
    const question = material.question((Math.abs(index) * 7_919 + 13) % OBJECTS)
    const began = performance.now()
    await store.query(toQuestion(mode, question), CALL)
    // The first ones warm up.
    if (index >= 0) blocks[index % BLOCKS]?.push(performance.now() - began)
  }
  return blocks
}

/** Which part of the ten that an exact search finds is found. */
async function recall(store: Store, material: ReturnType<typeof createMaterial>, mode: string): Promise<number> {
  let [hits, all] = [0, 0]
  for (let index = 0; index < CHECKED; index++) {
    const question = toQuestion(mode, material.question((index * 104_729 + 7) % OBJECTS))
    const idsOf = async (exact: boolean) =>
      (await store.query({ ...question, exact }, CALL)).found.map(one => one.object?.id)
    const truth = new Set(await idsOf(true))
    hits += (await idsOf(false)).filter(id => truth.has(id)).length
    all += truth.size
  }
  return hits / all
}
