import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { exhausted, invalid, isCoded, unavailable } from './errors.ts'
import { createIndexQueue, markForIndexing } from './index-queue.ts'
import { openIndexer } from './indexing.ts'
import type { IndexedThing, Indexer } from './indexing.ts'
import { collectionOf } from './knowledge.ts'
import { createLog } from './log.ts'
import { createMetrics } from './telemetry.ts'
import { embedded } from './testing.ts'
import type { TestSystem } from './testing.ts'

const TABLE = 'things.indexing'
const MODEL = 'local/lexical'

let system: TestSystem
const stops: (() => Promise<void> | void)[] = []
let things: Map<string, Map<string, IndexedThing>>
/** What is done before the real services are called. */
let faults: {
  upsert?(ids: readonly string[]): void
  embed?(texts: readonly string[], user: string): void
  model?: string
}
let written: string[]
let rounds = 0

beforeAll(async () => {
  system = await embedded({ services: ['weaviate', 'completion'] })
  await system.database.transaction(session =>
    session.run(`create schema things;
      create table things.indexing (
        owner text not null, id text not null, version bigint not null default 1,
        collection text, attempts integer not null default 0, due_at timestamptz default now(), lease_until timestamptz,
        primary key (owner, id)
      )`),
  )
}, 60_000)
afterAll(async () => system.stop())
beforeEach(async () => {
  things = new Map()
  faults = {}
  written = []
  rounds++
  await sql`delete from things.indexing`.execute(system.database.kysely)
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const user = (name: string) => `${name}-${rounds}`

function open({ alone = true } = {}): Indexer {
  const weaviate = system.client(WeaviateServiceDefinition)
  const completion = system.client(CompletionServiceDefinition)
  return openIndexer({
    service: 'test',
    kind: 'events',
    queue: createIndexQueue(system.database.kysely, TABLE),
    read: async (owner, ids) => ids.flatMap(id => things.get(owner)?.get(id) ?? []),
    environment: {
      services: {
        weaviate: {
          ...weaviate,
          upsert: async (request, options) => {
            const ids = (request.objects ?? []).map(({ id = '' }) => id)
            faults.upsert?.(ids)
            const answer = await weaviate.upsert(request, options)
            written.push(...ids)
            return answer
          },
        },
        completion: {
          ...completion,
          embed: async (request, options) => {
            faults.embed?.([...(request.texts ?? [])], options?.caller?.user ?? '')
            const answer = await completion.embed(request, options)
            return { ...answer, model: faults.model ?? answer.model }
          },
        },
      },
      log: createLog('silent'),
      metrics: createMetrics(),
      alone,
      draining: new AbortController().signal,
      onStop: stop => void stops.push(stop),
    },
  })
}

async function change(owner: string, id: string, text: string | undefined, properties = {}): Promise<void> {
  const own = things.get(owner) ?? new Map<string, IndexedThing>()
  things.set(owner, own)
  if (text === undefined) own.delete(id)
  else own.set(id, { id, text, properties })
  await mark(owner, [id])
}

function mark(owner: string, ids: readonly string[]): Promise<void> {
  const database: Kysely<unknown> = system.database.kysely
  return database.transaction().execute(inside => markForIndexing(inside, TABLE, owner, ids))
}

/** Resolves when nothing is due any more. */
async function settled(): Promise<void> {
  for (;;) {
    const { rows } = await sql`select 1 from things.indexing where due_at is not null limit 1`.execute(
      system.database.kysely,
    )
    if (rows.length === 0) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function found(owner: string, text: string, mode = 'keyword', model = MODEL): Promise<readonly string[]> {
  const weaviate = system.as(owner).client(WeaviateServiceDefinition)
  const { embeddings } = await system
    .as(owner)
    .client(CompletionServiceDefinition)
    .embed({ texts: [text] })
  try {
    const { found: all } = await weaviate.query({
      collection: collectionOf('events', model),
      mode,
      text,
      vector: embeddings[0]?.values ?? [],
    })
    return all.map(({ object }) => object?.id ?? '')
  } catch (error) {
    if (isCoded(error, 'NOT_FOUND')) return []
    throw error
  }
}

test('what is marked is put, changed and taken out, each owner’s for itself', async () => {
  const indexer = open()
  await change(user('ada'), 'a', 'a boat on the lake')
  await change(user('ada'), 'b', 'a mountain hut')
  await change(user('eve'), 'a', 'a quiet library')
  indexer.wake()
  await settled()
  expect(await found(user('ada'), 'boat', 'hybrid')).toContain('a')
  expect(await found(user('eve'), 'boat')).toEqual([])
  expect(written.toSorted()).toEqual(['a', 'a', 'b'])
  await change(user('ada'), 'a', 'a train at the station')
  await change(user('ada'), 'b', undefined)
  indexer.wake()
  await settled()
  expect(await found(user('ada'), 'boat')).toEqual([])
  expect(await found(user('ada'), 'train')).toEqual(['a'])
  expect(await found(user('ada'), 'mountain')).toEqual([])
  expect(await found(user('eve'), 'library')).toEqual(['a'])
  const { rows } = await sql`select 1 from things.indexing`.execute(system.database.kysely)
  expect(rows).toHaveLength(2)
})

test('while the store is away all waits, and is written once when it is back', async () => {
  const tried = Promise.withResolvers<void>()
  let isAway = true
  faults.upsert = () => {
    tried.resolve()
    if (isAway) throw unavailable('the store is away')
  }
  const indexer = open()
  await change(user('ada'), 'a', 'a boat')
  indexer.wake()
  await tried.promise
  await change(user('ada'), 'b', 'a hut')
  await change(user('ada'), 'c', undefined)
  indexer.wake()
  isAway = false
  await settled()
  expect(written.toSorted()).toEqual(['a', 'b'])
  expect(await found(user('ada'), 'boat')).toEqual(['a'])
})

test('what the store refuses, and what no vector can be made of, keeps nothing else from being found', async () => {
  faults.embed = texts => {
    if (texts.includes('poison for models')) throw invalid('such a text is not taken')
  }
  const indexer = open()
  await change(user('ada'), 'good', 'a boat')
  await change(user('ada'), 'refused', 'a boat, too', { unknown: 1 })
  await change(user('ada'), 'poison', 'poison for models')
  await change(user('ada'), 'wordless', ' ')
  indexer.wake()
  const queue = createIndexQueue(system.database.kysely, TABLE)
  const due = async () => {
    const { rows } = await sql<{ id: string; attempts: number }>`
      select id, attempts from things.indexing where due_at is not null`.execute(system.database.kysely)
    return rows
  }
  while ((await due()).length > 1 || (await due())[0]?.attempts === 0)
    await new Promise(resolve => setTimeout(resolve, 10))
  expect(await due()).toEqual([{ id: 'refused', attempts: 1 }])
  expect(await queue.nextMs()).toBeGreaterThan(0)
  expect(await found(user('ada'), 'boat')).toEqual(['good'])
  expect(await found(user('ada'), 'poison')).toEqual(['poison'])
  expect(await found(user('ada'), 'poison for models', 'vector')).toEqual(['good'])
})

test('what is changed while it is written is written again', async () => {
  const indexer = open()
  let isFirst = true
  const changed = Promise.withResolvers<void>()
  faults.upsert = () => {
    if (!isFirst) return
    isFirst = false
    change(user('ada'), 'a', 'a train').then(changed.resolve, changed.reject)
  }
  await change(user('ada'), 'a', 'a boat')
  indexer.wake()
  await changed.promise
  await settled()
  expect(await found(user('ada'), 'boat')).toEqual([])
  expect(await found(user('ada'), 'train')).toEqual(['a'])
})

test('one whose budget is used up keeps nobody else waiting', async () => {
  faults.embed = (_, owner) => {
    if (owner === user('poor')) throw exhausted('the budget is used up')
  }
  const indexer = open()
  await change(user('poor'), 'a', 'a boat')
  await change(user('rich'), 'a', 'a boat')
  indexer.wake()
  for (let isThere = false; !isThere; isThere = (await found(user('rich'), 'boat')).length > 0);
  expect(await found(user('poor'), 'boat')).toEqual([])
})

test('several on one table put each thing once, also what a dead one had taken', async () => {
  const ids = Array.from({ length: 300 }, (_, index) => `t${index}`)
  things.set(user('ada'), new Map(ids.map(id => [id, { id, text: `thing ${id}`, properties: {} }])))
  await mark(user('ada'), ids)
  await sql`update things.indexing set lease_until = now() + interval '1 second' where id = 't7'`.execute(
    system.database.kysely,
  )
  for (const indexer of [open({ alone: false }), open({ alone: false }), open({ alone: false })]) indexer.wake()
  await settled()
  expect(written.toSorted()).toEqual(ids.toSorted())
})

test('what a slow one puts over something newer is put again', async () => {
  const queue = createIndexQueue(system.database.kysely, TABLE)
  await change(user('ada'), 'a', 'a boat')
  await change(user('ada'), 'b', 'a hut')
  const slow = await queue.take(10, 0)
  await mark(user('ada'), ['a', 'b'])
  const quick = await queue.take(10, 60_000)
  await queue.placed(quick, 'somewhere')
  expect(await queue.nextMs()).toBeUndefined()
  const [a, b] = ['a', 'b'].map(id => slow.filter(work => work.id === id))
  await queue.placed(a ?? [], 'somewhere')
  await queue.removed(b ?? [])
  expect((await queue.take(10, 0)).map(({ id }) => id).toSorted()).toEqual(['a', 'b'])
})

test('where the model is another one, all is made anew for it, and the old is taken out', async () => {
  const before = open()
  await change(user('ada'), 'a', 'a boat')
  before.wake()
  await settled()
  for (const stop of stops.splice(0)) await stop()
  faults.model = 'other/model'
  open()
  for (
    let isThere = false;
    !isThere;
    isThere = (await found(user('ada'), 'boat', 'keyword', 'other/model')).length > 0
  );
  await settled()
  expect(await found(user('ada'), 'boat')).toEqual([])
  expect(written).toEqual(['a', 'a'])
})
