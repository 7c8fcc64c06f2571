// The service whole, with a local server that speaks OpenAI's format.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { CreateEmbeddingResponse } from 'openai/resources/embeddings'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { EmbedRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { openOpenAiServer, refused } from '../openai-server.suite.ts'
import type { Asked, OpenAiServer, Reply } from '../openai-server.suite.ts'

const MODEL = 'openai/text-embedding-3-small'
let vendor: OpenAiServer
let system: TestSystem
beforeAll(async () => {
  vendor = await openOpenAiServer()
  system = await embedded({
    services: ['completion'],
    settings: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-test', COMPLETION_RETRIES: '1' },
  })
})
afterAll(async () => {
  await system?.stop()
  await vendor?.[Symbol.asyncDispose]()
})
beforeEach(() => vendor.replyWith(vectorsOf(text => [text.length, 1, 2, 2])))

const clientOf = (user: string, service = 'edge') => system.host.client(CompletionServiceDefinition, { user, service })
const embed = (request: Partial<EmbedRequest>, user = 'ada') => clientOf(user).embed({ model: MODEL, ...request })
const inputsOf = ({ body }: Asked) => body['input'] as readonly string[]

/** Answers as the vendor does: in base64 unless floats are asked for, each text's tokens are its letters, in any order. */
function vectorsOf(of: (text: string) => readonly number[], base64 = true): Reply {
  return (response, asked) => {
    const data = inputsOf(asked).map((text, index) => ({
      object: 'embedding' as const,
      index,
      embedding: base64 ? Buffer.from(Float32Array.from(of(text)).buffer).toString('base64') : of(text),
    }))
    const tokens = inputsOf(asked).join('').length
    const whole: Omit<CreateEmbeddingResponse, 'data'> & { data: readonly object[] } = {
      object: 'list',
      model: 'text-embedding-3-small',
      data: data.toReversed(),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(whole))
  }
}

const rounded = (vectors: readonly { values: readonly number[] }[]) =>
  vectors.map(({ values }) => values.map(value => Math.round(value * 1_000) / 1_000))

test('vectors come in the order of the texts, of length 1, with what they cost; the next time from the cache', async () => {
  const first = await embed({ texts: ['four', 'a', 'four'] })
  // [4, 1, 2, 2] is 5 long; [1, 1, 2, 2] the root of 10.
  expect(rounded(first.embeddings)).toEqual([
    [0.8, 0.2, 0.4, 0.4],
    [0.316, 0.316, 0.632, 0.632],
    [0.8, 0.2, 0.4, 0.4],
  ])
  expect(first).toMatchObject({
    model: MODEL,
    dimensions: 4,
    cached: 0,
    // 5 letters at $0.02 for a million.
    usage: { inputTokens: 5, outputTokens: 0, cost: expect.closeTo(1e-7, 15) },
  })
  expect(vendor.asked.map(inputsOf)).toEqual([['four', 'a']])
  const again = await embed({ texts: ['a', 'new one', 'four'] })
  expect(again).toMatchObject({ cached: 2, usage: { inputTokens: 7 } })
  expect(rounded(again.embeddings)[2]).toEqual([0.8, 0.2, 0.4, 0.4])
  expect(vendor.asked.map(inputsOf)).toEqual([['four', 'a'], ['new one']])
  const all = await embed({ texts: ['a', 'four'] })
  expect(all).toMatchObject({ cached: 2, usage: { inputTokens: 0, outputTokens: 0, cost: 0 } })
})

test('vectors are kept in the cache service, in a namespace of their own', async () => {
  await embed({ texts: ['kept', 'in', 'the', 'cache'] }, 'bea')
  const cache = system.as('bea').client(CacheServiceDefinition)
  const until = Date.now() + 20_000
  const kept = async () => (await cache.stats({})).namespaces.find(({ namespace }) => namespace === 'embeddings')
  // They are written behind the answer.
  while ((await kept())?.entries !== 4 && Date.now() < until) await new Promise(resolve => setTimeout(resolve, 20))
  expect(await kept()).toMatchObject({ entries: 4 })
  await cache.delete({ namespace: 'embeddings' })
  expect((await embed({ texts: ['kept', 'new'] }, 'bea')).cached).toBe(0)
  expect(vendor.asked.map(inputsOf)).toEqual([
    ['kept', 'in', 'the', 'cache'],
    ['kept', 'new'],
  ])
})

test('what one user had embedded is not another’s', async () => {
  await embed({ texts: ['mine'] }, 'carol')
  expect((await embed({ texts: ['mine'] }, 'dave')).cached).toBe(0)
  expect((await embed({ texts: ['mine'] }, 'carol')).cached).toBe(1)
})

test('calls that come together go upstream together, each with its share of the cost', async () => {
  const texts = Array.from({ length: 12 }, (_, index) => `text number ${index}`)
  const answers = await Promise.all(texts.map(text => embed({ texts: [text] }, 'eve')))
  expect(vendor.asked.length).toBeLessThan(12)
  expect(vendor.asked.flatMap(inputsOf).toSorted()).toEqual(texts.toSorted())
  answers.forEach(({ embeddings, usage }, index) => {
    const { length } = texts[index] ?? ''
    expect(embeddings[0]?.values[0]).toBeCloseTo(length / Math.hypot(length, 3), 5)
    expect(usage?.inputTokens).toBeGreaterThan(0)
  })
  const tokens = answers.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0), 0)
  expect(tokens).toBe(texts.join('').length)
  expect((await clientOf('eve').listUsage({ by: 'model' })).sums).toMatchObject([
    { key: MODEL, calls: 12, inputTokens: tokens },
  ])
})

test('users never share a request to a vendor', async () => {
  await Promise.all([embed({ texts: ['shared'] }, 'fay'), embed({ texts: ['shared'] }, 'gus')])
  expect(vendor.asked.map(inputsOf)).toEqual([['shared'], ['shared']])
})

test('a vendor that shortens vectors is asked to; of one that cannot they are cut and made of length 1', async () => {
  vendor.replyWith((response, asked) => {
    if (asked.body['dimensions'] === undefined)
      return vectorsOf(() => [...[3, 4, 0, 0, 0, 0, 0, 0], 12, 5])(response, asked)
    return refused(400, 'This model does not support specifying dimensions.')(response, asked)
  })
  const cut = await embed({ texts: ['x1'], dimensions: 8 })
  expect(cut.dimensions).toBe(8)
  expect(rounded(cut.embeddings)).toEqual([[0.6, 0.8, 0, 0, 0, 0, 0, 0]])
  await embed({ texts: ['x2'], dimensions: 8 })
  // It is asked once whether it can.
  expect(vendor.asked.map(({ body }) => body['dimensions'])).toEqual([8, undefined, undefined])
  await expect(embed({ texts: ['x3'], dimensions: 11 })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'dimensions', message: `"${MODEL}" has 10 dimensions: expected at most as many, got 11` }],
  })
})

test('floats are understood as well as base64', async () => {
  vendor.replyWith(vectorsOf(() => [0, 3, 4], false))
  expect(rounded((await embed({ texts: ['floats'] }, 'hal')).embeddings)).toEqual([[0, 0.6, 0.8]])
})

test('where the model has changed, old vectors are not mixed with new ones', async () => {
  await embed({ texts: ['old'] }, 'ida')
  vendor.replyWith(vectorsOf(() => [0, 1]))
  const answer = await embed({ texts: ['old', 'new'] }, 'ida')
  expect(rounded(answer.embeddings)).toEqual([
    [0, 1],
    [0, 1],
  ])
  expect(answer.cached).toBe(0)
})

test('a vendor that fails is asked again; one that gives no vectors is told apart', async () => {
  vendor.replyWith(
    refused(503, 'busy', { 'retry-after-ms': '1' }),
    vectorsOf(() => [1]),
  )
  expect((await embed({ texts: ['again'] }, 'jo')).dimensions).toBe(1)
  vendor.replyWith(vectorsOf(() => [0, 0]))
  await expect(embed({ texts: ['nothing'] }, 'jo')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `"${MODEL}" gave a vector that has no direction`,
  })
  vendor.replyWith(response => void response.setHeader('content-type', 'application/json').end('{"data": []}'))
  await expect(embed({ texts: ['nothing'] }, 'jo')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  vendor.replyWith(refused(401, 'bad key sk-test'))
  const error = await embed({ texts: ['nothing'] }, 'jo').catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'FAILED_PRECONDITION' })
  expect(String(error)).not.toContain('sk-test')
})

test('who leaves is told so at once, and the vendor when all have left', async () => {
  const arrived = Promise.withResolvers<void>()
  vendor.replyWith(() => arrived.resolve())
  const aborts = [new AbortController(), new AbortController()]
  const calls = aborts.map(({ signal }, index) =>
    clientOf('kim')
      .embed({ model: MODEL, texts: [`slow ${index}`] }, { signal })
      .catch((error: unknown) => error),
  )
  await arrived.promise
  aborts[0]?.abort()
  expect(await calls[0]).toMatchObject({ code: 'CANCELLED' })
  expect(vendor.asked).toHaveLength(1)
  aborts[1]?.abort()
  await vendor.closed()
  expect(await calls[1]).toMatchObject({ code: 'CANCELLED' })
  expect((await clientOf('kim').listUsage({})).sums).toEqual([])
})

test('a budget that is used up refuses embeddings, but not those that are there already', async () => {
  const client = clientOf('lea')
  const budget = { id: '', scope: 'user', target: '', period: 'day', tokens: 10, cost: 0, usedTokens: 0, usedCost: 0 }
  await client.setBudget({ budget })
  await embed({ texts: ['0123456789'] }, 'lea')
  await expect(embed({ texts: ['more'] }, 'lea')).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'BUDGET',
  })
  expect((await embed({ texts: ['0123456789'] }, 'lea')).cached).toBe(1)
})

const numbers = Array.from({ length: 257 }, (_, index) => String(index))
test.each<[string, Partial<EmbedRequest>, readonly string[]]>([
  ['no texts', { texts: [] }, ['texts: expected at least one']],
  ['too many', { texts: numbers }, ['texts: 257 texts; at most 256']],
  [
    'too long, and too few dimensions',
    { texts: ['ok', 'x'.repeat(100_001)], dimensions: 7 },
    ['texts[1]: is 100001 characters long; at most 100000', 'dimensions: 7 is not from 8 to 4096'],
  ],
  ['too many dimensions', { texts: ['a'], dimensions: 4_097 }, ['dimensions: 4097 is not from 8 to 4096']],
  [
    'too large an answer',
    { texts: numbers.slice(1), dimensions: 4_096 },
    ['texts: 256 texts of 4096 dimensions; at most 244'],
  ],
  [
    'a model that does not embed',
    { texts: ['a'], model: 'local/demo' },
    ['model: "local/demo" answers with text: expected a model that makes embeddings'],
  ],
])('%s: refused with every problem', async (_, request, problems) => {
  const error = await embed(request).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
  const told = (error as { problems: readonly { path: string; message: string }[] }).problems
  expect(told.map(({ path, message }) => `${path}: ${message}`)).toEqual(problems)
})

test('without a model named, texts are embedded lexically: what has the same words is near', async () => {
  const dot = (a: readonly number[] = [], b: readonly number[] = []) =>
    a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
  for (const [one, alike, other] of [
    ['The cat sleeps on the warm sofa', 'A cat is sleeping on a sofa', 'Interest rates rose again in March'],
    ['How do I reset my password?', 'I forgot my password, how can it be reset', 'Where is the nearest bakery'],
    ['Der Hund läuft durch den Park', 'Ein Hund lief im Park', 'Die Zinsen sind gestiegen'],
    ['我喜欢吃苹果', '他喜欢吃香蕉和苹果', '今天股票市场下跌'],
  ] as const)
    for (const dimensions of [undefined, 64, 1_000]) {
      const { embeddings, ...rest } = await embed({ model: '', texts: [one, alike, other, ''], dimensions })
      const [a, b, c, empty] = embeddings.map(({ values }) => values)
      // To look it up would take longer than to make it.
      expect(rest).toMatchObject({
        model: 'local/lexical',
        dimensions: dimensions ?? 384,
        usage: { cost: 0 },
        cached: 0,
      })
      expect(dot(a, b)).toBeGreaterThan(0.2)
      expect(Math.abs(dot(a, c))).toBeLessThan(0.2)
      expect(dot(a, a)).toBeCloseTo(1, 5)
      expect(dot(empty, empty)).toBeCloseTo(1, 5)
    }
})
