// The service whole, with local servers that speak OpenAI's format.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { ImagesResponse } from 'openai/resources/images'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type {
  GenerateImageRequest,
  GenerateImageResponse,
  ImageFinish,
} from '#gen/spellmesh/completion/v1/completion.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { openOpenAiServer, refused } from '../openai-server.suite.ts'
import type { OpenAiServer, Reply } from '../openai-server.suite.ts'

const MODEL = 'openai/dall-e-3'
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(2_500_000, 7)])
let vendor: OpenAiServer
let pictures: Server
let picturesUrl = ''
let system: TestSystem
beforeAll(async () => {
  vendor = await openOpenAiServer()
  pictures = createServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: 'http://10.0.0.1/secret' }).end()
    else if (request.url === '/picture') response.end(PNG)
    else response.writeHead(404).end('not here')
  })
  await new Promise<void>(resolve => pictures.listen(0, '127.0.0.1', resolve))
  const { port } = pictures.address() as AddressInfo
  picturesUrl = `http://127.0.0.1:${port}`
  system = await embedded({
    services: ['completion'],
    settings: {
      OPENAI_BASE_URL: vendor.url,
      OPENAI_API_KEY: 'sk-test',
      COMPLETION_RETRIES: '1',
      OUTBOUND_ALLOW: `127.0.0.1:${port}`,
    },
  })
})
afterAll(async () => {
  await system?.stop()
  await vendor?.[Symbol.asyncDispose]()
  pictures?.closeAllConnections()
  await new Promise(resolve => pictures?.close(resolve))
})
beforeEach(() => vendor.replyWith(picture({ b64_json: PNG.toString('base64') })))

function picture(one: { b64_json?: string; url?: string }, usage?: ImagesResponse.Usage): Reply {
  const whole: ImagesResponse = { created: 1, data: [one], ...(usage ? { usage } : {}) }
  return response => void response.setHeader('content-type', 'application/json').end(JSON.stringify(whole))
}

const clientOf = (user: string) => system.host.client(CompletionServiceDefinition, { user, service: 'edge' })

async function generate(request: Partial<GenerateImageRequest>, user = 'ada') {
  const sizes: number[] = []
  const pieces: Uint8Array[] = []
  const notices: string[] = []
  let finish: ImageFinish | undefined
  const answer: AsyncIterable<GenerateImageResponse> = clientOf(user).generateImage({
    model: MODEL,
    prompt: 'a fox',
    ...request,
  })
  for await (const { part } of answer) {
    if (finish) throw new Error('something after the finish')
    if (part?.$case === 'data') {
      sizes.push(part.value.length)
      pieces.push(part.value)
    } else if (part?.$case === 'notice') notices.push(part.value)
    else finish = part?.value
  }
  return { bytes: Buffer.concat(pieces), sizes, notices, finish }
}

test('a picture comes in pieces, with its kind by what it is', async () => {
  const { bytes, sizes, finish, notices } = await generate({ size: '1024x1024', seed: 7 })
  expect(bytes.equals(PNG)).toBe(true)
  expect(sizes).toEqual([1_000_000, 1_000_000, 500_008])
  expect(finish).toMatchObject({ mediaType: 'image/png', model: MODEL, usage: { inputTokens: 0, outputTokens: 0 } })
  expect(notices).toEqual([])
  expect(vendor.asked).toMatchObject([
    {
      path: '/v1/images/generations',
      authorization: 'Bearer sk-test',
      body: { model: 'dall-e-3', prompt: 'a fox', n: 1, size: '1024x1024', seed: 7, response_format: 'b64_json' },
    },
  ])
})

test('what a vendor counts is in the ledger', async () => {
  vendor.replyWith(
    picture(
      { b64_json: PNG.toString('base64') },
      {
        input_tokens: 12,
        output_tokens: 4_160,
        total_tokens: 4_172,
        input_tokens_details: { image_tokens: 0, text_tokens: 12 },
      },
    ),
  )
  const { finish } = await generate({}, 'bob')
  expect(finish?.usage).toMatchObject({ inputTokens: 12, outputTokens: 4_160 })
  expect((await clientOf('bob').listUsage({ by: 'model' })).sums).toMatchObject([
    { key: MODEL, calls: 1, inputTokens: 12, outputTokens: 4_160 },
  ])
})

test('a picture that the vendor only names is fetched, but not from inside this network', async () => {
  vendor.replyWith(picture({ url: `${picturesUrl}/picture` }))
  expect((await generate({})).bytes.equals(PNG)).toBe(true)
  vendor.replyWith(picture({ url: `${picturesUrl}/moved` }))
  await expect(generate({})).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: expect.stringContaining('10.0.0.1'),
  })
  vendor.replyWith(picture({ url: 'http://169.254.169.254/latest/meta-data' }))
  await expect(generate({})).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  vendor.replyWith(picture({ url: `${picturesUrl}/gone` }))
  await expect(generate({})).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('404') })
})

test('a vendor that fails is asked again, and said so; one that gives no picture is told apart', async () => {
  vendor.replyWith(refused(503, 'busy', { 'retry-after-ms': '1' }), picture({ b64_json: PNG.toString('base64') }))
  const { notices, bytes } = await generate({})
  expect(bytes.equals(PNG)).toBe(true)
  expect(notices).toEqual([expect.stringMatching(/^"openai\/dall-e-3" is asked again in 0\.0 s: .*busy/)])
  vendor.replyWith(picture({ b64_json: Buffer.from('<html>sorry</html>').toString('base64') }))
  await expect(generate({})).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: "the model's provider answered with something that is no picture",
  })
  vendor.replyWith(picture({}))
  await expect(generate({})).rejects.toMatchObject({ message: "the model's provider answered without a picture" })
  vendor.replyWith(refused(400, 'Your request was rejected by the safety system.'))
  await expect(generate({})).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('safety system'),
  })
})

test('who leaves closes the request', async () => {
  const arrived = Promise.withResolvers<void>()
  vendor.replyWith(() => arrived.resolve())
  const abort = new AbortController()
  const read = async () => {
    for await (const part of clientOf('eve').generateImage({ model: MODEL, prompt: 'slow' }, { signal: abort.signal }))
      void part
  }
  const reading = read()
  await arrived.promise
  abort.abort()
  await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
  await vendor.closed()
  expect((await clientOf('eve').listUsage({})).sums).toEqual([])
})

test.each<[string, Partial<GenerateImageRequest>, readonly string[]]>([
  [
    'nothing to draw, of no size',
    { prompt: ' ', size: '0x20' },
    ['prompt: must not be empty', 'size: "0x20" is not WIDTHxHEIGHT, each from 16 to 4096, e.g. "1024x1024"'],
  ],
  ['too long', { prompt: 'x'.repeat(32_001) }, ['prompt: is 32001 characters long; at most 32000']],
  ['too large', { size: '4097x16' }, ['size: "4097x16" is not WIDTHxHEIGHT, each from 16 to 4096, e.g. "1024x1024"']],
  ['of one side', { size: '1024' }, ['size: "1024" is not WIDTHxHEIGHT, each from 16 to 4096, e.g. "1024x1024"']],
  [
    'limits of nothing',
    { limits: [{ scope: 'spell', tokens: 0, cost: -1 }] },
    ['limits[0].scope: "spell" is neither node nor run', 'limits[0].cost: -1 is no sum of dollars'],
  ],
  [
    'by a model that draws nothing',
    { model: 'local/demo' },
    ['model: "local/demo" answers with text: expected a model that makes images'],
  ],
])('%s: refused with every problem', async (_, request, problems) => {
  const error = await generate(request).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
  const told = (error as { problems: readonly { path: string; message: string }[] }).problems
  expect(told.map(({ path, message }) => `${path}: ${message}`)).toEqual(problems)
})

test('without a model named, a demo is drawn from the words: the same every time, another by another seed', async () => {
  const draw = async (request: Partial<GenerateImageRequest>) => {
    const { bytes, finish } = await generate({ model: '', ...request })
    expect(finish).toMatchObject({ mediaType: 'image/svg+xml', model: 'local/sketch', usage: { cost: 0 } })
    return bytes.toString()
  }
  const fox = await draw({ prompt: 'a fox in the forest', size: '640x480' })
  expect(fox).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="640" height="480" .*>demo<\/text><\/svg>$/)
  expect(await draw({ prompt: 'a fox in the forest', size: '640x480' })).toBe(fox)
  expect(await draw({ prompt: 'a fox in the forest', size: '640x480', seed: 1 })).not.toBe(fox)
  expect(await draw({ prompt: 'a fox in the city', size: '640x480' })).not.toBe(fox)
  // What is asked is text, not a part of the picture.
  const odd = await draw({ prompt: '</title><script>alert(1)</script> & \0\u001b\ud800' })
  expect(odd).toContain('<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; \ufffd</title>')
})

test('a limit that is used up refuses a picture', async () => {
  const limits = [{ scope: 'node', tokens: 3, cost: 0 }]
  await expect(generate({ model: '', prompt: 'x'.repeat(100), limits })).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'BUDGET',
    message: 'the budget of 3 tokens of this call is used up (0 used, and what is asked takes about 25 alone)',
  })
})
