// At the wire: a local server that speaks the vendor's format, and says what vendors do say.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { brokenAfter, inParts, openOpenAiServer, refused, silentAfter } from '../openai-server.suite.ts'
import type { OpenAiServer, Reply } from '../openai-server.suite.ts'
import type { ProviderPart, ProviderRequest, Provider } from '../provider.ts'
import { callWith, openEnvironment, QUESTION } from '../provider.suite.ts'
import { delta, ended, framesOf, piece, used } from './chunks.suite.ts'
import presets from './openai.ts'
import { urlSettingOf } from './presets.ts'
import type { PresetName } from './presets.ts'

const USAGE = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
const KEY = 'sk-very-secret-0123456789'
const never = new AbortController().signal

let vendor: OpenAiServer
beforeAll(async () => {
  vendor = await openOpenAiServer()
})
afterAll(async () => vendor?.[Symbol.asyncDispose]())

function open(name: PresetName = 'openai', timeoutMs = 10_000): Provider {
  const source = { [urlSettingOf(name)]: vendor.url, COMPLETION_TIMEOUT_MS: `${timeoutMs}` }
  const provider = presets.find(one => one.name === name)?.open(openEnvironment(source))
  if (!provider) throw new Error('it is set up, and yet does not open')
  return provider
}

async function ask(more: Partial<ProviderRequest> = {}, provider = open()): Promise<ProviderPart[]> {
  const parts: ProviderPart[] = []
  for await (const part of provider.complete({ ...QUESTION, model: 'tiny-1', ...more }, callWith(never, KEY)))
    parts.push(part)
  return parts
}
const say = (...chunks: readonly (object | string)[]): Reply => inParts(framesOf(...chunks), 1_000_000)
const textOf = (parts: readonly ProviderPart[]) => parts.map(part => ('text' in part ? part.text : '')).join('')
const thoughtsOf = (parts: readonly ProviderPart[]) =>
  parts.map(part => ('reasoning' in part ? part.reasoning : '')).join('')
const callsOf = (parts: readonly ProviderPart[]) => parts.flatMap(part => ('toolCall' in part ? [part.toolCall] : []))

describe('tool calls', () => {
  const paris = { id: 'a', name: 'weather', arguments: '{"city":"Paris"}' }
  const rome = { id: 'b', name: 'weather', arguments: '{"city":"Rome"}' }
  const end = [ended('tool_calls'), used(USAGE)]
  const order: Readonly<Record<string, readonly (object | string)[]>> = {
    'one after the other': [
      delta({ tool_calls: [piece(0, 'a', 'weather', '')] }),
      delta({ tool_calls: [piece(0, undefined, undefined, '{"city":')] }),
      delta({ tool_calls: [piece(0, undefined, undefined, '"Paris"}')] }),
      delta({ tool_calls: [piece(1, 'b', 'weather', '{"city":"Rome"}')] }),
    ],
    interleaved: [
      delta({ tool_calls: [piece(0, 'a', 'weather'), piece(1, 'b', 'weather')] }),
      delta({ tool_calls: [piece(1, undefined, undefined, '{"city":'), piece(0, undefined, undefined, '{"ci')] }),
      delta({ tool_calls: [piece(0, undefined, undefined, 'ty":"Paris"}')] }),
      delta({ tool_calls: [piece(1, undefined, undefined, '"Rome"}')] }),
    ],
    'ids and names last': [
      delta({ tool_calls: [piece(0, undefined, undefined, '{"city":"Paris"}')] }),
      delta({ tool_calls: [piece(1, undefined, undefined, '{"city":"Rome"}')] }),
      delta({ tool_calls: [piece(0, 'a', 'weather'), piece(1, 'b', 'weather')] }),
    ],
    'ids and names again in every piece': [
      delta({ tool_calls: [piece(0, 'a', 'weather', '{"city":'), piece(1, 'b', 'weather', '{"city":')] }),
      delta({ tool_calls: [piece(0, 'a', 'weather', '"Paris"}'), piece(1, 'b', 'weather', '"Rome"}')] }),
    ],
    'without index, told apart by id': [
      { choices: [{ delta: { tool_calls: [{ id: 'a', function: { name: 'weather', arguments: '{"city":"Pa' } }] } }] },
      {
        choices: [
          { delta: { tool_calls: [{ id: 'b', function: { name: 'weather', arguments: '{"city":"Rome"}' } }] } },
        ],
      },
      { choices: [{ delta: { tool_calls: [{ id: 'a', function: { arguments: 'ris"}' } }] } }] },
    ],
    'with arguments as an object': [
      {
        choices: [
          {
            delta: { tool_calls: [{ index: 0, id: 'a', function: { name: 'weather', arguments: { city: 'Paris' } } }] },
          },
        ],
      },
      {
        choices: [
          {
            delta: { tool_calls: [{ index: 1, id: 'b', function: { name: 'weather', arguments: { city: 'Rome' } } }] },
          },
        ],
      },
    ],
  }
  test.each(Object.entries(order))('are put together: %s', async (_, chunks) => {
    vendor.replyWith(say(...chunks, ...end))
    const parts = await ask()
    expect(callsOf(parts)).toEqual([paris, rome])
    expect(parts.at(-1)).toMatchObject({ reason: 'tools' })
  })

  test('without ids, or with the same, are given some; without arguments, an empty object', async () => {
    vendor.replyWith(
      say(
        delta({ tool_calls: [piece(0, '', 'now', '')] }),
        delta({ tool_calls: [piece(1, 'x', 'now'), piece(2, 'x', 'now', ' ')] }),
        ended('stop'),
      ),
    )
    const parts = await ask()
    expect(callsOf(parts)).toEqual([
      { id: 'call_0', name: 'now', arguments: '{}' },
      { id: 'x', name: 'now', arguments: '{}' },
      { id: 'call_2', name: 'now', arguments: '{}' },
    ])
    expect(parts.at(-1)).toMatchObject({ reason: 'tools' })
  })

  test('with arguments that are no JSON are an error; cut off at the most tokens they are left out', async () => {
    const half = delta({ tool_calls: [piece(0, 'a', 'weather', '{"city":')] })
    vendor.replyWith(say(half, ended('tool_calls')))
    await expect(ask()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the model\'s provider cannot be understood: a tool call "weather" has arguments that are not JSON',
    })
    vendor.replyWith(say(half, ended('length')))
    expect(await ask()).toMatchObject([{ reason: 'length' }])
  })
})

describe('thoughts', () => {
  test.each(['reasoning_content', 'reasoning'])('come apart in the field %s', async field => {
    vendor.replyWith(
      say(delta({ [field]: 'Let me' }), delta({ [field]: ' see' }), delta({ content: 'Yes' }), ended('stop')),
    )
    const parts = await ask()
    expect([thoughtsOf(parts), textOf(parts)]).toEqual(['Let me see', 'Yes'])
  })

  const whole = ' <think>\nA < B? <thin> </ think>\n</think>\n\nYes, <think> is a tag'
  test.each([1, 2, 3, 7, 100])('between tags are told apart, in pieces of %i letters', async size => {
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
      whole.slice(at * size, at * size + size),
    )
    vendor.replyWith(say(...pieces.map(content => delta({ content })), ended('stop')))
    const parts = await ask({}, open('ollama'))
    expect([thoughtsOf(parts), textOf(parts)]).toEqual(['\nA < B? <thin> </ think>\n', 'Yes, <think> is a tag'])
  })

  test('tags are text where the vendor does not use them, and where they are not at the beginning', async () => {
    vendor.replyWith(say(delta({ content: '<think>a</think>' }), ended('stop')))
    expect(textOf(await ask())).toBe('<think>a</think>')
    vendor.replyWith(say(delta({ content: 'a <think>b</think>' }), ended('stop')))
    expect(textOf(await ask({}, open('ollama')))).toBe('a <think>b</think>')
    vendor.replyWith(say(delta({ content: ' <thi' }), ended('stop')))
    expect(textOf(await ask({}, open('ollama')))).toBe(' <thi')
  })
})

describe('usage', () => {
  const wrong = { prompt_tokens: -5, completion_tokens: 'many', total_tokens: null }
  test.each([
    [
      'told',
      used({
        ...USAGE,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      }),
      [7, 3, 4, 2],
    ],
    ['told by Groq', { choices: [], x_groq: { usage: USAGE } }, [7, 3, 0, 0]],
    ['told by DeepSeek', { choices: [], usage: { ...USAGE, prompt_cache_hit_tokens: 6 } }, [7, 3, 6, 0]],
    [
      'more cached than there is',
      { choices: [], usage: { ...USAGE, prompt_tokens_details: { cached_tokens: 99 } } },
      [7, 3, 7, 0],
    ],
    // 31 letters were asked, 11 were said.
    ['missing: estimated', { choices: [] }, [8, 3, undefined, undefined]],
    ['null: estimated', { choices: [], usage: null }, [8, 3, undefined, undefined]],
    ['wrong: estimated', { choices: [], usage: wrong }, [8, 3, 0, 0]],
  ] as const)('%s', async (_, chunk, [inputTokens, outputTokens, cachedTokens, reasoningTokens]) => {
    vendor.replyWith(say(delta({ content: 'Hello there' }), ended('stop'), chunk))
    expect((await ask()).at(-1)).toEqual({
      reason: 'stop',
      usage: { inputTokens, outputTokens, ...(cachedTokens === undefined ? {} : { cachedTokens, reasoningTokens }) },
    })
  })
})

describe('what goes wrong', () => {
  const words = delta({ content: 'Once' })
  test.each([
    ['malformed JSON', inParts('data: {"choices": [{"ind\n\n', 1_000), /cannot be understood/],
    ['an error where a chunk should be', say(words, { error: { message: 'overloaded', code: 529 } }), /overloaded/],
    ['an end without a finish', say(words), /broke off before its end/],
    ['a broken connection', brokenAfter(['Once']), /connection to the model's provider broke/],
    ['HTML in place of an error', html(502), /failed \(502\)/],
    ['a page in place of a stream', html(200), /broke off before its end/],
    ['a stream of nothing', inParts('', 1), /broke off before its end/],
  ] as const)('%s is UNAVAILABLE', async (_, reply, message) => {
    vendor.replyWith(reply)
    await expect(ask()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(message) })
  })

  test('nobody who listens is told by the connection’s own words', async () => {
    const source = { VLLM_BASE_URL: 'http://127.0.0.1:1/v1' }
    const provider = presets.find(({ name }) => name === 'vllm')?.open(openEnvironment(source))
    await expect(ask({}, provider)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/cannot be reached: (?:connect ECONNREFUSED|bad port)/),
    })
  })

  test.each([
    ['before it says anything', silentAfter([])],
    ['in the middle', silentAfter(['Once'])],
  ])('a connection that is silent %s is given up and closed', async (_, reply) => {
    vendor.replyWith(reply)
    await expect(ask({}, open('openai', 200))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await vendor.closed()
  })

  test('a slow reader is no silent vendor', async () => {
    vendor.replyWith(say(delta({ content: 'a' }), delta({ content: 'b' }), ended('stop')))
    const parts: ProviderPart[] = []
    for await (const part of open('openai', 200).complete({ ...QUESTION, model: 'tiny-1' }, callWith(never))) {
      parts.push(part)
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    expect(textOf(parts)).toBe('ab')
  })

  test.each([
    ['7', 7_000, 7_000],
    ['0.25', 250, 250],
    [new Date(Date.now() + 60_000).toUTCString(), 50_000, 60_000],
  ])('Retry-After %s is told', async (value, least, most) => {
    vendor.replyWith(refused(429, 'slow down', { 'retry-after': value }))
    const error: unknown = await ask().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', details: { retryAfterMs: expect.any(Number) } })
    const { retryAfterMs } = (error as { details: { retryAfterMs: number } }).details
    expect(retryAfterMs).toBeGreaterThanOrEqual(least)
    expect(retryAfterMs).toBeLessThanOrEqual(most)
  })

  test('a key is never in an error, not even where the vendor says it', async () => {
    for (const status of [400, 401, 403, 429, 500]) {
      vendor.replyWith(refused(status, `the key ${KEY} is wrong`))
      const error: unknown = await ask().catch((caught: unknown) => caught)
      expect(error).toMatchObject({ message: expect.stringContaining('the key … is wrong') })
      expect(
        JSON.stringify([error, String(error), (error as Error).stack, String((error as Error).cause)]),
      ).not.toContain(KEY)
    }
  })
})

function html(status: number): Reply {
  return response => {
    response.writeHead(status, { 'content-type': 'text/html' })
    response.end('<html><body><h1>Bad gateway</h1></body></html>')
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
  const bodyFor = async (name: PresetName, request: Partial<ProviderRequest>) => {
    vendor.replyWith(say(delta({ content: 'ok' }), ended('stop')))
    await ask(request, open(name))
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
    vendor.replyWith()
    const messagesWithUrl = [{ role: 'user' as const, content: '', images: ['https://example.com/a.png'] }]
    await expect(ask({ messages: messagesWithUrl }, open('vllm'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'messages[0].images[0].url', message: 'vLLM does not fetch images: expected a data URL' }],
    })
    expect(vendor.asked).toEqual([])
  })
})

test('a megabyte in small tokens arrives whole, while others have their turn', async () => {
  const word = 'tokens ärger 海 '
  const frames = `data: ${JSON.stringify(delta({ content: word }))}\n\n`.repeat(1_000)
  vendor.replyWith(async response => {
    response.setHeader('content-type', 'text/event-stream')
    for (let thousands = 0; thousands < 60; thousands++)
      if (!response.write(frames)) await new Promise(resolve => response.once('drain', resolve))
    response.end(framesOf(ended('stop')))
  })
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  let [letters, pieces] = [0, 0]
  try {
    for await (const part of open().complete({ ...QUESTION, model: 'tiny-1' }, callWith(never)))
      if ('text' in part) [letters, pieces] = [letters + part.text.length, pieces + 1]
  } finally {
    clearInterval(timer)
  }
  expect(letters).toBe(60_000 * word.length)
  expect(pieces).toBeGreaterThan(1_000)
  expect(turns).toBeGreaterThan(10)
})
