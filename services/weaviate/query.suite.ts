import { beforeAll, describe, expect, test } from '@jest/globals'
import { idsOf, object, where } from './kit.suite.ts'
import type { Of, Subject } from './provider.suite.ts'

/** What questions are answered. */
export function testQueries(subject: Subject, of: Of): void {
  testAsked(of)
  testWords(of)
  if (subject.vectors) {
    testVectors(of)
    testBoth(of)
  } else testWithout(of)
}

function testAsked(of: Of): void {
  describe('questions', () => {
    test('everything that is wrong with one is told at once', async () => {
      const store = of('q-wrong')
      await store.ensureCollection({ collection: 'things', dimensions: 2 })
      const ask = (query: Parameters<typeof store.query>[0]) => store.query({ collection: 'things', ...query })
      await expect(
        ask({ mode: 'both', text: 'x'.repeat(8_001), limit: 201, alpha: 1.5, language: 'English' }),
      ).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        problems: [
          { path: 'mode', message: '"both" is none of vector, keyword, hybrid' },
          { path: 'text', message: 'has 8001 characters: expected at most 8000' },
          { path: 'limit', message: 'expected 1 to 200, got 201' },
          { path: 'alpha', message: 'expected 0 to 1, got 1.5' },
          { path: 'language', message: expect.stringContaining('two small letters') },
        ],
      })
      await expect(ask({ mode: 'keyword', text: '  ' })).rejects.toMatchObject({
        message: 'text: expected words to look for, where the mode is "keyword"',
      })
      await expect(ask({ mode: 'vector' })).rejects.toMatchObject({
        message: 'vector: expected a vector, where the mode is "vector"',
      })
      await expect(ask({ mode: 'hybrid', text: 'x' })).rejects.toMatchObject({
        message: 'vector: expected one of 2 numbers',
      })
      await expect(ask({ mode: 'vector', vector: [1, 2, 3] })).rejects.toMatchObject({
        message: 'vector: a vector of 3 numbers: expected 2, as the collection "things" has them',
      })
      const filter = where('kind', '=', 'x')
      await expect(ask({ mode: 'vector', vector: [1], filter })).rejects.toMatchObject({
        problems: [
          { path: 'vector', message: 'a vector of 1 numbers: expected 2, as the collection "things" has them' },
          { path: 'filter.condition.property', message: 'the collection "things" has no property "kind"; it has none' },
        ],
      })
    })

    test('an empty collection has no answer', async () => {
      const store = of('q-empty')
      await store.ensureCollection({ collection: 'things' })
      for (const text of ['anything', '???', '😀', "a' | b & !c:*", 'x'.repeat(8_000)])
        expect(await store.query({ collection: 'things', mode: 'keyword', text })).toEqual({ found: [], notice: '' })
    })
  })
}

function testWords(of: Of): void {
  describe('by words', () => {
    const store = () => of('q-words')
    beforeAll(async () => {
      await store().ensureCollection({ collection: 'things', dimensions: 2 })
      const common = Array.from({ length: 40 }, (_, index) => object(`n${index}`, `the river number ${index} is long`))
      await store().upsert({
        collection: 'things',
        objects: [
          object('otter', 'an otter swims in the river'),
          object('both', 'otter and heron, heron and otter'),
          object('heron', 'a heron stands still'),
          ...common,
        ],
      })
    })
    const ask = async (text: string, limit = 10) =>
      (await store().query({ collection: 'things', mode: 'keyword', text, limit })).found

    test('any of them counts, rare ones more than common ones', async () => {
      expect(idsOf(await ask('otter')).toSorted()).toEqual(['both', 'otter'])
      expect(idsOf(await ask('river otter heron'))[0]).toBe('both')
      const found = await ask('river otter', 50)
      expect(idsOf(found).slice(0, 2).toSorted()).toEqual(['both', 'otter'])
      expect(found).toHaveLength(42)
    })

    test('great and small letters are the same', async () => {
      expect(idsOf(await ask('OTTER')).toSorted()).toEqual(['both', 'otter'])
    })

    test('scores fall, and are those of the words', async () => {
      const found = await ask('otter heron river')
      expect(found).toHaveLength(10)
      for (const [index, one] of found.entries()) {
        expect(one.score).toBeGreaterThan(0)
        expect(one.score).toBe(one.wordsScore)
        expect(one.similarity).toBeUndefined()
        expect([one.vectorRank, one.wordRank]).toEqual([0, index + 1])
        expect(one.score).toBeLessThanOrEqual(found[index - 1]?.score ?? one.score)
      }
    })

    test('none is found by words that no object has', async () => {
      expect(await ask('zebra')).toEqual([])
    })

    test('the limit holds; none given: 10', async () => {
      expect(await ask('river', 3)).toHaveLength(3)
      expect(await ask('river', 0)).toHaveLength(10)
      expect(await ask('river', 200)).toHaveLength(41)
    })
  })
}

/** Points on a circle: the similarity of two is the cosine of the angle between them. */
function at(degrees: number, length = 1): number[] {
  const angle = (degrees * Math.PI) / 180
  return [length * Math.cos(angle), length * Math.sin(angle)]
}

function testVectors(of: Of): void {
  describe('by vector', () => {
    const store = () => of('q-vectors')
    beforeAll(async () => {
      await store().ensureCollection({ collection: 'things', dimensions: 2 })
      const objects = [0, 30, 60, 90, 180].map(degrees =>
        object(`d${degrees}`, 'turn', { vector: at(degrees, degrees + 1) }),
      )
      await store().upsert({
        collection: 'things',
        objects: [...objects, object('none', 'turn'), object('zeros', 'turn', { vector: [0, 0] })],
      })
    })

    test.each([[false], [true]])('the nearest is first, by direction alone (exact: %s)', async exact => {
      const { found } = await store().query({ collection: 'things', mode: 'vector', vector: at(25, 7), exact })
      expect(idsOf(found)).toEqual(['d30', 'd0', 'd60', 'd90', 'd180'])
      const expected = [5, 25, 35, 65, 155].map(degrees => Math.cos((degrees * Math.PI) / 180))
      for (const [index, { score, similarity, wordsScore, vectorRank, wordRank }] of found.entries()) {
        expect(similarity).toBeCloseTo(expected[index] ?? 0, 4)
        expect(score).toBe(similarity)
        expect([wordsScore, vectorRank, wordRank]).toEqual([undefined, index + 1, 0])
      }
    })

    test('vectors come where they are asked for', async () => {
      const ask = async (withVectors: boolean) =>
        (await store().query({ collection: 'things', mode: 'vector', vector: [1, 0], limit: 1, withVectors })).found
      expect((await ask(false))[0]?.object?.vector).toEqual([])
      const [x = 0, y = 0] = (await ask(true))[0]?.object?.vector ?? []
      // A store may keep the direction alone.
      expect(y / x).toBeCloseTo(0, 5)
    })

    test('an object that lost its vector is found no more', async () => {
      await store().ensureCollection({ collection: 'changing', dimensions: 2 })
      const put = (vector: number[]) =>
        store().upsert({ collection: 'changing', objects: [object('a', 'turn', { vector })] })
      const ask = async () =>
        idsOf((await store().query({ collection: 'changing', mode: 'vector', vector: [1, 0] })).found)
      await put([1, 0])
      expect(await ask()).toEqual(['a'])
      await put([])
      expect(await ask()).toEqual([])
    })

    test('a vector of zeros is near to nothing', async () => {
      const zeros = { collection: 'things', vector: [0, 0] }
      await expect(store().query({ ...zeros, mode: 'vector' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      const { found, notice } = await store().query({ ...zeros, mode: 'hybrid', text: 'turn' })
      expect(found).toHaveLength(7)
      expect(notice).toBe('by words alone: the vector is all zeros, which is near to nothing')
    })

    test('a collection without vectors is asked by words', async () => {
      await store().ensureCollection({ collection: 'plain' })
      await store().upsert({ collection: 'plain', objects: [object('a', 'kiwi')] })
      const { found, notice } = await store().query({ collection: 'plain', mode: 'hybrid', text: 'kiwi', vector: [1] })
      expect(idsOf(found)).toEqual(['a'])
      expect(notice).toBe('by words alone: the collection "plain" has no vectors')
      const vector = store().query({ collection: 'plain', mode: 'vector', vector: [1] })
      await expect(vector).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
      const { problems } = await store().upsert({
        collection: 'plain',
        objects: [object('b', 'kiwi', { vector: [1] })],
      })
      expect(problems).toEqual([
        { id: 'b', message: 'the collection "plain" has no vectors, but one of 1 numbers came' },
      ])
    })

    test('of many, the nearest are found, with a filter and without', async () => {
      const random = generator(7)
      const properties = [{ name: 'kind', type: 'text' }]
      await store().ensureCollection({ collection: 'many', dimensions: 16, properties })
      const objects = Array.from({ length: 400 }, (_, index) => ({
        id: `v${index}`,
        vector: Array.from({ length: 16 }, () => random() - 0.5),
        kind: index % 40 === 0 ? 'rare' : 'usual',
      }))
      await store().upsert({
        collection: 'many',
        objects: objects.map(({ id, vector, kind }) => object(id, `text ${id}`, { vector, kind })),
      })
      let hits = 0
      for (let asked = 0; asked < 10; asked++) {
        const vector = Array.from({ length: 16 }, () => random() - 0.5)
        const nearest = (of: typeof objects) =>
          of.toSorted((a, b) => cosine(vector, b.vector) - cosine(vector, a.vector)).map(({ id }) => id)
        const { found } = await store().query({ collection: 'many', mode: 'vector', vector })
        const truth = new Set(nearest(objects).slice(0, 10))
        hits += idsOf(found).filter(id => truth.has(id)).length
        const filter = where('kind', '=', 'rare')
        const rare = await store().query({ collection: 'many', mode: 'vector', vector, filter })
        expect(idsOf(rare.found)).toEqual(nearest(objects.filter(({ kind }) => kind === 'rare')))
      }
      expect(hits / 100).toBeGreaterThanOrEqual(0.95)
    })
  })
}

function testBoth(of: Of): void {
  describe('by both', () => {
    const store = () => of('q-both')
    beforeAll(async () => {
      await store().ensureCollection({ collection: 'things', dimensions: 2 })
      await store().upsert({
        collection: 'things',
        objects: [
          object('near', 'nothing of it', { vector: at(1) }),
          object('both', 'a kestrel', { vector: at(10) }),
          object('word', 'kestrel kestrel kestrel', { vector: at(90) }),
          object('bare', 'one more kestrel without a vector, in a text of many words'),
          object('far', 'something else', { vector: at(170) }),
        ],
      })
    })
    const ask = async (alpha?: number) =>
      (
        await store().query({
          collection: 'things',
          mode: 'hybrid',
          text: 'kestrel',
          vector: [1, 0],
          ...(alpha === undefined ? {} : { alpha }),
        })
      ).found

    test('ranks are fused as the contract says', async () => {
      const found = await ask()
      expect(idsOf(found)).toHaveLength(5)
      for (const { score, vectorRank, wordRank } of found) {
        const part = (rank: number) => (rank === 0 ? 0 : 1 / (60 + rank))
        expect(score).toBeCloseTo((0.5 * part(vectorRank) + 0.5 * part(wordRank)) * 61, 6)
      }
      expect(found.map(one => one.score)).toEqual(found.map(one => one.score).toSorted((a, b) => b - a))
      const byId = new Map(found.map(one => [one.object?.id, one]))
      expect([byId.get('near')?.vectorRank, byId.get('both')?.vectorRank, byId.get('word')?.vectorRank]).toEqual([
        1, 2, 3,
      ])
      expect([byId.get('near')?.wordRank, byId.get('far')?.wordRank, byId.get('bare')?.vectorRank]).toEqual([0, 0, 0])
      expect(byId.get('near')).toMatchObject({ wordsScore: undefined, similarity: expect.closeTo(0.99985, 4) })
      expect(byId.get('bare')?.similarity).toBeUndefined()
      expect(byId.get('bare')?.wordsScore).toBeGreaterThan(0)
      expect(byId.get('word')?.similarity).toBeCloseTo(0, 4)
    })

    test('alpha 0 is by words alone, 1 by vectors alone, and between it moves', async () => {
      expect(idsOf(await ask(0)).toSorted()).toEqual(['bare', 'both', 'word'])
      expect(idsOf(await ask(1))).toEqual(['near', 'both', 'word', 'far'])
      expect((await ask(1))[0]?.score).toBe(1)
      const order = (await ask(0.99)).map(one => one.object?.id)
      expect(order.indexOf('near')).toBeLessThan(order.indexOf('word'))
      const words = (await ask(0.01)).map(one => one.object?.id)
      expect(words.indexOf('word')).toBeLessThan(words.indexOf('near'))
    })

    test('what neither list has is not there', async () => {
      const { found } = await store().query({
        collection: 'things',
        mode: 'hybrid',
        text: 'zebra',
        vector: [1, 0],
        limit: 2,
      })
      expect(idsOf(found)).toEqual(['near', 'both'])
    })
  })
}

function testWithout(of: Of): void {
  describe('where vectors cannot be kept', () => {
    test('words are found, and that vectors are not is said', async () => {
      const store = of('q-without')
      await store.ensureCollection({ collection: 'things', dimensions: 2 })
      const stored = await store.upsert({ collection: 'things', objects: [object('a', 'kiwi', { vector: [1, 0] })] })
      expect(stored).toEqual({ stored: 1, problems: [], waiting: 0 })
      const asked = { collection: 'things', text: 'kiwi', vector: [1, 0] }
      const { found, notice } = await store.query({ ...asked, mode: 'hybrid' })
      expect(idsOf(found)).toEqual(['a'])
      expect(found[0]).toMatchObject({ score: 1, vectorRank: 0, wordRank: 1, similarity: undefined })
      expect(notice).toMatch(/^by words alone: vectors cannot be kept here: the PostgreSQL server has no pgvector/)
      for (const query of [
        { ...asked, mode: 'vector' },
        { ...asked, mode: 'hybrid', alpha: 1 },
      ])
        await expect(store.query(query)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
    })
  })
}

/** Random numbers from 0 to 1, the same ones each time (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let [dot, one, other] = [0, 0, 0]
  for (const [index, value] of a.entries()) {
    const against = b[index] ?? 0
    dot += value * against
    one += value * value
    other += against * against
  }
  return dot / Math.sqrt(one * other)
}
