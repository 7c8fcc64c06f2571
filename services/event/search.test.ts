import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { collectionOf } from '#mesh/knowledge.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { contents, eventsOf, indexed, say, until } from './kit.suite.ts'
import type { Events } from './kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['event'] })
}, 60_000)
afterAll(async () => system?.stop(), 30_000)

const as = (user: string) => eventsOf(system, user)
const DAY = 86_400_000
const ago = (days: number) => Date.now() - days * DAY

async function found(events: Events, asked: Parameters<Events['search']>[0]): Promise<readonly string[]> {
  const { found: all } = await events.search(asked)
  return contents(all.flatMap(({ event }) => event ?? []))
}

/** How many objects the vector store has of a user. */
async function objectsOf(user: string): Promise<number> {
  const { collections } = await system.as(user).client(WeaviateServiceDefinition).stats({})
  return collections.reduce((sum, { objects }) => sum + objects, 0)
}

test('what was said just now is found at once by its words, and by meaning some moments later', async () => {
  const events = as('now')
  await say(events, 'lobby', 'The spare key hangs behind the lighthouse.', 'Lunch is at noon.')
  const { found: at, notice } = await events.search({ text: 'where do the keys hang?' })
  expect(at[0]?.event?.content).toBe('The spare key hangs behind the lighthouse.')
  expect(notice).toBe('')
  await indexed(events)
  const [best] = (await events.search({ text: 'where does the spare key hang?', recency: 0 })).found
  expect(best).toMatchObject({ event: { content: 'The spare key hangs behind the lighthouse.', indexed: true } })
  expect(best?.score).toBe(best?.fit)
  await say(events, 'lobby', 'The spare key hangs in the boat now.')
  const [newest] = await found(events, { text: 'spare key hangs', recency: 0.5 })
  expect(newest).toBe('The spare key hangs in the boat now.')
})

test('of what fits as well, the newer comes first; how much that counts is asked for', async () => {
  const events = as('recency')
  await say(
    events,
    'lobby',
    { content: 'My favourite tea is peppermint.', at: ago(30) },
    { content: 'My favourite tea is jasmine.', at: ago(1) },
    { content: 'The ferry leaves at seven.', at: ago(0) },
  )
  await indexed(events)
  const text = 'favourite tea'
  expect((await found(events, { text }))[0]).toBe('My favourite tea is jasmine.')
  expect((await found(events, { text: 'favourite tea peppermint', recency: 0 }))[0]).toBe(
    'My favourite tea is peppermint.',
  )
  expect((await found(events, { text, recency: 1 }))[0]).toBe('The ferry leaves at seven.')
  const { found: all } = await events.search({ text, halfLifeMs: DAY })
  const jasmine = all.find(({ event }) => event?.content.includes('jasmine'))
  expect(jasmine?.newness).toBeCloseTo(0.5, 2)
  expect(jasmine?.score).toBeCloseTo((jasmine?.fit ?? 0) * 0.75 + (jasmine?.newness ?? 0) * 0.25)
})

test('a search asks by who, where, what and when, indexed or not', async () => {
  const events = as('filters')
  const lines = [
    { content: 'apple one', agentId: 'guide', client: 'chat', sender: 'Ada', at: 1_000, entityIds: ['tree'] },
    { content: 'apple two', client: 'discord', sender: 'Bo', type: 'fact', at: 2_000, entityIds: ['tree', 'cat'] },
  ]
  const check = async () => {
    const text = 'apple'
    for (const [asked, expected] of [
      [{ agentId: 'guide' }, ['apple one']],
      [{ client: 'discord' }, ['apple two']],
      [{ channel: 'attic' }, []],
      [{ sender: 'Bo' }, ['apple two']],
      [{ type: 'message' }, ['apple one']],
      [{ entityId: 'cat' }, ['apple two']],
      [{ from: 1_000, to: 2_000 }, ['apple one']],
      [{ limit: 1, recency: 1 }, ['apple two']],
    ] as const)
      expect([asked, await found(events, { text, ...asked })]).toEqual([asked, expected])
  }
  await say(events, 'lobby', ...lines)
  await check()
  await indexed(events)
  await check()
})

test('what is deleted is not found, and leaves the vector store', async () => {
  const events = as('gone')
  const [one] = await say(events, 'a', 'The moon is full.', 'The moon is new.')
  await say(events, 'b', 'The moon is a boat.', { content: '' })
  await indexed(events)
  expect(await objectsOf('gone')).toBe(3)
  await events.delete({ eventId: one?.id ?? '' })
  expect(await found(events, { text: 'full moon' })).toEqual(expect.not.arrayContaining(['The moon is full.']))
  await until(async () => (await objectsOf('gone')) === 2)
  await events.deleteMany({ channel: 'a' })
  await until(async () => (await objectsOf('gone')) === 1)
  await events.deleteMany({ all: true })
  expect(await found(events, { text: 'moon' })).toEqual([])
  await until(async () => (await objectsOf('gone')) === 0)
})

test('an event is in the collection of the model that embedded it, with who, where, what and when', async () => {
  const events = as('object')
  const [kept] = await say(events, 'lobby', {
    ...{ content: 'Tea at four.', agentId: 'guide', client: 'chat', sender: 'Ada', type: 'fact', at: 4_000 },
    entityIds: ['tea', 'Ada'],
  })
  await indexed(events)
  const { model, embeddings } = await system
    .as('object')
    .client(CompletionServiceDefinition)
    .embed({ texts: ['Tea at four.'] })
  const { found: objects } = await system
    .as('object')
    .client(WeaviateServiceDefinition)
    .query({ collection: collectionOf('events', model), mode: 'vector', vector: embeddings[0]?.values ?? [] })
  expect(objects).toMatchObject([{ object: { id: kept?.id, text: 'Tea at four.' } }])
  expect(objects[0]?.similarity).toBeCloseTo(1)
  expect(JSON.parse(Buffer.from(objects[0]?.object?.properties ?? []).toString())).toEqual({
    ...{ agent: 'guide', client: 'chat', channel: 'lobby', sender: 'Ada', type: 'fact', at: 4_000 },
    entities: ['tea', 'Ada'],
  })
})

test('a search that cannot be done names every bad field', async () => {
  const refused = as('bad').search({ text: ' ', limit: 101, recency: 1.5, sender: '\0', from: 9, to: 3 })
  await expect(refused).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: ['text', 'sender', 'to', 'limit', 'recency'].map(path => expect.objectContaining({ path })),
  })
  await expect(as('bad').search({ text: 'x'.repeat(8_001) })).rejects.toMatchObject({ problems: [{ path: 'text' }] })
  await expect(as('bad').search({ text: "o'clock \\ & | ! <-> :* ()" })).resolves.toMatchObject({ found: [] })
})
