// Budgets that are used up in the middle of answers, with a local server that speaks OpenAI's format and never ends by itself.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { CompleteRequest, Finish } from '#gen/spellmesh/completion/v1/completion.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { openOpenAiServer } from '../openai-server.suite.ts'
import type { OpenAiServer, Reply } from '../openai-server.suite.ts'

let vendor: OpenAiServer
let system: TestSystem
const gone: Promise<void>[] = []
beforeAll(async () => {
  vendor = await openOpenAiServer()
  system = await embedded({ services: ['completion'], settings: { OPENAI_BASE_URL: vendor.url } })
})
afterAll(async () => {
  await system?.stop()
  await vendor?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  gone.length = 0
  vendor.replyWith(endlessFor(1))
})

/** Says four letters, again and again, until its reader has gone; begins when so many have come. */
function endlessFor(readers: number): Reply {
  const all = Promise.withResolvers<void>()
  return async response => {
    gone.push(new Promise(resolve => response.on('close', resolve)))
    if (gone.length === readers) all.resolve()
    await all.promise
    response.setHeader('content-type', 'text/event-stream')
    while (!response.destroyed) {
      response.write('data: {"choices":[{"index":0,"delta":{"content":"four"}}]}\n\n')
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

const clientOf = (user: string) => system.host.client(CompletionServiceDefinition, { user, service: 'spell-runner' })

async function complete(user: string, request: Partial<CompleteRequest>) {
  let text = ''
  let finish: Finish | undefined
  const messages = [{ role: 'user', content: 'Say!' }]
  for await (const { part } of clientOf(user).complete({ model: 'openai/gpt-4o', messages, ...request })) {
    if (part?.$case === 'text') text += part.value
    if (part?.$case === 'finish') finish = part.value
  }
  return { text, finish }
}

test('a cut closes the request to the vendor, keeps the text, and charges what was said', async () => {
  const limits = [{ scope: 'node', tokens: 101, cost: 0 }]
  const { text, finish } = await complete('ada', { limits })
  await Promise.all(gone)
  expect(gone).toHaveLength(1)
  // One token is asked, a hundred are said.
  expect(text).toBe('four'.repeat(100))
  expect(finish).toMatchObject({
    reason: 'budget',
    budget: '101 tokens of this call',
    model: 'openai/gpt-4o',
    usage: { inputTokens: 1, outputTokens: 100 },
  })
  const { sums } = await clientOf('ada').listUsage({ by: 'model' })
  // At $2.5 and $10 for a million.
  expect(sums).toMatchObject([
    { calls: 1, inputTokens: 1, outputTokens: 100, cost: expect.closeTo(0.0010025, 9), unpriced: 0 },
  ])
})

test('money cuts as well as tokens do', async () => {
  const { finish } = await complete('bob', { limits: [{ scope: 'node', tokens: 0, cost: 0.001 }] })
  expect(finish).toMatchObject({ reason: 'budget', budget: '$0.001 of this call' })
  expect(finish?.usage?.cost).toBeGreaterThanOrEqual(0.001)
  expect(finish?.usage?.cost).toBeLessThan(0.0011)
})

test('streams at once share a budget: together they say what is left, and no more', async () => {
  const origin = { agentId: '', spellId: 's', runId: 'r', nodeId: 'n' }
  const limits = [{ scope: 'run', tokens: 1_000, cost: 0 }]
  vendor.replyWith(endlessFor(5))
  const answers = await Promise.all(Array.from({ length: 5 }, () => complete('eve', { origin, limits })))
  await Promise.all(gone)
  expect(gone).toHaveLength(5)
  for (const { finish } of answers)
    expect(finish).toMatchObject({ reason: 'budget', budget: '1,000 tokens of this run' })
  const said = answers.reduce((sum, { text }) => sum + text.length / 4, 0)
  // Five are asked; each may say one piece more before it sees that all is gone.
  expect(said + 5).toBeGreaterThanOrEqual(1_000)
  expect(said + 5).toBeLessThanOrEqual(1_005)
  await expect(complete('eve', { origin, limits })).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'BUDGET',
  })
  const { sums } = await clientOf('eve').listUsage({ by: 'node', runId: 'r' })
  expect(sums).toMatchObject([{ key: 'n', calls: 5, inputTokens: 5, outputTokens: said }])
})
