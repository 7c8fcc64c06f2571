// At the wire: a local server that speaks the vendor's format, and says what vendors do say.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { brokenAfter, inParts, refused, silentAfter } from '../openai-server.suite.ts'
import type { OpenAiServer, Reply } from '../openai-server.suite.ts'
import { callWith, openEnvironment, QUESTION } from '../provider.suite.ts'
import type { ProviderPart } from '../provider.ts'
import { delta, ended, framesOf, piece, used } from './chunks.suite.ts'
import presets from './openai.ts'
import { KEY, openVendor, say } from './vendor.suite.ts'
import type { Vendor } from './vendor.suite.ts'

const USAGE = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
const never = new AbortController().signal

let vendor: OpenAiServer
let open: Vendor['open']
let ask: Vendor['ask']
beforeAll(async () => {
  const opened = await openVendor()
  ;({ server: vendor, open, ask } = opened)
})
afterAll(async () => vendor?.[Symbol.asyncDispose]())

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
    for await (const part of open('openai', 1_000).complete({ ...QUESTION, model: 'tiny-1' }, callWith(never))) {
      if (parts.push(part) === 1) await new Promise(resolve => setTimeout(resolve, 1_500))
    }
    expect(textOf(parts)).toBe('ab')
  })

  test.each([
    ['in seconds', () => '7', 7_000, 7_000],
    ['in parts of one', () => '0.25', 250, 250],
    ['as a date', () => new Date(Date.now() + 60_000).toUTCString(), 30_000, 60_000],
  ])('Retry-After %s is told', async (_, value, least, most) => {
    vendor.replyWith(refused(429, 'slow down', { 'retry-after': value() }))
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
  expect(turns).toBeGreaterThan(2)
})
