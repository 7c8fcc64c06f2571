import { expect, test } from '@jest/globals'
import { createText, toText } from './text.ts'

test('a text grows up to its measure', () => {
  const text = createText()
  text.add('a'.repeat(1_999_999))
  text.add('b')
  expect(text.text()).toHaveLength(2_000_000)
  expect(() => text.add('c')).toThrow(expect.objectContaining({ code: 'TOO_LONG' }))
})

test('what is no text is written as JSON', () => {
  expect([toText(''), toText(0), toText(null), toText(['a'])]).toEqual(['', '0', 'null', '["a"]'])
})
