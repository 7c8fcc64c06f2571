import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { contents, eventsOf, say, until } from '../kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['event'], settings: { EVENT_MOST: '300', EVENT_KEEP_MS: '86400000' } })
}, 60_000)
afterAll(async () => system?.stop(), 30_000)

const as = (user: string) => eventsOf(system, user)
const LIMIT = { keepMs: 86_400_000, most: 300 }

test('what the instance allows is the most that a user can set', async () => {
  const events = as('bounds')
  await expect(events.getRetention({})).resolves.toEqual({ retention: LIMIT, limit: LIMIT, events: 0 })
  await expect(events.setRetention({ retention: { keepMs: 86_400_001, most: 301 } })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'retention.keep_ms' }, { path: 'retention.most' }],
  })
  await expect(events.setRetention({})).rejects.toMatchObject({ problems: [{ path: 'retention' }] })
  const set = await events.setRetention({ retention: { keepMs: 0, most: 20 } })
  expect(set).toEqual({ retention: { keepMs: 86_400_000, most: 20 } })
  await expect(as('another').getRetention({})).resolves.toMatchObject({ retention: LIMIT })
})

test('the oldest of too many go, of that user alone', async () => {
  const events = as('many')
  await events.setRetention({ retention: { most: 3 } })
  const lines = Array.from({ length: 8 }, (_, n) => ({ content: `line ${n}`, at: 1_000 + ((n * 5) % 8) }))
  await say(as('few'), 'a', ...lines)
  await say(events, 'a', ...lines)
  const left = async () => contents((await events.query({ oldestFirst: true })).events)
  await until(async () => (await left()).length === 3)
  expect(await left()).toEqual(['line 1', 'line 6', 'line 3'])
  expect((await as('few').query({})).events).toHaveLength(8)
})

test('the instance’s own bound holds for who has set nothing', async () => {
  const events = as('plain')
  for (let n = 0; n < 2; n++) await say(events, 'a', ...Array.from({ length: 240 }, () => ({ content: '' })))
  await until(async () => (await events.getRetention({})).events <= 300)
  expect((await events.getRetention({})).events).toBe(300)
})

test('what is kept for a time goes after it', async () => {
  const events = as('short')
  await say(events, 'a', 'one', 'two')
  await events.setRetention({ retention: { keepMs: 1 } })
  await until(async () => (await events.getRetention({})).events === 0)
  expect((await events.query({})).events).toEqual([])
})
