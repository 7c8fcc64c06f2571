// What completion adds to a provider: fallbacks, retries, schemas, keys and sizes. The vendor is a local server that speaks OpenAI's format.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { CompleteResponse } from '#gen/spellmesh/completion/v1/completion.ts'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { brokenAfter, inParts, openOpenAiServer, refused, silentAfter, streamOf } from './openai-server.suite.ts'
import type { OpenAiServer } from './openai-server.suite.ts'

let vendor: OpenAiServer
let system: TestSystem
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellmesh-catalogue-'))
  const catalogue = {
    asOf: '2026-11-21',
    models: {
      'openai/tiny-1': { contextTokens: 1_000, inputPrice: 1, outputPrice: 10, abilities: ['tools', 'schema'] },
      'openai/gpt-4o': { inputPrice: 3 },
    },
  }
  await writeFile(join(folder, 'models.json'), JSON.stringify(catalogue))
  vendor = await openOpenAiServer()
  system = await embedded({
    services: ['completion'],
    settings: {
      OPENAI_BASE_URL: vendor.url,
      OPENAI_API_KEY: 'sk-instance',
      VLLM_BASE_URL: vendor.url,
      MODEL_CATALOGUE: join(folder, 'models.json'),
      REGISTRATION: 'open',
      LOCAL_MODEL_DELAY_MS: '0',
    },
  })
})
afterAll(async () => {
  await system?.stop()
  await vendor?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

type Part = NonNullable<CompleteResponse['part']>
interface More {
  readonly [name: string]: unknown
}
async function ask(request: More = {}, metadata: Record<string, string> = {}, user = 'ada'): Promise<Part[]> {
  const client = system.as(user).client(CompletionServiceDefinition)
  const whole = { model: 'openai/tiny-1', messages: [{ role: 'user', content: 'Name a boat' }], ...request }
  const parts: Part[] = []
  for await (const { part } of client.complete(whole, { metadata })) if (part) parts.push(part)
  return parts
}
async function register(name: string): Promise<string> {
  const users = system.client(UserServiceDefinition)
  const { account } = await users.register({ email: `${name}@example.com`, password: 'correct horse', name })
  return account?.id ?? ''
}
const ofKind = <K extends Part['$case']>(parts: readonly Part[], kind: K) =>
  parts.flatMap(part => (part.$case === kind ? [part.value as Extract<Part, { $case: K }>['value']] : []))
const saying = (...words: string[]) => inParts(streamOf(words), 1_000)
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const quickly = { 'retry-after-ms': '1' }

test('where a model fails before it says anything, the next one is asked, and people are told', async () => {
  vendor.replyWith(refused(400, 'too fancy'), saying('Ok'))
  const parts = await ask({ fallbacks: ['nobody/knows', 'vllm/tiny-1', 'local/demo'] })
  expect(ofKind(parts, 'notice')).toEqual([
    `"openai/tiny-1" failed: the model's provider refuses the request: too fancy; asking "nobody/knows"`,
    expect.stringMatching(/^"nobody\/knows" failed: nobody lists the model "nobody\/knows".*; asking "vllm\/tiny-1"$/),
  ])
  expect(ofKind(parts, 'text').join('')).toBe('Ok')
  expect(ofKind(parts, 'finish')).toMatchObject([{ reason: 'stop', model: 'vllm/tiny-1' }])
})

test('where it fails after it has said something, nobody else is asked', async () => {
  vendor.replyWith(brokenAfter(['Half']), saying('never'))
  await expect(ask({ fallbacks: ['local/demo'] })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(vendor.asked).toHaveLength(1)
})

test('where all fail, the error names all', async () => {
  vendor.replyWith(refused(500, 'broken', quickly))
  await expect(ask({ fallbacks: ['anthropic/claude-sonnet-4-5'] })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message:
      'all models failed: "openai/tiny-1": the model\'s provider failed (500): broken; "anthropic/claude-sonnet-4-5": "anthropic" needs a key: set ANTHROPIC_API_KEY, or add a secret of that name under Account > Secrets',
  })
})

test('a provider that is at its limit is asked again when it wants it, and people are told', async () => {
  vendor.replyWith(refused(429, 'slow down', { 'retry-after': '0.02' }), refused(503, 'not now', quickly), saying('Ok'))
  const begun = performance.now()
  const parts = await ask()
  expect(performance.now() - begun).toBeGreaterThan(15)
  expect(ofKind(parts, 'notice')).toEqual([
    '"openai/tiny-1" is asked again in 0.0 s: the model\'s provider is at its limit: slow down',
    '"openai/tiny-1" is asked again in 0.0 s: the model\'s provider failed (503): not now',
  ])
  expect(ofKind(parts, 'text').join('')).toBe('Ok')
})

test('a provider that wants to be left alone for long is given up at once', async () => {
  vendor.replyWith(refused(429, 'enough for today', { 'retry-after': '7200' }))
  await expect(ask()).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: "the model's provider is at its limit: enough for today; it wants to be asked again in 7200 s",
  })
  expect(vendor.asked).toHaveLength(1)
})

test('who cancels while it is waited for is let go at once', async () => {
  vendor.replyWith(refused(429, 'slow down', { 'retry-after': '30' }))
  const client = system.as('ada').client(CompletionServiceDefinition)
  const abort = new AbortController()
  const request = { model: 'openai/tiny-1', messages: [{ role: 'user', content: 'hi' }] }
  const read = async () => {
    for await (const { part } of client.complete(request, { signal: abort.signal }))
      if (part?.$case === 'notice') abort.abort()
  }
  await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(vendor.asked).toHaveLength(1)
})

const BOAT = {
  type: 'object',
  properties: { name: { type: 'string' }, masts: { type: 'integer' } },
  required: ['name', 'masts'],
}

test('an answer that fits its schema is given as it comes', async () => {
  vendor.replyWith(saying('{"name":"Ada",', '"masts":2}'))
  const parts = await ask({ responseSchema: json(BOAT) })
  expect(ofKind(parts, 'restart')).toEqual([])
  expect(ofKind(parts, 'text').join('')).toBe('{"name":"Ada","masts":2}')
  expect(vendor.asked[0]?.body).toMatchObject({
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: BOAT } },
  })
})

test('a model that is known to take no schema is asked in words', async () => {
  vendor.replyWith(saying('{"name":"Ada","masts":2}'))
  await ask({ model: 'openai/gpt-4-turbo', responseSchema: json(BOAT) })
  const { response_format: format, messages } = vendor.asked[0]?.body ?? {}
  expect(format).toBeUndefined()
  expect(messages).toMatchObject([{ role: 'system', content: expect.stringContaining('"masts"') }, { role: 'user' }])
})

test('one that does not is sent back once, with everything that is wrong; both are paid for', async () => {
  vendor.replyWith(saying('{"masts":"two"}'), saying('{"name":"Ada",', '"masts":2}'))
  const parts = await ask({ responseSchema: json(BOAT), idempotencyKey: 'boat-1' })
  const at = parts.findIndex(({ $case }) => $case === 'restart')
  expect(parts[at]?.value).toMatch(/^the answer does not fit its schema: .*name.*; \/masts: .*integer/)
  expect(ofKind(parts.slice(at), 'text').join('')).toBe('{"name":"Ada","masts":2}')
  expect(ofKind(parts, 'finish')).toMatchObject([{ reason: 'stop', usage: { inputTokens: 14, outputTokens: 3 } }])
  expect(ofKind(parts, 'finish')[0]?.usage?.cost).toBeCloseTo((14 * 1 + 3 * 10) / 1e6, 12)
  const messages = vendor.asked[1]?.body['messages'] as { role: string; content: string }[]
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  expect(messages[2]?.content).toContain('/masts')
  expect(vendor.asked.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['boat-1', 'boat-1/again'])
  // What is kept is the second answer alone.
  const again = await ask({ responseSchema: json(BOAT), idempotencyKey: 'boat-1' })
  expect(again.map(({ $case }) => $case)).toEqual(['text', 'finish'])
  expect(ofKind(again, 'text')).toEqual(['{"name":"Ada","masts":2}'])
})

test('one that does not fit the second time either is refused, with what is wrong', async () => {
  vendor.replyWith(saying('No.'))
  await expect(ask({ responseSchema: json(BOAT) })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'the answer of "openai/tiny-1" does not fit its schema: it is not JSON',
  })
  expect(vendor.asked).toHaveLength(2)
})

test('JSON among other words is taken out of them, and not paid for twice', async () => {
  vendor.replyWith(saying('Here you are:\n```json\n', '{"name":"Ada","masts":2}', '\n```\nEnjoy!'))
  const parts = await ask({ responseSchema: json(BOAT) })
  const at = parts.findIndex(({ $case }) => $case === 'restart')
  expect(ofKind(parts.slice(at), 'text')).toEqual(['{"name":"Ada","masts":2}'])
  expect(vendor.asked).toHaveLength(1)
})

test('a pattern or reference without end is given up, and keeps nobody else waiting', async () => {
  const hostile = { type: 'string', pattern: '^(a+)+$' }
  const said = `${'a'.repeat(40)}!`
  vendor.replyWith(saying(JSON.stringify(said)))
  let turns = 0
  const timer = setInterval(() => turns++, 20)
  await expect(ask({ responseSchema: json(hostile) })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'the answer cannot be checked within 2000 ms: expected a simpler schema',
  })
  expect(vendor.asked).toHaveLength(1)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})

test('what is longer than the model takes is refused with the numbers, and reaches nobody', async () => {
  vendor.replyWith(saying('never'))
  const messages = [{ role: 'user', content: 'word '.repeat(1_500) }]
  await expect(ask({ messages, maxTokens: 200 })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [
      {
        path: 'messages',
        message: expect.stringMatching(
          /^have about 1,50\d tokens, and 200 are asked for as its answer; "openai\/tiny-1" takes 1,000 in all$/,
        ),
      },
    ],
  })
  const short = [{ role: 'user', content: 'word '.repeat(700) }]
  expect(ofKind(await ask({ messages: short, maxTokens: 200 }), 'text')).toEqual(['never'])
  expect(vendor.asked).toHaveLength(1)
})

test('a model without a key is refused with the setting and the secret to add', async () => {
  await expect(ask({ model: 'mistral/mistral-small-latest' })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: '"mistral" needs a key: set MISTRAL_API_KEY, or add a secret of that name under Account > Secrets',
  })
  await expect(ask({ model: 'lmstudio/some' })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('set LMSTUDIO_BASE_URL'),
  })
})

test('a key of the user’s goes before the instance’s, in a running node', async () => {
  const ada = await register('ada')
  const users = system.as(ada).client(UserServiceDefinition)
  await users.putSecret({ name: 'OPENAI_API_KEY', value: 'sk-of-ada' })
  const signed = { audience: 'secrets', lifeMs: 60_000, claims: { run: 'run-1' } } as const
  const capability = await system.host.identities.sign({ user: ada, service: 'spell-runner' }, signed)
  vendor.replyWith(saying('Ok'))
  await ask({}, { capability }, ada)
  await ask({}, {}, ada)
  expect(vendor.asked.map(({ authorization }) => authorization)).toEqual(['Bearer sk-of-ada', 'Bearer sk-instance'])
  await users.deleteSecret({ name: 'OPENAI_API_KEY' })
})

test('models are listed with their figures, and all providers with what they need', async () => {
  const bob = await register('bob')
  const client = system.as(bob).client(CompletionServiceDefinition)
  const { models, providers } = await client.listModels({ kind: 'chat' })
  expect(models.find(({ id }) => id === 'openai/tiny-1')).toMatchObject({
    kind: 'chat',
    contextTokens: 1_000,
    inputPrice: 1,
    outputPrice: 10,
    abilities: ['tools', 'schema'],
    asOf: '2026-11-21',
  })
  // At a server of one's own stands what it lists, and nothing else.
  expect(models.some(({ id }) => id === 'openai/gpt-4o')).toBe(false)
  expect(providers.find(({ name }) => name === 'anthropic')).toEqual({
    name: 'anthropic',
    title: 'Anthropic',
    ready: false,
    secret: 'ANTHROPIC_API_KEY',
    about: 'a key from https://console.anthropic.com/settings/keys',
  })
  expect(providers.find(({ name }) => name === 'local')).toMatchObject({ ready: true, secret: '' })
  expect(models.some(({ provider }) => provider === 'anthropic')).toBe(false)
  await system.as(bob).client(UserServiceDefinition).putSecret({ name: 'ANTHROPIC_API_KEY', value: 'sk-of-bob' })
  const after = await client.listModels({})
  expect(after.providers.find(({ name }) => name === 'anthropic')).toMatchObject({ ready: true })
  expect(after.models.find(({ id }) => id === 'anthropic/claude-sonnet-4-5')).toMatchObject({
    inputPrice: 3,
    outputPrice: 15,
  })
  await expect(client.listModels({ kind: 'video' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('a model of another kind is refused with what was expected', async () => {
  await expect(ask({ model: 'local/lexical' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'model', message: '"local/lexical" makes embeddings: expected a model that answers with text' }],
  })
})

test('a repeated answer has its tool calls again', async () => {
  const request = {
    model: 'local/demo',
    messages: [{ role: 'user', content: 'What is the weather in Paris?' }],
    tools: [
      {
        name: 'get_weather',
        description: '',
        parameters: json({ type: 'object', properties: { city: { type: 'string' } } }),
      },
    ],
    reasoningEffort: 'low',
    idempotencyKey: 'tools-1',
  }
  const first = await ask(request)
  expect(ofKind(first, 'reasoning').join('')).toContain('demo')
  expect(ofKind(first, 'toolCall')).toEqual([{ id: 'demo_1', name: 'get_weather', arguments: '{"city":"Paris"}' }])
  const again = await ask(request)
  expect(again).toEqual(first.filter(({ $case }) => $case !== 'reasoning'))
})

test('a silent connection is closed when the caller leaves', async () => {
  vendor.replyWith(silentAfter(['Once']))
  const parts = system
    .as('ada')
    .client(CompletionServiceDefinition)
    .complete({ model: 'openai/tiny-1', messages: [{ role: 'user', content: 'hi' }] })
    [Symbol.asyncIterator]()
  expect(await parts.next()).toMatchObject({ value: { part: { $case: 'text', value: 'Once' } } })
  await parts.return?.()
  await vendor.closed()
})
