import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
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

const of = (user: string): Entities => entitiesOf(user, system)
const someone = (): Entities => of(`user-${users++}`)

describe('upsert', () => {
  test('makes one, and changes it by its id', async () => {
    const entities = someone()
    const made = await entities.upsert({
      entity: {
        kind: 'person',
        name: ' Ada Lovelace ',
        about: 'Wrote about engines.',
        attributes: json({ city: 'London', born: 1815 }),
      },
      by: 'test',
    })
    expect(made).toMatchObject({
      created: true,
      changed: true,
      entity: { kind: 'person', name: 'Ada Lovelace', aliases: [], about: 'Wrote about engines.', version: 1 },
    })
    const id = made.entity?.id ?? ''
    expect(id).toMatch(/^en_/)
    const changed = await entities.upsert({
      entity: {
        id,
        aliases: ['Countess', 'ada  lovelace', 'COUNTESS'],
        attributes: json({ city: null, field: 'mathematics' }),
      },
    })
    expect(changed).toMatchObject({ created: false, changed: true, entity: { id, aliases: ['Countess'], version: 2 } })
    expect(parsed(changed.entity?.attributes)).toEqual({ born: 1815, field: 'mathematics' })
    const got = await entities.get({ entityId: id })
    expect(got.entity).toEqual(changed.entity)
    expect(got.mergedFrom).toBe('')
  })

  test('finds the one that has the name or the alias, whatever its case, accents and spaces', async () => {
    const entities = someone()
    const id = await known(entities, 'Zoë Łąck', { aliases: ['The Boss'] })
    for (const name of ['zoe lack', 'ZOË  ŁĄCK', 'Zoe\u0308 Łąck', 'the-boss'])
      expect(await entities.upsert({ entity: { kind: 'person', name } })).toMatchObject({
        created: false,
        changed: false,
        entity: { id, name: 'Zoë Łąck', version: 1 },
      })
    const place = await entities.upsert({ entity: { kind: 'place', name: 'zoe lack' } })
    expect(place).toMatchObject({ created: true })
  })

  test('of several that share an alias, none is guessed', async () => {
    const entities = someone()
    const [robert, bobby] = [
      await known(entities, 'Robert', { aliases: ['Bob'] }),
      await known(entities, 'Bobby', { aliases: ['Bob'] }),
    ]
    await expect(entities.upsert({ entity: { kind: 'person', name: 'bob', about: 'x' } })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      details: { ids: expect.arrayContaining([robert, bobby]) },
    })
  })

  test('the same again changes nothing', async () => {
    const entities = someone()
    const entity = { kind: 'thing', name: 'Lamp', attributes: json({ a: { b: [1, 2], c: 3 } }), aliases: ['Light'] }
    await entities.upsert({ entity })
    const again = { ...entity, attributes: json({ a: { c: 3, b: [1, 2] } }) }
    expect(await entities.upsert({ entity: again })).toMatchObject({
      created: false,
      changed: false,
      entity: { version: 1 },
    })
    expect(await entities.upsert({ entity: { ...entity, attributes: json({ none: null }) } })).toMatchObject({
      changed: false,
    })
  })

  test('attributes are replaced where that is asked', async () => {
    const entities = someone()
    const id = await known(entities, 'Ada', { attributes: json({ a: 1, b: 2 }) })
    const { entity } = await entities.upsert({ entity: { id, attributes: json({ b: 3 }) }, replaceAttributes: true })
    expect(parsed(entity?.attributes)).toEqual({ b: 3 })
    const { changes } = await entities.history({ entityId: id })
    expect(changes.map(({ fields }) => fields)).toEqual([
      ['attributes.a', 'attributes.b'],
      ['kind', 'name', 'attributes.a', 'attributes.b'],
    ])
  })

  test('with an expected version it refuses what was changed meanwhile, and tells the version', async () => {
    const entities = someone()
    const id = await known(entities, 'Ada')
    await entities.upsert({ entity: { id, about: 'two' }, expectVersion: 1 })
    await expect(entities.upsert({ entity: { id, about: 'three' }, expectVersion: 1 })).rejects.toMatchObject({
      code: 'ABORTED',
      message: '"Ada" was changed: it is at version 2, not 1',
      details: { expected: 1, version: 2 },
    })
    await expect(entities.upsert({ entity: { kind: 'person', name: 'New' }, expectVersion: 1 })).rejects.toMatchObject({
      code: 'ABORTED',
      details: { expected: 1, version: 0 },
    })
  })

  test('a name belongs to one of a kind', async () => {
    const entities = someone()
    const ada = await known(entities, 'Ada')
    const eve = await known(entities, 'Eve')
    const taken = { code: 'ALREADY_EXISTS', details: { entityId: ada } }
    await expect(entities.upsert({ entity: { id: eve, name: 'ADA' } })).rejects.toMatchObject(taken)
    await expect(entities.upsert({ entity: { id: 'other', kind: 'person', name: 'ádá' } })).rejects.toMatchObject(taken)
    expect(await entities.upsert({ entity: { id: ada, name: 'Ada II' } })).toMatchObject({ changed: true })
    expect(await entities.upsert({ entity: { id: eve, name: 'ADA' } })).toMatchObject({ changed: true })
  })

  test('many at once make one', async () => {
    const entities = someone()
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        entities.upsert({
          entity: { kind: 'person', name: index % 2 ? 'Grace' : 'GRACE', attributes: json({ [`k${index}`]: index }) },
        }),
      ),
    )
    expect(made.filter(({ created }) => created)).toHaveLength(1)
    const { entities: all } = await entities.list({})
    expect(all).toHaveLength(1)
    expect(Object.keys(parsed(all[0]?.attributes) as object)).toHaveLength(20)
    expect(all[0]?.version).toBe(20)
  })

  test('one with an id of one’s own needs kind and name', async () => {
    const entities = someone()
    await expect(entities.upsert({ entity: { id: 'mine', about: 'x' } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'entity.kind' }, { path: 'entity.name' }],
    })
    expect(await known(entities, 'Ada', { id: 'mine' })).toBe('mine')
  })
})

describe('what is not well-formed', () => {
  test('all of it is told', async () => {
    const wrong = {
      id: 'a b',
      kind: 'Person',
      name: 'x'.repeat(201),
      aliases: ['', '\u0301', 'fine', 'nul\0'],
      about: 'y'.repeat(2_001),
      attributes: json([1]),
    }
    await expect(someone().upsert({ entity: wrong, by: 'b'.repeat(201), at: 9e15 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [
        { path: 'entity.id' },
        { path: 'entity.kind' },
        { path: 'entity.name', message: 'has 201 characters: at most 200' },
        { path: 'entity.aliases[0]', message: 'must not be empty' },
        { path: 'entity.aliases[1]' },
        { path: 'entity.aliases[3]' },
        { path: 'entity.about', message: 'has 2001 characters: at most 2000' },
        { path: 'entity.attributes', message: 'expected a JSON object, got a list' },
        { path: 'by' },
        { path: 'at' },
      ],
    })
  })

  test.each([
    ['no JSON', Buffer.from('{'), 'is not JSON'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'is not JSON'],
    ['nesting', Buffer.from(`{"a":${'['.repeat(60_000)}`), 'is nested in more than 32 levels'],
    ['too much', json({ a: 'x'.repeat(65_536) }), 'has 65544 bytes: at most 65536'],
    ['NUL', json({ a: ['\0'] }), 'holds a NUL character'],
    ['half a character', Buffer.from('{"a":"\\ud800"}'), 'holds a NUL character or half of a surrogate pair'],
    ['a key with NUL', json({ 'a\0': 1 }), 'holds a NUL character'],
    ['a number too large', Buffer.from('{"a":1e999}'), 'holds a number that is too large'],
    ['null', Buffer.from('null'), 'expected a JSON object, got null'],
  ])('attributes are refused: %s', async (_, attributes, message) => {
    await expect(someone().upsert({ entity: { kind: 'thing', name: 'x', attributes } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'entity.attributes', message: expect.stringContaining(message) }],
    })
  })

  test('attributes that become too large together are refused, and nothing is changed', async () => {
    const entities = someone()
    const id = await known(entities, 'Big', { attributes: json({ a: 'x'.repeat(40_000) }) })
    await expect(
      entities.upsert({ entity: { id, attributes: json({ b: 'x'.repeat(40_000) }) } }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'entity.attributes', message: 'all together have 80015 bytes: at most 65536' }],
    })
    expect((await entities.get({ entityId: id })).entity?.version).toBe(1)
  })

  test('keys of objects are keys, whatever their name', async () => {
    const entities = someone()
    const attributes = Buffer.from('{"__proto__":{"x":1},"constructor":"c"}')
    const id = await known(entities, 'Proto', { attributes })
    const { entity } = await entities.upsert({ entity: { id, attributes: json({ more: 1 }) } })
    expect(Buffer.from(entity?.attributes ?? []).toString()).toBe('{"__proto__":{"x":1},"constructor":"c","more":1}')
  })

  test('a call of nobody’s is refused', async () => {
    await expect(of('').list({})).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('the future is not known', async () => {
    const at = Date.now() + 3_600_000
    await expect(someone().upsert({ entity: { kind: 'thing', name: 'x' }, at })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'at', message: expect.stringContaining('lies in the future') }],
    })
  })
})

describe('what was', () => {
  test('is answered as of any time, also what was told later of an earlier one', async () => {
    const entities = someone()
    const id = await known(entities, 'Ada', { attributes: json({ city: 'Paris' }) }, 1_000)
    await entities.upsert({ entity: { id, attributes: json({ city: 'Rome' }) }, at: 3_000 })
    const late = await entities.upsert({ entity: { id, attributes: json({ city: 'Oslo', dog: 'Rex' }) }, at: 2_000 })
    expect(parsed(late.entity?.attributes)).toEqual({ city: 'Rome', dog: 'Rex' })
    const cityAt = async (asOf: number) => parsed((await entities.get({ entityId: id, asOf })).entity?.attributes)
    expect(await cityAt(1_000)).toEqual({ city: 'Paris' })
    expect(await cityAt(1_999)).toEqual({ city: 'Paris' })
    expect(await cityAt(2_000)).toEqual({ city: 'Oslo', dog: 'Rex' })
    expect(await cityAt(3_000)).toEqual({ city: 'Rome', dog: 'Rex' })
    expect(await cityAt(0)).toEqual({ city: 'Rome', dog: 'Rex' })
    await expect(entities.get({ entityId: id, asOf: 999 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: '"Ada" was not known at 1970-01-01T00:00:00.999Z: it is since 1970-01-01T00:00:01.000Z',
    })
    const { changes } = await entities.history({ entityId: id })
    expect(changes.map(({ version, at, kind, fields }) => ({ version, at, kind, fields }))).toEqual([
      { version: 3, at: 2_000, kind: 'changed', fields: ['attributes.city', 'attributes.dog'] },
      { version: 2, at: 3_000, kind: 'changed', fields: ['attributes.city'] },
      { version: 1, at: 1_000, kind: 'created', fields: ['kind', 'name', 'attributes.city'] },
    ])
    expect(changes.every(({ writtenAt }) => writtenAt > 1_600_000_000_000)).toBe(true)
    expect(parsed(changes[0]?.entity?.attributes)).toEqual({ city: 'Oslo', dog: 'Rex' })
  })

  test('what is told of a time before all has its name', async () => {
    const entities = someone()
    const id = await known(entities, 'Ada', {}, 5_000)
    await entities.upsert({ entity: { kind: 'person', name: 'ada', about: 'A child.' }, at: 1_000 })
    expect((await entities.get({ entityId: id, asOf: 2_000 })).entity).toMatchObject({
      name: 'Ada',
      kind: 'person',
      about: 'A child.',
    })
  })

  test('what was so before it was noted moves its beginning', async () => {
    const entities = someone()
    const id = await known(entities, 'Ada')
    const { entity } = await entities.upsert({ entity: { id, attributes: json({ city: 'Rome' }) }, at: 1_000 })
    expect(entity?.createdAt).toBe(1_000)
    expect((await entities.get({ entityId: id })).entity?.createdAt).toBe(1_000)
  })

  test('a history is paged, newest first', async () => {
    const entities = someone()
    const id = await known(entities, 'Ada')
    for (let index = 2; index <= 7; index++) await entities.upsert({ entity: { id, about: `now ${index}` } })
    const versions: number[] = []
    for (let pageToken = ''; ;) {
      const page = await entities.history({ entityId: id, limit: 3, pageToken })
      versions.push(...page.changes.map(({ version }) => version))
      pageToken = page.nextPageToken
      if (pageToken === '') break
    }
    expect(versions).toEqual([7, 6, 5, 4, 3, 2, 1])
  })
})

describe('relations', () => {
  test('hold from one time until another', async () => {
    const entities = someone()
    const ada = await known(entities, 'Ada', {}, 1_000)
    const acme = await known(entities, 'Acme', { kind: 'organisation' }, 1_000)
    const link = { fromId: ada, kind: 'works_at', toId: acme, attributes: json({ as: 'engineer' }), since: 2_000 }
    const made = await entities.link(link)
    expect(made).toMatchObject({
      created: true,
      relation: { fromId: ada, toId: acme, since: 2_000, until: 0, fromName: 'Ada', toName: 'Acme', toEvent: false },
    })
    expect(await entities.link(link)).toMatchObject({ created: false })
    expect((await entities.get({ entityId: ada })).entity).toMatchObject({ version: 2, relations: [made.relation] })
    expect((await entities.get({ entityId: acme })).entity).toMatchObject({ version: 2, relations: [made.relation] })
    await entities.link({ ...link, attributes: json({ as: 'head' }), since: 3_000 })
    expect(await entities.unlink({ fromId: ada, kind: 'works_at', toId: acme, until: 4_000 })).toEqual({ ended: true })
    expect(await entities.unlink({ fromId: ada, kind: 'works_at', toId: acme })).toEqual({ ended: false })
    const asAt = async (asOf: number) =>
      (await entities.get({ entityId: acme, asOf })).entity?.relations.map(one => [
        parsed(one.attributes),
        one.since,
        one.until,
      ])
    expect(await asAt(1_999)).toEqual([])
    expect(await asAt(2_000)).toEqual([[{ as: 'engineer' }, 2_000, 4_000]])
    expect(await asAt(3_999)).toEqual([[{ as: 'head' }, 2_000, 4_000]])
    expect(await asAt(4_000)).toEqual([])
    expect(await asAt(0)).toEqual([])
    const { changes } = await entities.history({ entityId: acme })
    expect(changes.map(({ kind, at }) => [kind, at])).toEqual([
      ['unlinked', 4_000],
      ['linked', 3_000],
      ['linked', 2_000],
      ['created', 1_000],
    ])
    expect(parsed(changes[1]?.relation?.attributes)).toEqual({ as: 'head' })
  })

  test('go to events, which nobody looks for', async () => {
    const entities = someone()
    const ada = await known(entities, 'Ada')
    const link = { fromId: ada, kind: 'mentioned_in', toId: 'ev_1', toEvent: true }
    expect(await entities.link(link)).toMatchObject({ created: true, relation: { toEvent: true, toName: '' } })
    const { entities: found } = await entities.list({ relatedTo: 'ev_1' })
    expect(found.map(({ id }) => id)).toEqual([ada])
    expect(await entities.unlink({ fromId: ada, kind: 'mentioned_in', toId: 'ev_1' })).toEqual({ ended: true })
    expect((await entities.list({ relatedTo: 'ev_1' })).entities).toEqual([])
  })

  test('need both ends, and two of them', async () => {
    const entities = someone()
    const ada = await known(entities, 'Ada')
    await expect(entities.link({ fromId: ada, kind: 'knows', toId: 'nobody' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'there is no entity "nobody"',
    })
    await expect(entities.link({ fromId: 'nobody', kind: 'knows', toId: ada })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await expect(entities.link({ fromId: ada, kind: 'knows', toId: ada })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'toId' }],
    })
    await expect(entities.link({ fromId: '', kind: 'Knows', toId: '?' })).rejects.toMatchObject({
      problems: [{ path: 'fromId' }, { path: 'kind' }, { path: 'toId' }],
    })
  })

  test('many at once, both ways, are all written down', async () => {
    const entities = someone()
    const [a, b] = [await known(entities, 'A'), await known(entities, 'B')]
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2
          ? entities.link({ fromId: a, kind: `k${index}`, toId: b })
          : entities.link({ fromId: b, kind: `k${index}`, toId: a }),
      ),
    )
    const { entity } = await entities.get({ entityId: a })
    expect(entity?.relations).toHaveLength(20)
    expect(entity?.version).toBe(21)
  })
})
