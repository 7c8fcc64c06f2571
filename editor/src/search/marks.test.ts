import { expect, test } from '@jest/globals'
import { excerptOf, partsOf, spansWithin } from './marks.ts'

const joined = (text: string, spans: { from: number; to: number }[]) =>
  partsOf(text, spans)
    .map(part => (part.marked ? `[${part.text}]` : part.text))
    .join('')

test('a text is marked where its spans are, however they lie', () => {
  expect(joined('the owl sees the mouse', [])).toBe('the owl sees the mouse')
  const spans = [
    { from: 17, to: 99 },
    { from: 4, to: 7 },
    { from: 5, to: 9 },
  ]
  expect(joined('the owl sees the mouse', spans)).toBe('the [owl][ s]ees the [mouse]')
})

test('a long text is cut around its first mark', () => {
  const text = `${'word '.repeat(60)}owl ${'more '.repeat(60)}`
  const cut = excerptOf(text, [{ from: 300, to: 303 }], 80)
  expect(cut.text.length).toBeLessThanOrEqual(82)
  expect(cut.text.startsWith('…word')).toBe(true)
  expect(joined(cut.text, [...cut.spans])).toContain('[owl]')
  expect(excerptOf(text, [], 40)).toEqual({ text: 'word word word word word word word word…', spans: [] })
  expect(excerptOf('short', [{ from: 0, to: 5 }], 40)).toEqual({ text: 'short', spans: [{ from: 0, to: 5 }] })
})

test('what was found is marked in the piece that holds it', () => {
  const whole = 'At night the owl sees the mouse.'
  expect(spansWithin(whole, 'the owl sees', [{ from: 4, to: 7 }])).toEqual([{ from: 13, to: 16 }])
  expect(spansWithin(whole, '…the owl sees…', [{ from: 5, to: 8 }])).toEqual([{ from: 13, to: 16 }])
  expect(spansWithin(whole, 'owl sees', [])).toEqual([{ from: 13, to: 21 }])
  expect(spansWithin(whole, whole, [])).toEqual([])
  expect(spansWithin(whole, 'a fox', [{ from: 0, to: 1 }])).toEqual([])
})
