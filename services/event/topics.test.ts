import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Heard, SubscribeResponse } from '#gen/spellmesh/event/v1/event.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { eventsOf, json, readJson } from './kit.suite.ts'
import type { Events } from './kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['event'] })
}, 60_000)
afterAll(async () => system?.stop(), 30_000)

const as = (user: string) => eventsOf(system, user)

interface Listening {
  /** The next thing told: `topic=value`, or `gap`. */
  next(): Promise<string>
  leave(): Promise<unknown>
}

/** Listens; resolves once it is told that it does. */
async function listen(events: Events, topics: readonly string[] = [], after?: Heard): Promise<Listening> {
  const answers = events.subscribe({ topics: [...topics], ...(after ? { after } : {}) })[Symbol.asyncIterator]()
  const { value } = await answers.next()
  expect(value).toEqual({ part: { $case: 'ready', value: true } })
  return {
    next: async () => {
      const { value: answer } = (await answers.next()) as { value: SubscribeResponse | undefined }
      const part = answer?.part
      return part?.$case === 'published'
        ? `${part.value.topic}=${JSON.stringify(readJson(part.value.value))}`
        : (part?.$case ?? 'end')
    },
    leave: async () => answers.return?.(),
  }
}

test('what is told is heard by all who listen to its topic, in order, by nobody else', async () => {
  const events = as('topics')
  const [all, some, other] = await Promise.all([
    listen(events),
    listen(events, ['news', 'more', 'news']),
    listen(as('other')),
  ])
  await events.publish({ topic: 'news', value: json({ n: 1 }) })
  await events.publish({ topic: 'rest', value: json('two') })
  await events.publish({ topic: 'more' })
  await as('other').publish({ topic: 'news', value: json('theirs') })
  expect([await all.next(), await all.next(), await all.next()]).toEqual(['news={"n":1}', 'rest="two"', 'more=null'])
  expect([await some.next(), await some.next()]).toEqual(['news={"n":1}', 'more=null'])
  expect(await other.next()).toBe('news="theirs"')
  for (const listening of [all, some, other]) await listening.leave()
})

test('what is told says who told it, when and under which id; kept, it is an event', async () => {
  const events = as('kept')
  const answers = events.subscribe({})[Symbol.asyncIterator]()
  await answers.next()
  const { id } = await events.publish({ topic: 'door', value: json({ open: true }), sender: 'hall', keep: true })
  const { value: heard } = await answers.next()
  const { event } = await events.get({ eventId: id })
  expect(heard.part).toMatchObject({
    $case: 'published',
    value: { topic: 'door', sender: 'hall', kept: true, id, at: event?.at },
  })
  expect(event).toMatchObject({ type: 'event', channel: 'door', sender: 'hall', content: '' })
  expect(readJson(event?.data ?? json(0))).toEqual({ open: true })
  const again = await events.publish({ topic: 'door', value: json({ open: true }), keep: true, id })
  expect(again.id).toBe(id)
  expect((await events.query({})).events).toHaveLength(1)
  const { id: own } = await events.publish({ topic: 'door', id: 'own' })
  const told = [await answers.next(), await answers.next()].map(({ value }) => value.part?.value)
  expect(told).toMatchObject([
    { id, kept: true },
    { id: 'own', kept: false, sender: '' },
  ])
  expect(own).toBe('own')
  await answers.return?.()
})

test('bad topics and values are refused, each by its name', async () => {
  const events = as('bad')
  await expect(events.publish({ topic: 'a.b', value: Buffer.from('{'), id: '*' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: ['topic', 'id', 'value'].map(path => expect.objectContaining({ path })),
  })
  const large = json('x'.repeat(256 * 1024))
  await expect(events.publish({ topic: 'a', value: large })).rejects.toMatchObject({ problems: [{ path: 'value' }] })
  const kept = { topic: 'a', value: json('x'.repeat(65 * 1024)) }
  await expect(events.publish({ ...kept, keep: true })).rejects.toMatchObject({ problems: [{ path: 'value' }] })
  await expect(events.publish(kept)).resolves.toMatchObject({ id: expect.stringMatching(/^evt_/) })
  const topics = ['fine', '>', 'a*']
  await expect(events.subscribe({ topics })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    problems: [{ path: 'topics[1]' }, { path: 'topics[2]' }],
  })
  const many = Array.from({ length: 65 }, (_, n) => `t${n}`)
  await expect(events.subscribe({ topics: many })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    problems: [{ path: 'topics' }],
  })
})

test('a listener that is too slow is told of a gap where it stands, and hears on', async () => {
  const events = as('slow')
  const listening = await listen(events)
  for (let n = 0; n < 1_100; n++) await events.publish({ topic: 'n', value: json(n) })
  const heard: string[] = []
  for (let told = await listening.next(); told !== 'gap'; told = await listening.next()) heard.push(told)
  expect(heard.length).toBeGreaterThanOrEqual(1_000)
  expect(heard).toEqual(heard.map((_, n) => `n=${n}`))
  await events.publish({ topic: 'n', value: json('on') })
  expect(await listening.next()).toBe('n="on"')
  await listening.leave()
})

test('who comes back is told first what was kept since, oldest first, and each thing once', async () => {
  const events = as('back')
  const keep = async (topic: string, value: unknown) => events.publish({ topic, value: json(value), keep: true })
  const { id } = await keep('a', 1)
  const { event } = await events.get({ eventId: id })
  const after = { at: event?.at ?? 0, id }
  await keep('a', 2)
  await keep('b', 3)
  await events.publish({ topic: 'a', value: json('not kept') })
  await keep('a', 4)
  const before = after.at - 1
  const cases = [
    { topics: ['a'], after, kept: ['a=2', 'a=4'] },
    { topics: [], after, kept: ['a=2', 'b=3', 'a=4'] },
    { topics: ['b', 'a'], after: { at: before, id: '' }, kept: ['a=1', 'a=2', 'b=3', 'a=4'] },
    { topics: ['a'], after: { at: before, id: 'nobody-knows-it' }, kept: ['a=1', 'a=2', 'a=4'] },
    { topics: ['c'], after: { at: 0, id: '' }, kept: [] },
  ]
  for (const { topics, after: heard, kept } of cases) {
    const listening = await listen(events, topics.length === 0 ? [] : [...topics, 'end'], heard)
    await events.publish({ topic: 'end', value: json(0) })
    for (const told of [...kept, 'end=0']) expect(await listening.next()).toBe(told)
    await listening.leave()
  }
  const wrong = events.subscribe({ after: { at: 9e15, id: '*' } })[Symbol.asyncIterator]()
  await expect(wrong.next()).rejects.toMatchObject({ problems: [{ path: 'after.at' }, { path: 'after.id' }] })
})

test('more than a page that was kept is told, while more is told live', async () => {
  const events = as('many')
  const keep = async (n: number) => events.publish({ topic: 'n', value: json(n), keep: true })
  for (let n = 0; n < 450; n++) await keep(n)
  const listening = await listen(events, ['n'], { at: 0, id: '' })
  const live = Promise.all([keep(450), keep(451)])
  const heard = new Set<string>()
  while (heard.size < 452) {
    const told = await listening.next()
    expect(heard.has(told)).toBe(false)
    heard.add(told)
  }
  await live
  expect([...heard].slice(0, 450)).toEqual(Array.from({ length: 450 }, (_, n) => `n=${n}`))
  await listening.leave()
})

test('after a gap, what was kept meanwhile is told', async () => {
  const events = as('gap')
  const listening = await listen(events)
  for (let n = 0; n < 1_100; n++) await events.publish({ topic: 'n', value: json(n) })
  await events.publish({ topic: 'kept', value: json(1), keep: true })
  while ((await listening.next()) !== 'gap') continue
  expect(await listening.next()).toBe('kept=1')
  await events.publish({ topic: 'kept', value: json(2), keep: true })
  expect(await listening.next()).toBe('kept=2')
  await listening.leave()
})

test('when the process ends, who listens is told to come again', async () => {
  const ending = await embedded({ services: ['event'] })
  const listening = await listen(eventsOf(ending, 'ada'))
  const heard = listening.next().catch((error: unknown) => error)
  await ending.stop()
  expect(await heard).toMatchObject({ code: 'UNAVAILABLE' })
})
