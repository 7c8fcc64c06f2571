import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { entitiesOf, json, known, parsed } from './kit.suite.ts'
import type { Entities } from './kit.suite.ts'

let system: TestSystem
let users = 0
beforeAll(async () => {
  system = await embedded({ services: ['entity'] })
})
afterAll(async () => system.stop())

const someone = (): Entities => entitiesOf(`merger-${users++}`, system)

describe('merge', () => {
  test('makes one of two, whose ids both answer', async () => {
    const entities = someone()
    const ada = await known(
      entities,
      'Ada Lovelace',
      { aliases: ['Ada'], attributes: json({ city: 'London', a: 1 }) },
      1_000,
    )
    const countess = await known(
      entities,
      'Countess Lovelace',
      { aliases: ['ADA'], about: 'A countess.', attributes: json({ city: 'Paris', b: 2 }) },
      2_000,
    )
    const { entity } = await entities.merge({ intoId: ada, entityId: countess, by: 'test' })
    expect(entity).toMatchObject({
      id: ada,
      name: 'Ada Lovelace',
      aliases: ['Ada', 'Countess Lovelace'],
      about: 'A countess.',
      version: 2,
    })
    expect(parsed(entity?.attributes)).toEqual({ city: 'London', a: 1, b: 2 })
    expect(await entities.get({ entityId: countess })).toEqual({ entity, mergedFrom: countess })
    expect((await entities.getMany({ entityIds: [countess, 'none', ada] })).entities.map(({ id }) => id)).toEqual([ada])
    expect((await entities.list({})).entities.map(({ id }) => id)).toEqual([ada])
    expect(await entities.upsert({ entity: { kind: 'person', name: 'countess lovelace' } })).toMatchObject({
      created: false,
      entity: { id: ada },
    })
    expect(await entities.merge({ intoId: ada, entityId: countess })).toEqual({ entity })
  })

  test('leaves both as they were before', async () => {
    const entities = someone()
    const one = await known(entities, 'One', { attributes: json({ a: 1 }) }, 1_000)
    const two = await known(entities, 'Two', { attributes: json({ b: 2 }) }, 2_000)
    const friend = await known(entities, 'Friend', {}, 1_000)
    await entities.link({ fromId: two, kind: 'knows', toId: friend, since: 3_000 })
    await entities.merge({ intoId: one, entityId: two })
    const then = await entities.get({ entityId: two, asOf: 3_000 })
    expect(then).toMatchObject({
      mergedFrom: '',
      entity: { id: two, name: 'Two', relations: [{ fromId: two, toId: friend }] },
    })
    expect(await entities.get({ entityId: one, asOf: 3_000 })).toMatchObject({
      entity: { id: one, name: 'One', aliases: [], relations: [] },
    })
    expect((await entities.get({ entityId: friend, asOf: 3_000 })).entity?.relations).toMatchObject([
      { fromId: two, fromName: 'Two' },
    ])
    expect((await entities.get({ entityId: friend })).entity?.relations).toMatchObject([
      { fromId: one, fromName: 'One', since: 3_000, until: 0 },
    ])
    const { changes } = await entities.history({ entityId: two })
    expect(changes.map(({ kind, entity }) => [kind, entity?.id])).toEqual([
      ['merged', one],
      ['linked', undefined],
      ['created', two],
    ])
    expect((await entities.history({ entityId: one })).changes[0]).toMatchObject({
      kind: 'merged',
      fields: ['aliases', 'attributes.b'],
      entity: { id: one, aliases: ['Two'] },
    })
  })

  test('goes on through chains, and what is told of a merged one is told of the other', async () => {
    const entities = someone()
    const ids = [await known(entities, 'A'), await known(entities, 'B'), await known(entities, 'C')] as const
    await entities.merge({ intoId: ids[1], entityId: ids[0] })
    await entities.merge({ intoId: ids[2], entityId: ids[1] })
    for (const id of ids) expect((await entities.get({ entityId: id })).entity).toMatchObject({ id: ids[2], name: 'C' })
    expect((await entities.upsert({ entity: { id: ids[0], about: 'All of them.' } })).entity?.id).toBe(ids[2])
    // The way back is no merge: they are one.
    expect((await entities.merge({ intoId: ids[0], entityId: ids[2] })).entity).toMatchObject({ id: ids[2] })
    await entities.delete({ entityId: ids[0] })
    for (const id of ids) await expect(entities.get({ entityId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const { rows } = await sql`
      select 1 from entity.changes where entity in (select json_array_elements_text(${JSON.stringify(ids)}::json))`.execute(
      system.database.kysely,
    )
    expect(rows).toEqual([])
  })

  test('joins relations that both have, and drops those between them', async () => {
    const entities = someone()
    const [one, two, other] = [
      await known(entities, 'One'),
      await known(entities, 'Two'),
      await known(entities, 'Other'),
    ]
    await entities.link({ fromId: one, kind: 'knows', toId: two })
    await entities.link({ fromId: one, kind: 'knows', toId: other, attributes: json({ from: 'one' }) })
    await entities.link({ fromId: two, kind: 'knows', toId: other, attributes: json({ from: 'two' }) })
    await entities.link({ fromId: other, kind: 'likes', toId: two })
    await entities.link({ fromId: two, kind: 'seen_in', toId: 'event', toEvent: true })
    const { entity } = await entities.merge({ intoId: one, entityId: two })
    const shown = entity?.relations.map(({ fromId, kind, toId, attributes }) => [
      fromId,
      kind,
      toId,
      parsed(attributes),
    ])
    expect(shown).toHaveLength(3)
    expect(shown).toEqual(
      expect.arrayContaining([
        [one, 'knows', other, { from: 'one' }],
        [other, 'likes', one, {}],
        [one, 'seen_in', 'event', {}],
      ]),
    )
  })

  test('refuses itself, other kinds and who is not there', async () => {
    const entities = someone()
    const [ada, acme] = [await known(entities, 'Ada'), await known(entities, 'Acme', { kind: 'organisation' })]
    await expect(entities.merge({ intoId: ada, entityId: ada })).rejects.toMatchObject({
      problems: [{ path: 'entityId' }],
    })
    await expect(entities.merge({ intoId: ada, entityId: acme })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'entityId: "Acme" is of the kind "organisation": expected "person", as "Ada" is',
    })
    for (const given of [
      { intoId: ada, entityId: 'nobody' },
      { intoId: 'nobody', entityId: ada },
    ])
      await expect(entities.merge(given)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: 'there is no entity "nobody"',
      })
  })

  test('refuses more names than one may have', async () => {
    const entities = someone()
    const named = (prefix: string) => Array.from({ length: 30 }, (_, index) => `${prefix} ${index}`)
    const one = await known(entities, 'One', { aliases: named('a') })
    const two = await known(entities, 'Two', { aliases: named('b') })
    await expect(entities.merge({ intoId: one, entityId: two })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: 'together they have 61 other names: at most 50; take some away first',
    })
    expect((await entities.get({ entityId: two })).entity?.name).toBe('Two')
  })

  test('both ways at once makes one of them', async () => {
    const entities = someone()
    for (let round = 0; round < 5; round++) {
      const [one, two] = [await known(entities, `One ${round}`), await known(entities, `Two ${round}`)]
      const merged = await Promise.all([
        entities.merge({ intoId: one, entityId: two }),
        entities.merge({ intoId: two, entityId: one }),
      ])
      expect(new Set(merged.map(({ entity }) => entity?.id)).size).toBe(1)
      expect((await entities.get({ entityId: one })).entity?.id).toBe(
        (await entities.get({ entityId: two })).entity?.id,
      )
    }
  })
})

describe('delete', () => {
  test('takes the relations along, and gives the name free', async () => {
    const entities = someone()
    const [ada, eve] = [await known(entities, 'Ada'), await known(entities, 'Eve')]
    await entities.link({ fromId: eve, kind: 'knows', toId: ada })
    await entities.delete({ entityId: ada })
    await expect(entities.delete({ entityId: ada })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await entities.get({ entityId: eve })).entity?.relations).toEqual([])
    expect((await entities.find({ name: 'Ada' })).entity).toBeUndefined()
    expect(await entities.upsert({ entity: { id: ada, kind: 'person', name: 'Ada' } })).toMatchObject({ created: true })
    expect((await entities.history({ entityId: ada })).changes).toHaveLength(1)
  })
})

describe('find', () => {
  test('the very name goes before the alias, and that before what is near', async () => {
    const entities = someone()
    const alan = await known(entities, 'Alan Turing')
    const other = await known(entities, 'Alan Touring', { aliases: ['Turing'] })
    await known(entities, 'Bo')
    const find = async (name: string, kind = '') => {
      const { entity, likeness, others } = await entities.find({ name, kind })
      return [entity?.id, likeness, others.map(one => one.entity?.id)]
    }
    expect(await find('ALAN turing')).toEqual([alan, 1, [other]])
    expect(await find('turing')).toEqual([other, 1, [alan]])
    const [id, likeness] = await find('Allan Turing')
    expect(id).toBe(alan)
    expect(likeness).toBeGreaterThan(0.9)
    expect(likeness).toBeLessThan(1)
    expect((await find('A. Turing'))[0]).toBe(alan)
    expect((await find('Turing, Alan'))[0]).toBe(alan)
    expect(await find('Grace Hopper')).toEqual([undefined, 0, []])
    expect(await find('alan turing', 'place')).toEqual([undefined, 0, []])
  })

  test('the one found has its relations', async () => {
    const entities = someone()
    const [ada, eve] = [await known(entities, 'Ada'), await known(entities, 'Eve')]
    await entities.link({ fromId: ada, kind: 'knows', toId: eve })
    expect((await entities.find({ name: 'ada' })).entity?.relations).toMatchObject([{ kind: 'knows', toName: 'Eve' }])
  })
})

describe('list', () => {
  test('pages by the last change, stable while others come', async () => {
    const entities = someone()
    const ids: string[] = []
    for (let index = 0; index < 7; index++) ids.push(await known(entities, `Thing ${index}`, { kind: 'thing' }))
    const first = await entities.list({ limit: 3 })
    await known(entities, 'New', { kind: 'thing' })
    const second = await entities.list({ limit: 3, pageToken: first.nextPageToken })
    const third = await entities.list({ limit: 3, pageToken: second.nextPageToken })
    expect([first, second, third].flatMap(page => page.entities.map(({ id }) => id))).toEqual(ids.toReversed())
    expect(third.nextPageToken).toBe('')
  })

  test('by kind, part of a name, attribute and relation', async () => {
    const entities = someone()
    const ada = await known(entities, 'Ada', {
      aliases: ['Élan'],
      attributes: json({ born: 1815, 'a b': { c: [1] }, s: '1815' }),
    })
    const eve = await known(entities, 'Eve', { attributes: json({ born: '1815' }) })
    const acme = await known(entities, 'Acme 50%_', { kind: 'organisation', attributes: json({ born: null }) })
    await entities.link({ fromId: ada, kind: 'works_at', toId: acme })
    const list = async (filter: Parameters<Entities['list']>[0]) =>
      (await entities.list(filter)).entities.map(({ id }) => id).toSorted()
    const sorted = (...expected: string[]) => expected.toSorted()
    expect(await list({ kind: 'person' })).toEqual(sorted(ada, eve))
    expect(await list({ text: 'elA' })).toEqual([ada])
    expect(await list({ text: '50%' })).toEqual([acme])
    expect(await list({ text: '%' })).toEqual([acme])
    expect(await list({ attribute: 'born' })).toEqual(sorted(ada, eve))
    expect(await list({ attribute: 'born', value: '1815' })).toEqual([ada])
    expect(await list({ attribute: 'born', value: '"1815"' })).toEqual([eve])
    expect(await list({ attribute: 'a b', value: '{"c":[1]}' })).toEqual([ada])
    expect(await list({ attribute: 'born', value: 'eighteen' })).toEqual([])
    expect(await list({ attribute: 'born', value: '"\\u0000"' })).toEqual([])
    expect(await list({ attribute: 'born', value: '['.repeat(9_000) })).toEqual([])
    expect(await list({ relatedTo: acme })).toEqual([ada])
    expect(await list({ relatedTo: ada, kind: 'organisation' })).toEqual([acme])
    expect(await list({ relatedTo: 'nobody' })).toEqual([])
    await expect(entities.list({ value: 'x', pageToken: 'y', kind: 'Z' })).rejects.toMatchObject({
      problems: [{ path: 'kind' }, { path: 'attribute' }, { path: 'pageToken' }],
    })
  })
})
