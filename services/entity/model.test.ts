import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isCoded } from '#mesh/errors.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { entitiesOf, json, parsed } from './kit.suite.ts'
import type { Entities } from './kit.suite.ts'

// Times of the model are 1 to LAST; NOW is when it is merged, and what is read without a time.
const LAST = 6
const NOW = LAST + 1
const COUNT = 3
const KEYS = ['a', 'b']

type Step =
  | {
      readonly do: 'set'
      readonly who: number
      readonly key: string
      readonly value: number | null
      readonly at: number
    }
  | { readonly do: 'link' | 'unlink'; readonly who: number; readonly other: number; readonly at: number }
  | { readonly do: 'merge' | 'delete'; readonly who: number; readonly other: number }

const who = fc.integer({ min: 0, max: COUNT - 1 })
const at = fc.integer({ min: 1, max: LAST })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      who,
      key: fc.constantFrom(...KEYS),
      value: fc.constantFrom(1, 2, null),
      at,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('link' as const, 'unlink' as const), who, other: who, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('merge' as const), who, other: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), who, other: who }) },
)

/** What was said of one, in the order that it was said. */
interface Known {
  readonly said: { readonly at: number; readonly key: string; readonly value: number | null }[]
  since: number
  into: number | undefined
}

/** Who is known to one user, kept in the plainest way. */
class Model {
  readonly #all = new Map<number, Known>()
  /** Whether it holds at each time, by both ends. */
  readonly #holds = new Map<string, boolean[]>()

  root(one: number): number {
    const into = this.#all.get(one)?.into
    return into === undefined ? one : this.root(into)
  }
  isKnown(one: number): boolean {
    return this.#all.has(one)
  }
  valueAt(one: number, key: string, time: number): number | null {
    const said = this.#all.get(one)?.said.filter(each => each.key === key && each.at <= time) ?? []
    // Stable: of one time, what was said last.
    return said.toSorted((a, b) => a.at - b.at).at(-1)?.value ?? null
  }
  set(one: number, key: string, value: number | null, time: number): void {
    const root = this.root(one)
    const known = this.#all.get(root)
    if (!known) {
      this.#all.set(root, { said: value === null ? [] : [{ at: time, key, value }], since: time, into: undefined })
    } else if (this.valueAt(root, key, time) !== value) {
      known.said.push({ at: time, key, value })
      known.since = Math.min(known.since, time)
    }
  }
  line(from: number, to: number): boolean[] {
    const found = this.#holds.get(`${from} ${to}`) ?? new Array<boolean>(NOW + 1).fill(false)
    this.#holds.set(`${from} ${to}`, found)
    return found
  }
  link(from: number, to: number, time: number): void {
    const line = this.line(from, to)
    for (let each = time; each <= NOW && !line[each]; each++) line[each] = true
  }
  unlink(from: number, to: number, time: number): void {
    const line = this.line(from, to)
    for (let each = time; each <= NOW && line[each]; each++) line[each] = false
  }
  merge(going: number, into: number): void {
    const [from, to] = [this.#all.get(going), this.#all.get(into)]
    if (!from || !to) throw new Error('both are known')
    for (const key of KEYS)
      if (this.valueAt(into, key, NOW) === null && this.valueAt(going, key, NOW) !== null)
        to.said.push({ at: NOW, key, value: this.valueAt(going, key, NOW) })
    for (let other = 0; other < COUNT; other++)
      for (const [old, fresh] of [
        [this.line(going, other), this.line(into, other)],
        [this.line(other, going), this.line(other, into)],
      ] as const) {
        if (old[NOW] && other !== into) fresh[NOW] = true
        old[NOW] = false
      }
    from.into = into
  }
  remove(one: number): void {
    const gone = [...this.#all.keys()].filter(each => this.root(each) === one)
    for (const each of gone) this.#all.delete(each)
    for (const key of [...this.#holds.keys()])
      if (key.split(' ').some(end => gone.includes(Number(end)))) this.#holds.delete(key)
  }
  /** What is to be read of one; undefined: it is not known, or was not then. */
  read(one: number, time: number): { attributes: object; relations: readonly string[] } | undefined {
    const seen = time === NOW ? this.root(one) : one
    const known = this.#all.get(seen)
    if (!known || time < known.since) return undefined
    const relations: string[] = []
    for (const [key, line] of this.#holds) if (line[time] && key.split(' ').includes(String(seen))) relations.push(key)
    const attributes = Object.fromEntries(
      KEYS.map(key => [key, this.valueAt(seen, key, time)]).filter(([, value]) => value !== null),
    ) as object
    return { attributes, relations: relations.toSorted() }
  }
}

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['entity'] })
})
afterAll(async () => system.stop())

const idOf = (one: number) => `e${one}`
const nameOf = (one: number) => `Name ${one}`

/** Resolves with what was answered, and with what should have been. */
async function take(entities: Entities, model: Model, each: Step): Promise<readonly unknown[]> {
  const root = model.root(each.who)
  if (each.do === 'set') {
    // By name where it is known, also by that of one that was merged away.
    const entity = { kind: 'thing', name: nameOf(each.who), attributes: json({ [each.key]: each.value }) }
    await entities.upsert({ entity: model.isKnown(each.who) ? entity : { ...entity, id: idOf(each.who) }, at: each.at })
    model.set(each.who, each.key, each.value, each.at)
    return []
  }
  if (!model.isKnown(each.who)) return []
  if (each.do === 'delete') {
    await entities.delete({ entityId: idOf(each.who) })
    model.remove(root)
    return []
  }
  const other = model.root(each.other)
  if (!model.isKnown(each.other) || other === root) return []
  const ends = { fromId: idOf(each.who), kind: 'knows', toId: idOf(each.other) }
  if (!('at' in each)) {
    await entities.merge({ intoId: idOf(each.other), entityId: idOf(each.who) })
    model.merge(root, other)
    return []
  }
  const held = model.line(root, other)[each.at]
  if (each.do === 'link') {
    const { created } = await entities.link({ ...ends, since: each.at })
    model.link(root, other, each.at)
    return [created, !held]
  }
  const { ended } = await entities.unlink({ ...ends, until: each.at })
  model.unlink(root, other, each.at)
  return [ended, held]
}

async function read(entities: Entities, one: number, time: number) {
  try {
    const { entity } = await entities.get({ entityId: idOf(one), asOf: time === NOW ? 0 : time })
    const relations = entity?.relations.map(({ fromId, toId }) => `${fromId.slice(1)} ${toId.slice(1)}`) ?? []
    return { attributes: parsed(entity?.attributes), relations: relations.toSorted() }
  } catch (error) {
    if (!isCoded(error, 'NOT_FOUND')) throw error
    return undefined
  }
}

test('whatever two users tell, in whatever order, each reads at any time what a plain model says', async () => {
  let round = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), step), { minLength: 20, maxLength: 60, size: 'max' }),
      async steps => {
        round++
        const users = [0, 1].map(index => ({
          entities: entitiesOf(`model-${round}-${index}`, system),
          model: new Model(),
        }))
        for (const [index, each] of steps) {
          const user = users[index]
          const [is, should] = user ? await take(user.entities, user.model, each) : []
          expect({ each, is }).toEqual({ each, is: should })
        }
        for (const { entities, model } of users)
          for (let one = 0; one < COUNT; one++)
            for (const time of [1, 2, 4, LAST, NOW])
              expect({ one, time, is: await read(entities, one, time) }).toEqual({
                one,
                time,
                is: model.read(one, time),
              })
      },
    ),
    { numRuns: 20, endOnFailure: true },
  )
}, 120_000)
