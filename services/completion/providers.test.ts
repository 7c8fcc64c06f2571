// Who may ask which provider with which key, by the secrets that the user service itself keeps.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { createSecrets } from '#mesh/secrets.ts'
import type { Secrets } from '#mesh/secrets.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { createProviders } from './providers.ts'
import type { Asker } from './providers.ts'
import { openEnvironment } from './provider.suite.ts'
import local from './providers/local.ts'
import presets from './providers/openai.ts'

const never = new AbortController().signal
let system: TestSystem
let secrets: Secrets
let [ada, bob]: Asker[] = []
beforeAll(async () => {
  system = await embedded({ services: ['user'], settings: { REGISTRATION: 'open', LOG_LEVEL: 'silent' } })
  const user = system.client(UserServiceDefinition)
  secrets = createSecrets({ service: 'completion', user, bus: system.bus })
  ;[ada, bob] = [await register('ada'), await register('bob')]
  await system
    .as(ada?.caller.user ?? '')
    .client(UserServiceDefinition)
    .putSecret({ name: 'MISTRAL_API_KEY', value: 'sk-ada' })
}, 60_000)
afterAll(async () => system?.stop(), 30_000)

/** A user whose node runs. */
async function register(name: string): Promise<Asker> {
  const given = { email: `${name}@example.com`, password: 'correct horse', name }
  const { account } = await system.client(UserServiceDefinition).register(given)
  const caller = { user: account?.id ?? '', service: 'spell-runner' }
  const signed = { audience: 'secrets', lifeMs: 600_000, claims: { run: 'run-1' } } as const
  return { caller, metadata: new Map([['capability', await system.host.identities.sign(caller, signed)]]) }
}
const nobody: Asker = { caller: { user: '', service: 'test' }, metadata: new Map() }
const open = (source: Record<string, string>) => createProviders([local, ...presets], openEnvironment(source), secrets)
const keyOf = async (name: string, asker: Asker | undefined, source: Record<string, string>) =>
  (await open(source).open(name, asker ?? nobody, never)).call.key

test('the user’s key goes before the instance’s; where a key may be missing, none is fine', async () => {
  const source = { MISTRAL_API_KEY: 'sk-instance', VLLM_BASE_URL: 'http://127.0.0.1:1/v1' }
  expect(await keyOf('mistral', ada, source)).toBe('sk-ada')
  expect(await keyOf('mistral', bob, source)).toBe('sk-instance')
  expect(await keyOf('mistral', nobody, source)).toBe('sk-instance')
  expect(await keyOf('vllm', ada, source)).toBe('')
})

test('what is missing is named: the key, or how to set it up', async () => {
  const providers = open({})
  await expect(providers.open('groq', ada ?? nobody, never)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: '"groq" needs a key: set GROQ_API_KEY, or add a secret of that name under Account > Secrets',
    details: { secret: 'GROQ_API_KEY' },
  })
  expect(await providers.standing('groq', ada ?? nobody)).toEqual({
    ready: false,
    why: 'a key from https://console.groq.com/keys',
  })
  expect(await providers.standing('vllm', nobody)).toMatchObject({
    ready: false,
    why: expect.stringContaining('set VLLM_BASE_URL'),
  })
  expect(await providers.standing('mistral', ada ?? nobody)).toMatchObject({ ready: true })
  expect(await providers.standing('mistral', bob ?? nobody)).toMatchObject({ ready: false })
})

test('while secrets cannot be read, what needs none goes on; no other key is taken in their place', async () => {
  await system.stop()
  const source = { GROQ_API_KEY: 'sk-instance', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }
  expect(await keyOf('local', bob, source)).toBe('')
  expect(await keyOf('openai', bob, source)).toBe('')
  await expect(keyOf('groq', bob, source)).rejects.toMatchObject({ code: 'INTERNAL' })
  const carol: Asker = { caller: { user: 'carol', service: 'edge' }, metadata: new Map() }
  expect(await open(source).standing('local', carol)).toMatchObject({ ready: true })
  expect(await open(source).standing('mistral', carol)).toMatchObject({ ready: false })
})
