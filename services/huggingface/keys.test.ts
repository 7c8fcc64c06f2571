// Whose key goes where, and what is asked in place of Inference Providers.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { createCatalogue } from './catalogue.ts'
import { answers, chatOf, json, openHubServer, SSE } from './hub-server.suite.ts'
import type { HubServer } from './hub-server.suite.ts'
import { run } from './kit.suite.ts'
import { createInference } from './providers/inference.ts'
import { TASKS } from './tasks.ts'

let hub: HubServer
/** With a key for everybody. */
let system: TestSystem
/** Without one, in a network where users may reach the server. */
let keyless: TestSystem
beforeAll(async () => {
  hub = await openHubServer()
  system = await embedded({
    services: ['huggingface'],
    settings: {
      HF_TOKEN: 'hf_instance',
      HF_ENDPOINT_URL: `${hub.url}/own`,
      REGISTRATION: 'open',
      SECRETS_KEY: randomBytes(32).toString('base64'),
    },
  })
  keyless = await embedded({ services: ['huggingface'], settings: { OUTBOUND_ALLOW: new URL(hub.url).host } })
}, 60_000)
afterAll(async () => {
  await Promise.all([system?.stop(), keyless?.stop()])
  await hub?.[Symbol.asyncDispose]()
})
beforeEach(() => hub.replyWith())

const SUMMARIZE = { task: 'summarization', inputs: 'long' }
const short = json([{ summary_text: 'short' }])

test('without any key it is told which setting and which secret to add', async () => {
  await expect(run(keyless, SUMMARIZE)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: '"huggingface" needs a key: set HF_TOKEN, or add a secret of that name under Account > Secrets',
    reason: 'NO_KEY',
    details: { secret: 'HF_TOKEN' },
  })
})

test('a user’s key goes before the instance’s, for the runs of that user', async () => {
  const users = system.client(UserServiceDefinition)
  const register = async (name: string) => {
    const { account } = await users.register({ email: `${name}@example.org`, password: 'correct horse', name })
    return account?.id ?? ''
  }
  const [ada, bob] = [await register('ada'), await register('bob')]
  await system.as(ada).client(UserServiceDefinition).putSecret({ name: 'HF_TOKEN', value: 'hf_of_ada' })
  hub.replyWith(short)
  const keyOf = async (user: string) => {
    const capability = await system.host.identities.sign(
      { user, service: 'spell-runner' },
      { audience: 'secrets', lifeMs: 60_000, claims: { run: 'r_1' } },
    )
    const client = system.as(user).client(HuggingfaceServiceDefinition)
    const asked = { task: 'summarization', inputs: Buffer.from('"long"') }
    for await (const { part } of client.run(asked, { metadata: { capability } })) expect(part).toBeDefined()
    return hub.asked.at(-1)?.authorization
  }
  expect(await keyOf(ada)).toBe('Bearer hf_of_ada')
  expect(await keyOf(bob)).toBe('Bearer hf_instance')
})

test('the operator’s endpoint is asked in place of providers, with the key; it is waited for while it wakes', async () => {
  hub.replyWith(answers('asleep', 'text/plain', 503, { 'retry-after': '0' }), short)
  expect(await run(system, SUMMARIZE)).toEqual({
    progress: [{ text: 'loading facebook/bart-large-cnn' }],
    text: 'short',
    pieces: 1,
    finish: { model: 'facebook/bart-large-cnn' },
  })
  expect(hub.asked[1]).toMatchObject({ path: '/own', authorization: 'Bearer hf_instance', body: { inputs: 'long' } })
  hub.replyWith(answers(chatOf(['Hi']), SSE))
  await run(system, { task: 'chat-completion', inputs: { messages: [{ role: 'user', content: 'hi' }] } })
  expect(hub.asked[0]).toMatchObject({ path: '/own/v1/chat/completions' })
})

test('an endpoint that a user names is asked without any key, and only where the operator lets them', async () => {
  hub.replyWith(short)
  const endpoint = `${hub.url}/theirs`
  const { finish } = await run(keyless, { ...SUMMARIZE, endpoint })
  expect(finish).toEqual({ model: new URL(hub.url).host })
  expect(hub.asked).toMatchObject([{ path: '/theirs', authorization: undefined }])
  await expect(run(system, { ...SUMMARIZE, endpoint })).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: expect.stringContaining('OUTBOUND_ALLOW'),
  })
  expect(hub.asked).toHaveLength(1)
})

const NOWHERE = { HF_BASE_URL: '', HF_HUB_URL: '', HF_ENDPOINT_URL: '', OUTBOUND_ALLOW: '' }
test.each([
  ['https://x1.us-east-1.aws.endpoints.huggingface.cloud', 'Bearer hf_of_ada'],
  ['https://huggingface.co/x', 'Bearer hf_of_ada'],
  ['http://x1.us-east-1.aws.endpoints.huggingface.cloud', undefined],
  ['https://endpoints.huggingface.cloud.example.org', undefined],
  ['https://nothuggingface.co', undefined],
  ['https://models.example.org', undefined],
])('a user’s key goes to %s: %s', async (endpoint, authorization) => {
  const asked: (string | undefined)[] = []
  const outbound: Parameters<typeof createInference>[0]['guarded'] = {
    async open(_, { headers }) {
      asked.push(headers?.['authorization'])
      const body = new Blob(['[{"summary_text": "short"}]']).stream()
      return { status: 200, headers: { 'content-type': 'application/json' }, body }
    },
  }
  const limits = { timeoutMs: 5_000, loadTimeoutMs: 0 }
  const provider = createInference({
    settings: { ...NOWHERE, HF_TOKEN: 'hf_instance', HF_TIMEOUT_MS: 5_000, HF_LOAD_TIMEOUT_MS: 0 },
    catalogue: createCatalogue({ hub: '', router: '', outbound, limits }),
    ...{ limits, trusted: outbound, guarded: outbound },
  })
  const task = TASKS.get('summarization')
  if (!task) throw new Error('there is no such task')
  const ask = { task, model: '', provider: '', endpoint, inputs: 'long', parameters: {}, media: undefined }
  const secrets = { get: async (name: string) => (name === 'HF_TOKEN' ? 'hf_of_ada' : undefined) }
  const parts: unknown[] = []
  for await (const part of provider.run(ask, secrets, new AbortController().signal)) parts.push(part)
  expect(parts[0]).toEqual({ text: 'short' })
  expect(asked).toEqual([authorization])
})
