// What goes to vendors: each in its own dialect.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { OpenAiServer } from '../openai-server.suite.ts'
import type { ProviderRequest } from '../provider.ts'
import { delta, ended } from './chunks.suite.ts'
import type { PresetName } from './presets.ts'
import { openVendor, say } from './vendor.suite.ts'
import type { Vendor } from './vendor.suite.ts'

let vendor: OpenAiServer
let open: Vendor['open']
let ask: Vendor['ask']
beforeAll(async () => {
  const opened = await openVendor()
  ;({ server: vendor, open, ask } = opened)
})
afterAll(async () => vendor?.[Symbol.asyncDispose]())

async function serve(
  answer: (path: string, response: ServerResponse) => void,
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => answer(request.url ?? '', response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

describe('what is asked', () => {
  const tools = [{ name: 'weather', description: '', parameters: { type: 'object' } }]
  const FULL: Partial<ProviderRequest> = {
    temperature: 0.5,
    topP: 0.9,
    maxTokens: 9,
    seed: 3,
    frequencyPenalty: 1,
    presencePenalty: -1,
    logitBias: { '50256': -100 },
    reasoningEffort: 'low',
    tools,
    toolChoice: 'required',
    parallelToolCalls: false,
    responseSchema: { type: 'object' },
  }
  const bodyFor = async (name: PresetName, request: Partial<ProviderRequest>, more = {}) => {
    vendor.replyWith(say(delta({ content: 'ok' }), ended('stop')))
    await ask(request, open(name, 10_000, more))
    return vendor.asked[0]?.body ?? {}
  }

  test('goes to OpenAI whole', async () => {
    const { messages: _, ...body } = await bodyFor('openai', FULL)
    expect(body).toEqual({
      model: 'tiny-1',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 9,
      seed: 3,
      frequency_penalty: 1,
      presence_penalty: -1,
      logit_bias: { '50256': -100 },
      reasoning_effort: 'low',
      tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } },
    })
  })

  test.each(['o3', 'gpt-5-mini'])('the reasoning model %s has no temperature, and its own limit', async model => {
    const body = await bodyFor('openai', { model, temperature: 0.5, maxTokens: 9, frequencyPenalty: 1 })
    expect(body).toMatchObject({ max_completion_tokens: 9 })
    for (const name of ['temperature', 'max_tokens', 'frequency_penalty']) expect(body).not.toHaveProperty(name)
  })

  test.each([
    ['mistral', ['stream_options', 'seed', 'logit_bias', 'reasoning_effort']],
    ['anthropic', ['seed', 'frequency_penalty', 'presence_penalty', 'logit_bias', 'response_format']],
    ['ai21', ['stream_options', 'seed', 'parallel_tool_calls']],
  ] as const)('to %s goes without what it refuses', async (name, without) => {
    const body = await bodyFor(name, FULL)
    for (const field of without) expect(body).not.toHaveProperty(field)
    expect(body).toMatchObject({ model: 'tiny-1', max_tokens: 9, temperature: 0.5 })
  })

  test('a shape is asked for in words where the vendor has no field for it', async () => {
    const { messages } = await bodyFor('anthropic', { responseSchema: { type: 'object' } })
    expect(messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'system',
        content: 'Answer with JSON only, without any other words, that fits this JSON Schema: {"type":"object"}',
      },
      { role: 'user', content: 'Three names for a boat' },
    ])
  })

  test('images, tool calls and their answers are what the vendor calls them', async () => {
    const image = 'data:image/png;base64,iVBORw0KGgo='
    const { messages } = await bodyFor('openai', {
      messages: [
        { role: 'user', content: 'Look', images: [image, 'https://example.com/a.png'] },
        { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'weather', arguments: '{}' }] },
        { role: 'tool', content: 'rain', toolCallId: 'a' },
      ],
    })
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image_url', image_url: { url: image } },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }],
      },
      { role: 'tool', content: 'rain', tool_call_id: 'a' },
    ])
  })

  test('images by address are fetched for a server inside this network, through the guarded client', async () => {
    const png = Buffer.from('89504e470d0a1a0a00', 'hex')
    await using pictures = await serve((path, response) => {
      if (path === '/a.png') response.end(png)
      else if (path === '/page') response.end('<html></html>')
      else if (path === '/huge') response.end(Buffer.alloc(11 * 1024 * 1024))
      else response.writeHead(404).end()
    })
    const of = (...urls: string[]) => ({ messages: [{ role: 'user' as const, content: '', images: urls }] })
    const { messages } = await bodyFor('vllm', of(`${pictures.url}/a.png`), {
      OUTBOUND_ALLOW: new URL(pictures.url).host,
    })
    expect(messages).toMatchObject([
      { content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${png.toString('base64')}` } }] },
    ])
    const provider = open('vllm', 10_000, { OUTBOUND_ALLOW: new URL(pictures.url).host })
    for (const [path, message] of [
      ['page', 'is not an image: expected PNG, JPEG, GIF or WebP'],
      ['huge', 'is larger than 10485760 bytes'],
      ['none', 'cannot be fetched: it answered 404'],
    ])
      await expect(ask(of(`${pictures.url}/${path}`), provider)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        problems: [{ path: 'messages[0].images[0].url', message: `"${pictures.url}/${path}" ${message}` }],
      })
    await expect(ask(of(`${pictures.url}/a.png`), open('vllm'))).rejects.toMatchObject({
      problems: [{ message: expect.stringContaining('is inside this network: an operator can allow it') }],
    })
  })
})
