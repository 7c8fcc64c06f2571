// How vendors differ, with a local server that speaks OpenAI's format in their place.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { openOpenAiServer } from '../openai-server.suite.ts'
import type { OpenAiServer } from '../openai-server.suite.ts'
import type { ProviderImage, ProviderImageRequest } from '../provider.ts'
import { createClients } from './client.ts'
import { createImage } from './images.ts'

let vendor: OpenAiServer
let bytes: Buffer
const stops: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  vendor = await openOpenAiServer()
})
beforeEach(() => {
  bytes = Buffer.from('\xff\xd8\xff\xe0', 'latin1')
  vendor.replyWith(response => {
    const whole = JSON.stringify({ created: 1, data: [{ b64_json: bytes.toString('base64') }] })
    response.setHeader('content-type', 'application/json').end(whole)
  })
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})
afterAll(async () => vendor?.[Symbol.asyncDispose]())

const never = new AbortController().signal
function open(name: string, isOwn = false) {
  const one = { title: name, url: vendor.url, secret: 'SOME_API_KEY', timeoutMs: 5_000 }
  const onStop = (stop: () => Promise<void> | void) => void stops.push(stop)
  const image = createImage({ name, vendor: one, clientFor: createClients(one), OUTBOUND_ALLOW: '', onStop }, isOwn)
  return (
    image &&
    (async (request: Partial<ProviderImageRequest> = {}) => {
      const pictures: ProviderImage[] = []
      const asked = { model: 'm', prompt: 'a fox', ...request }
      for await (const one of image(asked, { signal: never, key: 'sk', options: {} })) pictures.push(one)
      return { picture: pictures[0], body: vendor.asked.at(-1)?.body }
    })
  )
}

test('vendors that make no pictures have none, but a server of one’s own may', () => {
  expect(['anthropic', 'mistral', 'groq', 'deepseek', 'ai21'].map(name => open(name))).toEqual(
    Array.from({ length: 5 }, () => undefined),
  )
  expect(open('mistral', true)).toBeInstanceOf(Function)
})

test.each<[string, boolean, Partial<ProviderImageRequest>, object]>([
  // OpenAI's newer models refuse to be asked how they answer; none of them takes a seed.
  ['openai', false, { model: 'gpt-image-1', size: '1024x1024', seed: 1 }, { model: 'gpt-image-1', size: '1024x1024' }],
  ['openai', false, { model: 'dall-e-3' }, { model: 'dall-e-3', response_format: 'b64_json' }],
  ['openai', true, { size: '64x64', seed: 1 }, { model: 'm', size: '64x64', seed: 1, response_format: 'b64_json' }],
  ['google', false, { seed: 1 }, { model: 'm', response_format: 'b64_json' }],
  [
    'together',
    false,
    { size: '512x256', seed: 7 },
    { model: 'm', width: 512, height: 256, seed: 7, response_format: 'b64_json' },
  ],
])('%s (its own server: %s) is asked as it understands: %j', async (name, isOwn, request, expected) => {
  expect((await open(name, isOwn)?.(request))?.body).toEqual({ prompt: 'a fox', n: 1, ...expected })
})

test.each([
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', '\xff\xd8\xff\xe0'],
  ['image/gif', 'GIF89a'],
  ['image/webp', 'RIFF\0\0\0\0WEBPVP8 '],
  ['image/avif', '\0\0\0\x1cftypavif'],
  ['image/svg+xml', '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'],
])('%s is known by its first bytes', async (mediaType, beginning) => {
  bytes = Buffer.concat([Buffer.from(beginning, 'latin1'), Buffer.alloc(100)])
  expect((await open('openai')?.())?.picture).toMatchObject({ mediaType, usage: { inputTokens: 0, outputTokens: 0 } })
})
