// How vendors differ, with a local server that speaks OpenAI's format in their place.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { openOpenAiServer } from '../openai-server.suite.ts'
import type { OpenAiServer, Reply } from '../openai-server.suite.ts'
import { createClients } from './client.ts'
import { createEmbed } from './embeddings.ts'

let vendor: OpenAiServer
beforeAll(async () => {
  vendor = await openOpenAiServer()
})
afterAll(async () => vendor?.[Symbol.asyncDispose]())
beforeEach(() => vendor.replyWith(lengths))

/** A vector of each text: how long it is. Says nothing of tokens. */
const lengths: Reply = (response, { body }) => {
  const data = (body['input'] as readonly string[]).map((text, index) => ({ index, embedding: [text.length] }))
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ data }))
}

const never = new AbortController().signal
function open(name: string, isOwn = false) {
  const one = { title: name, url: vendor.url, secret: 'SOME_API_KEY', timeoutMs: 5_000 }
  const embed = createEmbed({ name, vendor: one, clientFor: createClients(one) }, isOwn)
  const call = { signal: never, key: 'sk', options: {} }
  return (
    embed &&
    ((texts: readonly string[], dimensions?: number) =>
      embed({ model: 'm', texts, ...(dimensions === undefined ? {} : { dimensions }) }, call))
  )
}
const sizes = () => vendor.asked.map(({ body }) => (body['input'] as readonly string[]).length)

test('vendors without embeddings have none, but a server of one’s own may', () => {
  expect(['anthropic', 'groq', 'deepseek', 'ai21'].map(name => open(name))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(open('anthropic', true)).toBeInstanceOf(Function)
})

test('no more texts at once than a vendor takes, in their order all the same', async () => {
  const texts = Array.from({ length: 250 }, (_, index) => 'x'.repeat(index + 1))
  const { vectors, usage } = (await open('google')?.(texts)) ?? {}
  expect(sizes()).toEqual([100, 100, 50])
  expect(vectors?.map(vector => vector[0])).toEqual(texts.map(text => text.length))
  // Who tells no tokens has them counted: four letters each, begun ones too.
  expect(usage).toEqual({
    inputTokens: texts.reduce((sum, { length }) => sum + Math.ceil(length / 4), 0),
    outputTokens: 0,
  })
  vendor.replyWith(lengths)
  await open('openai')?.(texts)
  expect(sizes()).toEqual([250])
})

test('no more characters at once than vendors have room for', async () => {
  await open('openai')?.(['x'.repeat(390_000), 'x'.repeat(10_000), 'x', 'x'.repeat(500_000), 'x'])
  expect(sizes()).toEqual([2, 1, 1, 1])
})

test('an empty text, which vendors refuse, is sent as a space', async () => {
  await open('openai')?.(['', 'a'])
  expect(vendor.asked[0]?.body['input']).toEqual([' ', 'a'])
})
