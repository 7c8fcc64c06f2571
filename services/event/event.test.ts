import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { contents, eventsOf, json, PATIENT, readJson, say } from './kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['event'] })
}, 60_000)
afterAll(async () => system?.stop(), 30_000)

const as = (user: string) => eventsOf(system, user)
const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 1, 12)

test('an event is kept with everything that was said of it', async () => {
  const events = as('whole')
  const given = {
    id: 'first',
    agentId: 'guide',
    client: 'chat',
    channel: 'lobby',
    sender: 'Ada',
    type: 'fact',
    content: 'The kettle whistles in D sharp.',
    data: json({ pitch: 'D#', cups: [1, 2] }),
    entityIds: ['kettle', 'Ada', 'kettle'],
    at: NOON,
  }
  const before = Date.now()
  const { events: kept, duplicates } = await events.append({ events: [given] })
  expect(duplicates).toBe(0)
  const { event } = await events.get({ eventId: 'first' })
  expect(event).toMatchObject({ ...given, data: expect.anything(), entityIds: ['kettle', 'Ada'] })
  expect(readJson(event?.data ?? json(0))).toEqual({ pitch: 'D#', cups: [1, 2] })
  expect(Math.abs((event?.createdAt ?? 0) - before)).toBeLessThan(60_000)
  expect(kept).toMatchObject([{ id: 'first', content: given.content }])
})

test('what is not said is made: an id, the type, the time; events of one request stay in their order', async () => {
  const events = as('plain')
  const kept = await say(events, 'a', 'one', 'two', 'three', 'four', 'five')
  expect(new Set(kept.map(({ at }) => at)).size).toBe(1)
  expect(kept.every(({ id, type }) => /^evt_[A-Za-z0-9_-]+$/.test(id) && type === 'message')).toBe(true)
  const { events: found } = await events.query({ oldestFirst: true })
  expect(contents(found)).toEqual(['one', 'two', 'three', 'four', 'five'])
})

test('one with an id that is there already is not kept again, not even beside itself', async () => {
  const events = as('again')
  await say(events, 'a', { id: 'x', content: 'as it was' })
  const { events: kept, duplicates } = await events.append({
    events: [
      { id: 'x', content: 'changed' },
      { id: 'y', content: 'new' },
      { id: 'y', content: 'newer' },
    ],
  })
  expect(duplicates).toBe(2)
  expect(contents(kept)).toEqual(['as it was', 'new', 'new'])
  expect(contents((await events.query({ oldestFirst: true })).events)).toEqual(['as it was', 'new'])
})

test('a request with bad fields names every one of them, and nothing of it is kept', async () => {
  const events = as('bad')
  const refused = events.append({
    events: [
      { content: 'fine' },
      { id: 'no spaces', type: 'x'.repeat(257), content: 'y'.repeat(100_001), data: Buffer.from('{') },
      { sender: 'a\0b', channel: '\ud800', at: 8_640_000_000_000_001, entityIds: [''] },
      { data: json('z'.repeat(70_000)), entityIds: Array.from({ length: 33 }, (_, n) => `e${n}`) },
    ],
  })
  const expected = [
    'events[1].id',
    'events[1].type',
    'events[1].content',
    'events[1].data',
    'events[2].channel',
    'events[2].sender',
    'events[2].entity_ids[0]',
    'events[2].at',
    'events[3].entity_ids',
    'events[3].data',
  ]
  await expect(refused).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: expected.map(path => expect.objectContaining({ path })),
  })
  expect((await events.query({})).events).toEqual([])
  await expect(events.append({})).rejects.toMatchObject({ problems: [{ path: 'events' }] })
  const many = Array.from({ length: 257 }, () => ({ content: 'x' }))
  await expect(events.append({ events: many })).rejects.toMatchObject({ problems: [{ path: 'events' }] })
  const large = Array.from({ length: 40 }, () => ({ content: 'x'.repeat(100_000) }))
  await expect(events.append({ events: large })).rejects.toMatchObject({ problems: [{ path: 'events' }] })
})

test('the longest content of the most different words is kept and found', async () => {
  const events = as('long')
  const words = Array.from({ length: 60_000 }, (_, n) => n.toString(36))
  const content = `${words.join(' ').slice(0, 99_990)} marmalade`.slice(0, 100_000)
  await say(events, 'a', { id: 'long', content }, { content: '漢'.repeat(100_000) }, { content: 'a'.repeat(100_000) })
  const { event } = await events.get({ eventId: 'long' })
  expect(event?.content).toBe(content)
})

test('a query asks by who, where, what and when', async () => {
  const events = as('filters')
  await events.append({
    events: [
      { content: 'a', agentId: 'guide', client: 'chat', channel: 'lobby', sender: 'Ada', at: NOON },
      { content: 'b', client: 'discord', channel: 'lobby', sender: 'Bo', type: 'action', at: NOON + MINUTE },
      {
        content: 'c',
        client: 'chat',
        channel: 'attic',
        sender: 'Ada',
        entityIds: ['cat', 'dog'],
        at: NOON + 2 * MINUTE,
      },
      { content: 'd', channel: 'lobby', entityIds: ['dog'], at: NOON + 3 * MINUTE },
    ],
  })
  const found = async (query: Parameters<typeof events.query>[0]) => contents((await events.query(query)).events)
  expect(await found({})).toEqual(['d', 'c', 'b', 'a'])
  expect(await found({ agentId: 'guide' })).toEqual(['a'])
  expect(await found({ client: 'chat' })).toEqual(['c', 'a'])
  expect(await found({ channel: 'lobby' })).toEqual(['d', 'b', 'a'])
  expect(await found({ sender: 'Ada', channel: 'attic' })).toEqual(['c'])
  expect(await found({ type: 'action' })).toEqual(['b'])
  expect(await found({ type: 'message', oldestFirst: true })).toEqual(['a', 'c', 'd'])
  expect(await found({ entityId: 'dog' })).toEqual(['d', 'c'])
  expect(await found({ entityId: 'dog', from: NOON, to: NOON + 3 * MINUTE })).toEqual(['c'])
  expect(await found({ from: NOON + MINUTE, to: NOON + 2 * MINUTE })).toEqual(['b'])
  expect(await found({ channel: 'cellar' })).toEqual([])
  const refused = events.query({ from: 5, to: 5, limit: 501, pageToken: 'x', channel: 'a\0' })
  await expect(refused).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: ['channel', 'to', 'limit', 'page_token'].map(path => expect.objectContaining({ path })),
  })
})

test.each(['newest', 'oldest'])('pages, %s first, show each event once, whatever is kept meanwhile', async order => {
  const events = as(`pages-${order}`)
  const oldestFirst = order === 'oldest'
  // Many of the same time.
  const given = Array.from({ length: 45 }, (_, n) => ({
    id: `e${n}`,
    at: NOON + Math.floor(n / 10),
    entityIds: ['cat'],
  }))
  await events.append({ events: given })
  const seen: string[] = []
  for (let pageToken = '', n = 0; n === 0 || pageToken !== ''; n++) {
    const page = await events.query({ limit: 7, oldestFirst, pageToken, entityId: 'cat' })
    seen.push(...page.events.map(({ id }) => id))
    pageToken = page.nextPageToken
    // Before what was shown: it belongs to no later page.
    await events.append({ events: [{ id: `late${n}`, at: oldestFirst ? 1 : Date.now(), entityIds: ['cat'] }] })
  }
  const ids = given.map(({ id }) => id)
  expect(seen).toEqual(oldestFirst ? ids : ids.toReversed())
})

test('a page of large events is as long as fits an answer', async () => {
  const events = as('large')
  const data = json('x'.repeat(60_000))
  for (let n = 0; n < 4; n++) await say(events, 'a', ...Array.from({ length: 20 }, () => ({ data })))
  const sizes: number[] = []
  for (let pageToken = '', n = 0; n === 0 || pageToken !== ''; n++) {
    const page = await events.query({ limit: 500, pageToken }, PATIENT)
    sizes.push(page.events.length)
    pageToken = page.nextPageToken
  }
  expect(sizes).toEqual([34, 34, 12])
  const { events: all } = await events.query({ limit: 500 }, PATIENT)
  const ids = [...all, ...all].map(({ id }) => id)
  await expect(events.getMany({ eventIds: ids }, PATIENT)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: '68 events are too large for one answer: ask for 34 or fewer at a time',
  })
})

test('events are got by id, in the order asked for; what is gone is left out', async () => {
  const events = as('many')
  await say(events, 'a', { id: 'one' }, { id: 'two' }, { id: 'three' })
  await events.delete({ eventId: 'two' })
  const { events: found } = await events.getMany({ eventIds: ['three', 'two', 'nobody', 'one'] })
  expect(found.map(({ id }) => id)).toEqual(['three', 'one'])
  await expect(events.get({ eventId: 'two' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(events.delete({ eventId: 'two' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const most = Array.from({ length: 201 }, (_, n) => `e${n}`)
  await expect(events.getMany({ eventIds: most })).rejects.toMatchObject({ problems: [{ path: 'event_ids' }] })
  expect((await events.getMany({})).events).toEqual([])
})

test('what fits a filter is forgotten; everything only where that is said', async () => {
  const events = as('forget')
  for (let n = 0; n < 3; n++)
    await say(events, `c${n % 2}`, ...Array.from({ length: 250 }, () => ({ content: 'x', entityIds: ['cat'] })))
  await expect(events.deleteMany({})).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  await expect(events.deleteMany({ channel: 'c1' }, PATIENT)).resolves.toEqual({ deleted: 250 })
  await expect(events.deleteMany({ channel: 'c1', all: true })).resolves.toEqual({ deleted: 0 })
  expect((await events.getRetention({})).events).toBe(500)
  await expect(events.deleteMany({ all: true }, PATIENT)).resolves.toEqual({ deleted: 500 })
  expect((await events.query({ entityId: 'cat' })).events).toEqual([])
})

test('a call for nobody is refused', async () => {
  const nobody = eventsOf(system, '')
  const calls = [nobody.append({ events: [{}] }), nobody.query({}), nobody.publish({ topic: 'a' })]
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})
