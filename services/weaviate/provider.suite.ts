import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Clients } from '#mesh/testing.ts'
import { testFilters } from './filter.suite.ts'
import { idsOf, json, object, propertiesOf, storeOf, where } from './kit.suite.ts'
import type { Store } from './kit.suite.ts'
import { generator, testQueries } from './query.suite.ts'

/** A driver behind the service, as the suite is run on it. */
export interface Subject {
  readonly driver: 'pgvector' | 'weaviate'
  /** Whether vectors can be kept. */
  readonly vectors: boolean
  /** Starts the service on an empty store. */
  open(): Promise<SubjectSystem>
}
export interface SubjectSystem {
  as(user: string): Clients
  stop(): Promise<void>
}

/** What every driver must do, asked through the service's contract. */
export function testDriver(subject: Subject): void {
  let system: SubjectSystem
  beforeAll(async () => {
    system = await subject.open()
  }, 60_000)
  afterAll(async () => system.stop())
  const of = (user: string): Store => storeOf(user, { as: one => system.as(one) })

  testCollections(subject, of)
  testObjects(of)
  testDeletion(of)
  testOwners(subject, of)
  testQueries(subject, of)
  testFilters(subject, of)
}

export type Of = (user: string) => Store

const PROPERTIES = [
  { name: 'kind', type: 'text' },
  { name: 'tags', type: 'texts' },
  { name: 'size', type: 'number' },
  { name: 'at', type: 'date' },
  { name: 'open', type: 'boolean' },
]

function testCollections({ vectors, driver }: Subject, of: Of): void {
  describe('collections', () => {
    test('one is made once, and is there afterwards', async () => {
      const store = of('c-once')
      const wanted = { collection: 'things', dimensions: 3, properties: PROPERTIES }
      expect(await store.ensureCollection(wanted)).toEqual({ created: true, vectors })
      expect(await store.ensureCollection(wanted)).toEqual({ created: false, vectors })
      expect(await store.stats({})).toEqual({
        driver,
        vectors,
        reachable: true,
        collections: [{ collection: 'things', objects: 0, dimensions: 3, waiting: 0 }],
      })
    })

    test('many who make the same one at the same time make one', async () => {
      const store = of('c-many')
      const made = await Promise.all(
        Array.from({ length: 8 }, () =>
          store.ensureCollection({ collection: 'things', dimensions: 3, properties: PROPERTIES }),
        ),
      )
      expect(made.filter(({ created }) => created)).toHaveLength(1)
      expect(await store.upsert({ collection: 'things', objects: [object('a', 'one')] })).toMatchObject({ stored: 1 })
    })

    test('names may be as long as the contract lets them', async () => {
      const store = of('c-long')
      const [collection, one, other] = ['c'.repeat(63), `${'n'.repeat(62)}1`, `${'n'.repeat(62)}2`]
      const properties = [one, other].map(name => ({ name, type: 'number' }))
      await store.ensureCollection({ collection, dimensions: 3, properties })
      await store.upsert({ collection, objects: [object('a', 'plum', { [one]: 1, [other]: 2 })] })
      const ask = (filter: ReturnType<typeof where>) =>
        store.query({ collection, mode: 'keyword', text: 'plum', filter })
      expect((await ask(where(one, '=', 1))).found.map(propertiesOf)).toEqual([{ [one]: 1, [other]: 2 }])
      expect((await ask(where(other, '=', 1))).found).toEqual([])
    })

    test('properties that are new to it are added, and those that it has stay', async () => {
      const store = of('c-grow')
      await store.ensureCollection({ collection: 'things', properties: [{ name: 'kind', type: 'text' }] })
      await store.upsert({ collection: 'things', objects: [object('a', 'first', { kind: 'old' })] })
      await store.ensureCollection({ collection: 'things', properties: [{ name: 'size', type: 'number' }] })
      await store.upsert({ collection: 'things', objects: [object('b', 'second', { kind: 'new', size: 2 })] })
      const { found } = await store.query({ collection: 'things', mode: 'keyword', text: 'first second' })
      expect(Object.fromEntries(found.map(one => [one.object?.id, propertiesOf(one)]))).toEqual({
        a: { kind: 'old' },
        b: { kind: 'new', size: 2 },
      })
    })

    test('another size of vectors and another type of a property are both told', async () => {
      const store = of('c-other')
      await store.ensureCollection({ collection: 'things', dimensions: 3, properties: PROPERTIES })
      const other = store.ensureCollection({
        collection: 'things',
        dimensions: 4,
        properties: [
          { name: 'size', type: 'text' },
          { name: 'kind', type: 'text' },
        ],
      })
      await expect(other).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message:
          'the collection "things" is there, and another: its vectors have 3 dimensions, asked with 4; the property "size" is number, asked as text',
      })
    })

    test('everything that is wrong with what is asked for is told at once', async () => {
      const wrong = of('c-wrong').ensureCollection({
        collection: 'Things!',
        dimensions: 4_001,
        properties: [
          { name: 'id', type: 'text' },
          { name: 'x y', type: 'text' },
          { name: 'a', type: 'colour' },
          { name: 'b', type: 'text' },
          { name: 'b', type: 'text' },
        ],
      })
      await expect(wrong).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        problems: [
          { path: 'collection', message: expect.stringContaining('"Things!"') },
          { path: 'dimensions', message: 'expected 0 to 4000, got 4001' },
          { path: 'properties[0].name', message: '"id" is every object\'s own' },
          { path: 'properties[1].name', message: expect.stringContaining('"x y"') },
          { path: 'properties[2].type', message: '"colour" is none of text, number, boolean, date, texts' },
          { path: 'properties[4].name', message: '"b" comes twice' },
        ],
      })
    })

    test('what is asked of one that is not there is not found', async () => {
      const store = of('c-none')
      const none = { code: 'NOT_FOUND', message: 'there is no collection "things"' }
      await expect(store.upsert({ collection: 'things', objects: [object('a', 'x')] })).rejects.toMatchObject(none)
      await expect(store.delete({ collection: 'things', ids: ['a'] })).rejects.toMatchObject(none)
      const query = store.query({ collection: 'things', mode: 'keyword', text: 'x' })
      await expect(query).rejects.toMatchObject(none)
      expect(await store.deleteCollection({ collection: 'things' })).toEqual({})
      expect((await store.stats({})).collections).toEqual([])
    })

    test('one goes with all that is in it, and begins anew', async () => {
      const store = of('c-gone')
      const make = () => store.ensureCollection({ collection: 'things', dimensions: 3 })
      await make()
      await store.upsert({ collection: 'things', objects: [object('a', 'word', { vector: [1, 0, 0] })] })
      await store.deleteCollection({ collection: 'things' })
      const query = () => store.query({ collection: 'things', mode: 'keyword', text: 'word' })
      await expect(query()).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await make()).toEqual({ created: true, vectors })
      expect((await query()).found).toEqual([])
    })
  })
}

function testObjects(of: Of): void {
  describe('objects', () => {
    test('come back as they were given, whatever letters they have', async () => {
      const store = of('o-same')
      await store.ensureCollection({ collection: 'things', properties: PROPERTIES })
      const texts = ['quince “quoted” \\ \' " % _ ; --', 'quince 😀 ünï\u0301 東京都', 'quince\n\ttab\u0085 \u202e end']
      const properties = {
        kind: 'a "b" \\ é 😀',
        tags: ['', ',', '{x}', 'null'],
        size: -1.5e-7,
        at: 1_794_000_000_000,
        open: false,
      }
      const objects = texts.map((text, index) => object(`id ${index} ~!"'\\`, text, { language: 'en', ...properties }))
      expect(await store.upsert({ collection: 'things', objects })).toEqual({ stored: 3, problems: [], waiting: 0 })
      const { found } = await store.query({ collection: 'things', mode: 'keyword', text: 'quince' })
      expect(found.map(one => one.object?.text).toSorted()).toEqual(texts.toSorted())
      for (const one of found) expect(propertiesOf(one)).toEqual(properties)
      expect(idsOf(found).toSorted()).toEqual(objects.map(({ id }) => id))
      expect(found[0]?.object).toMatchObject({ language: 'en', vector: [] })
    })

    test('of the same id the last one counts, in one request and in several', async () => {
      const store = of('o-last')
      await store.ensureCollection({ collection: 'things', properties: PROPERTIES })
      await store.upsert({
        collection: 'things',
        objects: [object('a', 'apple', { kind: 'x' }), object('a', 'banana', { size: 1 })],
      })
      const find = async (text: string) => (await store.query({ collection: 'things', mode: 'keyword', text })).found
      expect(await find('apple')).toEqual([])
      expect((await find('banana')).map(propertiesOf)).toEqual([{ size: 1 }])
      await store.upsert({ collection: 'things', objects: [object('a', 'cherry')] })
      expect(await find('banana')).toEqual([])
      expect((await find('cherry')).map(propertiesOf)).toEqual([{}])
      expect((await store.stats({})).collections[0]?.objects).toBe(1)
    })

    test('what is wrong is told by object, and the others are stored', async () => {
      const store = of('o-wrong')
      await store.ensureCollection({ collection: 'things', dimensions: 2, properties: PROPERTIES })
      const { stored, problems } = await store.upsert({
        collection: 'things',
        objects: [
          object('good', 'plum'),
          object('', 'plum'),
          object('nul', 'plum\0'),
          object('long', 'x'.repeat(100_001)),
          object('size', 'plum', { vector: [1, 2, 3] }),
          object('infinite', 'plum', { vector: [1, Number.POSITIVE_INFINITY] }),
          object('language', 'plum', { language: 'english' }),
          object('types', 'plum', { kind: 1, tags: 'x', size: 'x', at: 1.5, open: 'yes', colour: 'red' }),
          { id: 'list', text: 'plum', properties: json([1]) },
          { id: 'broken', text: 'plum', properties: Buffer.from('{') },
          object('also', 'plum', { kind: null, language: 'xx' }),
        ],
      })
      expect(stored).toBe(2)
      expect(problems.map(({ id, message }) => [id, message])).toEqual([
        ['', 'its id: expected 1 to 128 printable ASCII characters, got ""'],
        ['nul', 'its text holds a NUL character, which cannot be kept'],
        ['long', 'its text has 100001 characters: expected at most 100000'],
        ['size', 'a vector of 3 numbers: expected 2, as the collection "things" has them'],
        ['infinite', 'a vector with a number that is not finite, or too large'],
        ['language', 'expected a language of two small letters, or none, got "english"'],
        [
          'types',
          'properties.kind: expected a text, got 1; properties.tags: expected a list of texts, got "x"; ' +
            'properties.size: expected a number, got "x"; properties.at: expected milliseconds since 1970, a whole number, got 1.5; ' +
            'properties.open: expected true or false, got "yes"; ' +
            'the collection "things" has no property "colour"; it has at, kind, open, size, tags',
        ],
        ['list', 'properties: expected a JSON object, got [1]'],
        ['broken', 'properties: expected a JSON object, got no JSON'],
      ])
      expect((await store.stats({})).collections[0]?.objects).toBe(2)
    })

    test('properties are taken as long as the contract lets them, and no longer', async () => {
      const store = of('o-long')
      await store.ensureCollection({ collection: 'things', properties: PROPERTIES })
      const random = generator(5)
      const text = (bytes: number) =>
        Array.from({ length: bytes }, () => String.fromCharCode(33 + Math.floor(random() * 94))).join('')
      const [kind, tags] = [text(2_000), Array.from({ length: 256 }, (_, index) => `${index} ${text(20)}`)]
      const { stored, problems } = await store.upsert({
        collection: 'things',
        objects: [
          object('fits', 'plum', { kind, tags: [...tags.slice(1), text(2_000)] }),
          object('long', 'plum', { kind: `${kind}x` }),
          object('many', 'plum', { tags: [...tags, 'x'] }),
          object('each', 'plum', { tags: ['x', 'é'.repeat(1_001)] }),
        ],
      })
      expect(stored).toBe(1)
      expect(problems).toEqual([
        { id: 'long', message: 'properties.kind: a text of 2001 bytes: expected at most 2000' },
        { id: 'many', message: 'properties.tags: expected at most 256 texts, got 257' },
        { id: 'each', message: 'properties.tags: a text of 2002 bytes: expected at most 2000' },
      ])
      const filter = where('kind', '=', kind)
      const { found } = await store.query({ collection: 'things', mode: 'keyword', text: 'plum', filter })
      expect(idsOf(found)).toEqual(['fits'])
    })

    test('of how many come at once there is a limit, and as many as that are taken', async () => {
      const store = of('o-many')
      await store.ensureCollection({ collection: 'things', properties: PROPERTIES })
      const objects = Array.from({ length: 513 }, (_, index) => object(`n${index}`, `number ${index}`))
      const wrong = { code: 'INVALID_ARGUMENT', message: 'objects: expected 1 to 512, got 513' }
      await expect(store.upsert({ collection: 'things', objects })).rejects.toMatchObject(wrong)
      const none = store.upsert({ collection: 'things', objects: [] })
      await expect(none).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      const { stored } = await store.upsert({ collection: 'things', objects: objects.slice(1) })
      expect(stored).toBe(512)
      expect((await store.stats({})).collections[0]?.objects).toBe(512)
    })
  })
}

function testDeletion(of: Of): void {
  describe('deletion', () => {
    test('is by ids or by a filter, and tells how many were there', async () => {
      const store = of('d-both')
      await store.ensureCollection({ collection: 'things', properties: PROPERTIES })
      const objects = ['a', 'b', 'c', 'd'].map((id, index) => object(id, `pear ${id}`, { size: index }))
      await store.upsert({ collection: 'things', objects })
      expect(await store.delete({ collection: 'things', ids: ['a', 'a', 'none'] })).toEqual({
        deleted: 1,
        waiting: false,
      })
      const larger = { collection: 'things', filter: where('size', '>=', 2) }
      expect(await store.delete(larger)).toEqual({ deleted: 2, waiting: false })
      expect(await store.delete(larger)).toEqual({ deleted: 0, waiting: false })
      const { found } = await store.query({ collection: 'things', mode: 'keyword', text: 'pear' })
      expect(idsOf(found)).toEqual(['b'])
      expect((await store.stats({})).collections[0]?.objects).toBe(1)
    })

    test('by nothing, by both, or by too many ids is refused', async () => {
      const store = of('d-wrong')
      await store.ensureCollection({ collection: 'things', properties: PROPERTIES })
      const code = 'INVALID_ARGUMENT'
      await expect(store.delete({ collection: 'things' })).rejects.toMatchObject({ code })
      const both = store.delete({ collection: 'things', ids: ['a'], filter: where('size', '=', 1) })
      await expect(both).rejects.toMatchObject({ code })
      const many = store.delete({ collection: 'things', ids: Array.from({ length: 10_001 }, String) })
      await expect(many).rejects.toMatchObject({ code, message: 'ids: expected at most 10000, got 10001' })
    })
  })
}

function testOwners({ driver }: Subject, of: Of): void {
  describe('owners', () => {
    test('nobody sees, changes or deletes what is another’s of the same name', async () => {
      const [ada, eve] = [of('w-ada'), of('w-eve')]
      await ada.ensureCollection({ collection: 'things', dimensions: 2, properties: PROPERTIES })
      await ada.upsert({ collection: 'things', objects: [object('a', 'secret fig', { kind: 'own' })] })
      const ask = (store: Store) => store.query({ collection: 'things', mode: 'keyword', text: 'fig' })
      await expect(ask(eve)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await eve.ensureCollection({ collection: 'things', properties: [{ name: 'kind', type: 'number' }] })
      expect((await ask(eve)).found).toEqual([])
      await eve.upsert({ collection: 'things', objects: [object('a', 'other fig', { kind: 1 })] })
      expect((await eve.delete({ collection: 'things', filter: where('kind', '<', 9) })).deleted).toBe(1)
      await eve.deleteCollection({ collection: 'things' })
      expect((await ask(ada)).found.map(one => one.object?.text)).toEqual(['secret fig'])
      expect(await eve.stats({})).toMatchObject({ driver, collections: [] })
    })
  })
}
