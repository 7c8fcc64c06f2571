import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Json } from '#graph/json.ts'
import { fromDataUrl } from '../language/media.ts'
import { cosineOf } from '../language/vectors.ts'
import type { Completion } from '../services.ts'
import type { Single } from '../kit.suite.ts'
import { outputsOf, problemsOf, runNode } from '../kit.suite.ts'
import type { Models } from './model.suite.ts'
import { openModels, says, SCRIPTED } from './model.suite.ts'

let models: Models
beforeAll(async () => {
  models = await openModels()
})
afterAll(async () => models[Symbol.asyncDispose]())

const given = (single: Single): Single => ({ services: { completion: models.completion }, ...single })
const CATS = ['The cat sat on the mat', 'A cat sits on a mat', 'Stocks fell again on Monday']

describe('embed', () => {
  test('gives a vector of length 1 for each text, in their order', async () => {
    const { embeddings, embedding, dimensions, model } = await outputsOf(
      'ai/embed',
      given({ inputs: { texts: CATS }, config: { dimensions: 32 } }),
    )
    const vectors = embeddings as readonly (readonly number[])[]
    expect(vectors.map(vector => vector.length)).toEqual([32, 32, 32])
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    expect(embedding).toEqual(vectors[0])
    expect({ dimensions, model }).toEqual({ dimensions: 32, model: 'local/lexical' })
  })

  test('one text is one vector, and none is none', async () => {
    const one = await outputsOf('ai/embed', given({ inputs: { texts: CATS[0] ?? '' } }))
    expect(one['embeddings']).toEqual([one['embedding']])
    expect(await outputsOf('ai/embed', given({ inputs: { texts: [] } }))).toMatchObject({
      embeddings: [],
      embedding: [],
    })
  })

  test('more texts than one request takes are asked for in several', async () => {
    const texts = Array.from({ length: 300 }, (_, index) => `text number ${index}`)
    const { outputs, chunks } = await runNode('ai/embed', given({ inputs: { texts }, config: { dimensions: 16 } }))
    const all = outputs['embeddings'] as readonly Json[]
    const [last] = (
      await outputsOf('ai/embed', given({ inputs: { texts: texts.slice(-1) }, config: { dimensions: 16 } }))
    )['embeddings'] as readonly Json[]
    expect(all).toHaveLength(300)
    expect(all.at(-1)).toEqual(last)
    expect(chunks.map(({ text }) => text)).toEqual(['128 of 300', '256 of 300', '300 of 300'])
  })

  test('no request is larger than services take', async () => {
    const sizes: number[][] = []
    const completion: Completion = {
      ...models.completion,
      async embed({ texts = [] }) {
        sizes.push(texts.map(text => text?.length ?? 0))
        const embeddings = texts.map(() => ({ values: [1] }))
        return { embeddings, model: 'a/b', dimensions: 1, usage: undefined, cached: 0 }
      },
    }
    const embed = async (texts: readonly string[], dimensions: number) =>
      outputsOf('ai/embed', { services: { completion }, inputs: { texts }, config: { dimensions } })
    await embed(
      Array.from({ length: 25 }, () => 'x'.repeat(90_000)),
      0,
    )
    expect(sizes.map(({ length }) => length)).toEqual([11, 11, 3])
    sizes.length = 0
    await embed(
      Array.from({ length: 25 }, () => 'x'),
      65_536,
    )
    expect(sizes.map(({ length }) => length)).toEqual([12, 12, 1])
  })

  test('refuses what is no text, and one that is too long', async () => {
    expect((await runNode('ai/embed', given({ inputs: { texts: [1] } }))).error).toMatchObject({
      code: 'BAD_INPUT',
      message: '"texts": expected a list of texts, or one text',
    })
    expect((await runNode('ai/embed', given({ inputs: { texts: ['a', 'x'.repeat(100_001)] } }))).error).toMatchObject({
      code: 'TOO_LONG',
      message: 'text 2 has 100001 characters, expected at most 100000',
    })
  })
})

describe('similarity', () => {
  test('of two texts', async () => {
    const [near, far] = [
      await outputsOf('ai/similarity', given({ inputs: { a: CATS[0] ?? '', b: CATS[1] ?? '' } })),
      await outputsOf('ai/similarity', given({ inputs: { a: CATS[0] ?? '', b: CATS[2] ?? '' } })),
    ]
    expect(near['similarity']).toBeGreaterThan(far['similarity'] as number)
    expect(far).toMatchObject({ alike: false, model: 'local/lexical' })
    const same = await outputsOf('ai/similarity', given({ inputs: { a: 'the same', b: 'the same' } }))
    expect(same).toMatchObject({ similarity: 1, alike: true })
  })

  test('of two vectors, without asking any model', async () => {
    const of = async (a: Json, b: Json) => outputsOf('ai/similarity', { inputs: { a, b }, config: { atLeast: 0 } })
    expect(await of([1, 0], [1, 1])).toEqual({ similarity: 0.707107, alike: true, model: '', budget: '' })
    expect(await of([1, 0], [-2, 0])).toEqual({ similarity: -1, alike: false, model: '', budget: '' })
    expect(await of([0, 0], [1, 0])).toEqual({ similarity: 0, alike: true, model: '', budget: '' })
  })

  test('of a text and a vector of the same model', async () => {
    const { embedding = [] } = await outputsOf(
      'ai/embed',
      given({ inputs: { texts: 'one and the same' }, config: { dimensions: 24 } }),
    )
    const outputs = await outputsOf('ai/similarity', given({ inputs: { a: embedding, b: 'one and the same' } }))
    expect(outputs['similarity']).toBe(1)
  })

  test('refuses what cannot be compared', async () => {
    const errorOf = async (a: Json, b: Json) => (await runNode('ai/similarity', { inputs: { a, b } })).error
    expect(await errorOf([1], [1, 2])).toMatchObject({
      code: 'BAD_INPUT',
      message: 'the vectors have 1 and 2 dimensions: expected both of the same model',
    })
    expect(await errorOf(5, [1])).toMatchObject({ message: '"a": expected a text or a vector' })
    expect(await errorOf([1], [])).toMatchObject({ message: '"b": expected a text or a vector' })
    expect(() => cosineOf([1], [1, 2])).toThrow('1 and 2 dimensions')
  })
})

describe('rerank', () => {
  const documents = [{ text: 'Bread is baked' }, { text: 'Water the roses at dawn' }, { text: 'Roses like the sun' }]
  const inputs = { query: 'when to water roses', documents }

  test('by vectors: what shares the most with the query comes first', async () => {
    const outputs = await outputsOf('ai/rerank', given({ inputs, config: { path: 'text' } }))
    expect(outputs).toMatchObject({ best: documents[1], model: 'local/lexical', reason: 'stop' })
    const scores = outputs['scores'] as readonly number[]
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect((outputs['order'] as readonly number[]).toSorted()).toEqual([0, 1, 2])
  })

  test('by a model’s judgement, the best of them', async () => {
    models.server.replyWith(says({ scores: [0.1, 0.4, 0.9] }))
    const config = { by: 'model', model: SCRIPTED, path: 'text', most: 2 }
    expect(await outputsOf('ai/rerank', given({ run: 'rerank-1', inputs, config }))).toMatchObject({
      documents: [documents[2], documents[1]],
      scores: [0.9, 0.4],
      order: [2, 1],
      best: documents[2],
      model: SCRIPTED,
    })
    const [, { content }] = models.asked()['messages'] as readonly [object, { content: string }]
    expect(content).toBe(
      'Query: when to water roses\n\n<document index="0">\nBread is baked\n</document>\n\n<document index="1">\nWater the roses at dawn\n</document>\n\n<document index="2">\nRoses like the sun\n</document>',
    )
  })

  test('of equals the first one stays first; of nothing comes nothing', async () => {
    models.server.replyWith(says({ scores: [0.5, 0.5, 0.5] }))
    const config = { by: 'model', model: SCRIPTED }
    expect(await outputsOf('ai/rerank', given({ run: 'rerank-2', inputs, config }))).toMatchObject({ order: [0, 1, 2] })
    expect(await outputsOf('ai/rerank', given({ inputs: { ...inputs, documents: [] } }))).toMatchObject({
      documents: [],
      scores: [],
      best: null,
    })
  })

  test('refuses more documents than a model can judge at once', async () => {
    const many = Array.from({ length: 101 }, () => 'x')
    const { error } = await runNode(
      'ai/rerank',
      given({ inputs: { query: 'x', documents: many }, config: { by: 'model' } }),
    )
    expect(error).toMatchObject({ code: 'TOO_LONG', message: 'expected at most 100 documents by model, got 101' })
  })
})

describe('image', () => {
  test('is a data URL, the same for the same words and seed', async () => {
    const draw = async (prompt: string, seed: number) =>
      outputsOf('ai/image', given({ inputs: { prompt }, config: { seed, size: '256x256' } }))
    const [one, again, other] = [await draw('a red boat', 1), await draw('a red boat', 1), await draw('a red boat', 2)]
    expect(one).toMatchObject({ mediaType: 'image/svg+xml', model: 'local/sketch' })
    const { bytes } = fromDataUrl(one['image'], 'image', 'image')
    expect(new TextDecoder().decode(bytes)).toMatch(/^<svg[^]*<\/svg>\s*$/)
    expect(again['image']).toBe(one['image'])
    expect(other['image']).not.toBe(one['image'])
  })

  test('has a size that can be', () => {
    expect(problemsOf('ai/image', { size: 'large' })).toEqual([
      { path: 'config.size', message: 'expected a size such as 1024x1024, got "large"' },
    ])
  })
})
