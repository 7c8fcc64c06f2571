import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Stream } from 'openai/core/streaming'
import { readEvents } from './event-stream.ts'

const SEED = 20_261_121

/** The bytes in parts of these lengths, in turn. */
async function* cut(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? bytes.length
    yield bytes.subarray(from, from + length)
    from += length
  }
}
const bytesOf = (text: string) => new TextEncoder().encode(text)
async function read(text: string | Uint8Array, lengths: readonly number[] = [1_000_000]): Promise<string[]> {
  const bytes = typeof text === 'string' ? bytesOf(text) : text
  const found: string[] = []
  for await (const messages of readEvents(cut(bytes, lengths))) found.push(...messages)
  return found
}

test('what came together is handed over together', async () => {
  const arrivals: (readonly string[])[] = []
  const bytes = bytesOf('data: 1\n\ndata: 2\n\ndata: 3\n\n')
  for await (const messages of readEvents(cut(bytes, [20, 100]))) arrivals.push(messages)
  expect(arrivals).toEqual([['1', '2'], ['3']])
})

test.each([
  ['a line end of each kind', 'data: a\n\ndata: b\r\n\r\ndata: c\r\r', ['a', 'b', 'c']],
  ['no space, and two', 'data:a\n\ndata:  b\n\n', ['a', ' b']],
  ['several lines', 'data: a\ndata\ndata: b\n\n', ['a\n\nb']],
  ['comments and other fields', ': hello\nid: 7\nevent: x\ndata: a\nretry: 1\n\n: ping\n\n', ['a']],
  ['names that only begin alike', 'datax: a\ndat: b\n\n', []],
  ['empty messages', '\n\n\ndata\n\ndata:\n\n', ['', '']],
  ['a message without its end', 'data: a\n\ndata: b\n', ['a']],
  ['a byte order mark', '\ufeffdata: a\n\n', ['a']],
  ['nothing', '', []],
])('%s, wherever it is cut', async (_, text, expected) => {
  const length = bytesOf(text).length
  for (let first = 1; first <= length + 1; first++) expect(await read(text, [first, 1, 2, 3])).toEqual(expected)
})

test('letters of several bytes come whole, and what is none is marked', async () => {
  const text = 'data: {"content":"é 漢 😀 👩‍👩‍👧"}\n\n'
  for (const length of [1, 2, 3, 5]) expect(await read(text, [length])).toEqual(['{"content":"é 漢 😀 👩‍👩‍👧"}'])
  expect(await read(Uint8Array.from([...bytesOf('data: a'), 0xff, ...bytesOf('b\n\n')]))).toEqual(['a\ufffdb'])
})

test('it reads what the openai package reads', async () => {
  const value = fc.record({ content: fc.string({ unit: 'binary' }), index: fc.integer() })
  const end = fc.constantFrom('\n', '\r\n')
  const frame = fc.tuple(value, end, fc.boolean()).map(([json, newline, hasComment]) => ({
    json,
    text: `${hasComment ? `: ping${newline}` : ''}data: ${JSON.stringify(json)}${newline}${newline}`,
  }))
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 6 }), lengths, async (frames, parts) => {
      const bytes = bytesOf(frames.map(({ text }) => text).join(''))
      const theirs: unknown[] = []
      const response = new Response(ReadableStream.from(cut(bytes, parts)))
      for await (const one of Stream.fromSSEResponse(response, new AbortController())) theirs.push(one)
      expect((await read(bytes, parts)).map(message => JSON.parse(message) as unknown)).toEqual(theirs)
      expect(theirs).toHaveLength(frames.length)
    }),
    { seed: SEED, numRuns: 200 },
  )
})

test('a body that is left is closed', async () => {
  let isClosed = false
  async function* body() {
    try {
      for (;;) yield bytesOf('data: a\n\n')
    } finally {
      isClosed = true
    }
  }
  for await (const messages of readEvents(body())) {
    expect(messages).toEqual(['a'])
    break
  }
  expect(isClosed).toBe(true)
})

test('a line that does not end is given up', async () => {
  async function* body() {
    for (;;) yield new Uint8Array(1024 * 1024).fill(0x61)
  }
  await expect(readEvents(body()).next()).rejects.toThrow('it sent a line of more than 33554432 letters')
})
