// Whatever two users do, each sees what a small model of their own says, and nothing of the other.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isCoded } from '#mesh/errors.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { eventsOf } from './kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['event'] })
}, 60_000)
afterAll(async () => system?.stop(), 30_000)

const IDS = ['a', 'b', 'c', 'd', 'e', 'f']
const id = fc.constantFrom(...IDS)
const channel = fc.constantFrom('lobby', 'attic')
const entity = fc.constantFrom('cat', 'dog')
const at = fc.integer({ min: 1, max: 5 })
const user = fc.constantFrom('one', 'two')
const event = fc.record({ id, channel, at, content: fc.constantFrom('tea', 'cake'), entityIds: fc.uniqueArray(entity) })
const step = fc.oneof(
  fc.record({ do: fc.constant('append' as const), user, events: fc.array(event, { minLength: 1, maxLength: 4 }) }),
  fc.record({ do: fc.constant('delete' as const), user, id }),
  fc.record({ do: fc.constant('forget' as const), user, channel, to: at }),
  fc.record({ do: fc.constant('query' as const), user, channel, from: at, oldestFirst: fc.boolean() }),
  fc.record({ do: fc.constant('about' as const), user, entity }),
  fc.record({ do: fc.constant('search' as const), user, text: fc.constantFrom('tea', 'cake', 'tea cake') }),
  fc.record({ do: fc.constant('many' as const), user, ids: fc.array(id) }),
)

interface Kept {
  readonly id: string
  readonly seq: number
  readonly channel: string
  readonly content: string
  readonly entityIds: readonly string[]
  readonly at: number
}
const newestFirst = (one: Kept, other: Kept) => other.at - one.at || other.seq - one.seq
const ids = (events: readonly { readonly id: string }[]) => events.map(one => one.id)

let runs = 0

/** Does a step in both: what the service told, and what the model says. */
async function both(
  name: string,
  own: Map<string, Kept>,
  given: Step,
  seq: number,
): Promise<readonly [unknown, unknown]> {
  const events = eventsOf(system, name)
  const all = [...own.values()]
  switch (given.do) {
    case 'append': {
      const duplicates = given.events.filter((one, n) => {
        if (own.has(one.id)) return true
        own.set(one.id, { ...one, seq: seq + n })
        return false
      })
      const answered = await events.append({ events: given.events })
      return [
        [answered.duplicates, answered.events.map(one => one.content)],
        [duplicates.length, given.events.map(one => own.get(one.id)?.content)],
      ]
    }
    case 'delete':
      return [
        await events.delete({ eventId: given.id }).then(
          () => 'deleted',
          (error: unknown) => (isCoded(error, 'NOT_FOUND') ? 'none' : error),
        ),
        own.delete(given.id) ? 'deleted' : 'none',
      ]
    case 'forget': {
      const gone = all.filter(one => one.channel === given.channel && one.at < given.to)
      for (const one of gone) own.delete(one.id)
      return [await events.deleteMany({ channel: given.channel, to: given.to }), { deleted: gone.length }]
    }
    case 'query': {
      const expected = all.filter(one => one.channel === given.channel && one.at >= given.from).toSorted(newestFirst)
      const answered = await events.query({ channel: given.channel, from: given.from, oldestFirst: given.oldestFirst })
      return [ids(answered.events), ids(given.oldestFirst ? expected.toReversed() : expected)]
    }
    case 'about': {
      const expected = all.filter(one => one.entityIds.includes(given.entity)).toSorted(newestFirst)
      return [ids((await events.query({ entityId: given.entity })).events), ids(expected)]
    }
    case 'search': {
      const words = given.text.split(' ')
      const expected = all.filter(one => words.includes(one.content))
      const { found } = await events.search({ text: given.text })
      const answered = new Set(ids(found.flatMap(one => one.event ?? [])))
      // By meaning, others of the same user are found too.
      for (const one of ids(all)) answered.delete(one)
      const missing = ids(expected).filter(one => !found.some(({ event: there }) => there?.id === one))
      return [
        { foreign: [...answered], missing },
        { foreign: [], missing: [] },
      ]
    }
    case 'many':
      return [ids((await events.getMany({ eventIds: given.ids })).events), given.ids.filter(one => own.has(one))]
  }
}
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

test('two users do not see, change or count what is each other’s', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      const run = ++runs
      const models = { one: new Map<string, Kept>(), two: new Map<string, Kept>() }
      for (const [n, one] of steps.entries()) {
        const [told, expected] = await both(`${one.user}-${run}`, models[one.user], one, n * 10)
        expect([one.do, told]).toEqual([one.do, expected])
      }
      for (const name of ['one', 'two'] as const) {
        const { events: count } = await eventsOf(system, `${name}-${run}`).getRetention({})
        expect(count).toBe(models[name].size)
      }
    }),
    { numRuns: 25 },
  )
}, 120_000)
