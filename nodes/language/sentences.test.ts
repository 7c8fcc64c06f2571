import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createSentences } from './sentences.ts'

function sentencesOf(...pieces: readonly string[]): readonly string[] {
  const sentences = createSentences()
  return [...pieces.flatMap(piece => sentences.add(piece)), ...sentences.end()]
}

describe('where a sentence ends', () => {
  test.each<readonly [text: string, sentences: readonly string[]]>([
    ['', []],
    [' \n ', []],
    ['One', ['One']],
    ['One. Two! Three? Four', ['One.', 'Two!', 'Three?', 'Four']],
    ['Really?! Yes… Well... No.', ['Really?!', 'Yes…', 'Well...', 'No.']],
    ['Wait… and see... slowly.', ['Wait… and see... slowly.']],
    ['A line\nanother\r\n\r\nthe last', ['A line', 'another', 'the last']],
    ['He said "Go." She went.', ['He said "Go."', 'She went.']],
    ['(It is so.) “Is it?” She nodded.', ['(It is so.)', '“Is it?”', 'She nodded.']],
    ['“Stop!” he said. Then ran.', ['“Stop!” he said.', 'Then ran.']],
    ['**Bold.** *Then* this.', ['**Bold.**', '*Then* this.']],
    ['Pi is 3.14. Then 2.5 of it. Version 1.2.3 is out.', ['Pi is 3.14.', 'Then 2.5 of it.', 'Version 1.2.3 is out.']],
    ['See example.com/a.b?c=d!e for more. Bye.', ['See example.com/a.b?c=d!e for more.', 'Bye.']],
    ['Dr. Who met Mrs. Smith vs. Prof. X. They left.', ['Dr. Who met Mrs. Smith vs. Prof. X. They left.']],
    ['It works, e.g. Here. Done.', ['It works, e.g. Here.', 'Done.']],
    ['J. R. R. Tolkien wrote it. So did I. We know.', ['J. R. R. Tolkien wrote it.', 'So did I.', 'We know.']],
    [
      'Apples, pears etc. are fine. Also nuts etc. Then more.',
      ['Apples, pears etc. are fine.', 'Also nuts etc.', 'Then more.'],
    ],
    [
      'Das ist z. B. so. Er kam am 3. Mai. Es war d.h. Frühling.',
      ['Das ist z. B. so.', 'Er kam am 3. Mai.', 'Es war d.h. Frühling.'],
    ],
    ['Il est là. Où ? Ici !', ['Il est là.', 'Où ?', 'Ici !']],
    ['¿Qué? ¡Hola! Sí.', ['¿Qué?', '¡Hola!', 'Sí.']],
    ['これは文です。次の文！「そうですか？」はい', ['これは文です。', '次の文！', '「そうですか？」', 'はい']],
    ['你好。再见！', ['你好。', '再见！']],
    ['ما هذا؟ هذا كتاب.', ['ما هذا؟', 'هذا كتاب.']],
    ['यह है। वह था।', ['यह है।', 'वह था।']],
    ['1. First. 2. Second.', ['1. First.', '2. Second.']],
    ['It was 1999. Then came 42. Next.', ['It was 1999.', 'Then came 42.', 'Next.']],
    ['- A point.\n- Another one', ['- A point.', '- Another one']],
    ['Привет. Как дела?', ['Привет.', 'Как дела?']],
    ['...', ['...']],
  ])('%j', (text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences)
    expect(sentencesOf(...Array.from(text))).toEqual(sentences)
  })
})

test('a sentence is given as soon as the next one begins, and not before', () => {
  const sentences = createSentences()
  expect(sentences.add('One. ')).toEqual([])
  expect(sentences.add('T')).toEqual(['One.'])
  expect(sentences.add('wo.')).toEqual([])
  expect(sentences.add('5 of them')).toEqual([])
  expect(sentences.add('。')).toEqual([])
  expect(sentences.add('そ')).toEqual(['Two.5 of them。'])
  expect(sentences.add('\n')).toEqual(['そ'])
  expect(sentences.end()).toEqual([])
})

test('how the text is cut makes no difference, and nothing but white space is lost', () => {
  const piece = fc.constantFrom(
    'Mai',
    '.',
    '. ',
    '! ',
    '?',
    '…',
    '。',
    '\n',
    ' ',
    'a',
    'B',
    'Dr',
    'e.g',
    '3',
    '"',
    ')',
    '*',
    '“',
    '😀',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(60), { maxLength: 6 }), (pieces, cuts) => {
      const text = pieces.join('')
      const places = [0, ...cuts.map(cut => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length]
      const parts = places.slice(1).map((to, index) => text.slice(places[index], to))
      const whole = sentencesOf(text)
      expect(sentencesOf(...parts)).toEqual(whole)
      expect(whole.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
    }),
    { numRuns: 2_000 },
  )
})

test('a text without end is given in parts, between words', () => {
  const words = 'word '.repeat(5_000)
  const parts = sentencesOf(words)
  expect(parts.map(({ length }) => length)).toEqual([9_999, 9_999, 4_999])
  expect(sentencesOf('x'.repeat(25_000)).map(({ length }) => length)).toEqual([10_000, 10_000, 5_000])
  expect(sentencesOf('😀'.repeat(6_000)).join('')).toBe('😀'.repeat(6_000))
})

test('takes time in proportion to the text', () => {
  const long = `${'a. b'.repeat(200_000)}${'.'.repeat(200_000)} `
  const began = performance.now()
  const sentences = createSentences()
  for (let at = 0; at < long.length; at += 7) sentences.add(long.slice(at, at + 7))
  expect(performance.now() - began).toBeLessThan(5_000)
})
