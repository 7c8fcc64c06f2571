import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { chatOf, delta, event } from './hub-server.suite.ts'
import type { AskPart } from './provider.ts'
import { readEvents, readGenerated } from './stream.ts'

const asked = { model: 'm', token: '' }
async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}
async function partsOf(text: string, sizes: readonly number[] = [1_000_000]): Promise<readonly AskPart[]> {
  const parts: AskPart[] = []
  for await (const part of readGenerated(readEvents(cut(text, sizes)), asked)) parts.push(part)
  return parts
}
/** With its texts put together. */
function joined(parts: readonly AskPart[]): readonly AskPart[] {
  const texts = parts.flatMap(part => ('text' in part ? [part.text] : []))
  return [{ text: texts.join('') }, ...parts.filter(part => !('text' in part))]
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })
const words = fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 12 })

test('a stream says the same however its bytes are cut, and whichever ends its lines have', async () => {
  await fc.assert(
    fc.asyncProperty(words, sizes, fc.boolean(), async (said, cuts, isCrLf) => {
      const text = isCrLf ? chatOf(said).replaceAll('\n', '\r\n') : chatOf(said)
      expect(joined(await partsOf(text, cuts))).toEqual([
        { text: said.join('') },
        { finish: true, model: 'm', reason: 'stop', inputTokens: 7, outputTokens: said.length },
      ])
    }),
    { numRuns: 60 },
  )
})

test('a stream that ends before its finish breaks off, wherever that is', async () => {
  const whole = chatOf(['One', ' été'])
  const end = whole.lastIndexOf('"stop"') + '"stop"}]}'.length
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: end }), async length => {
      await expect(partsOf(whole.slice(0, length))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    }),
    { numRuns: 60 },
  )
})

test.each([
  ['nothing', ''],
  ['comments and other fields', ': ping\n\nid: 1\nretry: 5\nevent: x\n\n'],
  ['chunks that say nothing', event({}) + event({ choices: [] }) + event({ choices: [{ delta: {} }] }) + event(7)],
  ['an odd shape', event({ choices: 'x', usage: 'y', details: 3, token: 4 }) + event([1])],
])('%s in a stream is no answer', async (_, text) => {
  await expect(partsOf(text)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(await partsOf(text + chatOf(['Hi']))).toMatchObject([{ text: 'Hi' }, { reason: 'stop' }])
})

test('usage that cannot be is not passed on', async () => {
  const usage = event({ choices: [], usage: { prompt_tokens: -1, completion_tokens: 'many' } })
  expect(await partsOf(delta({ content: 'Hi' }, 'stop') + usage)).toEqual([
    { text: 'Hi' },
    { finish: true, model: 'm', reason: 'stop' },
  ])
})

test('text-generation-inference’s own stream is read, too', async () => {
  const stream =
    event({ token: { text: 'Hi', special: false } }) +
    event({
      token: { text: '</s>', special: true },
      generated_text: 'Hi',
      details: { finish_reason: 'eos_token', generated_tokens: 2, prefill: [{}, {}, {}] },
    })
  expect(await partsOf(stream)).toEqual([
    { text: 'Hi' },
    { finish: true, model: 'm', reason: 'stop', inputTokens: 3, outputTokens: 2 },
  ])
})

test('a line or an event without an end is given up', async () => {
  await expect(partsOf(`data: ${'x'.repeat(5_000_000)}`, [65_536])).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the stream of the model has a line without end',
  })
  await expect(partsOf('data: x\n'.repeat(700_000), [65_536])).rejects.toMatchObject({
    message: 'the stream of the model has an event without end',
  })
})
