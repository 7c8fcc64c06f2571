import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Block, Piece } from '../parsing/parser.ts'
import { Chunker } from './chunker.ts'
import type { ChunkerOptions } from './chunker.ts'

function cut(blocks: readonly Block[], options: ChunkerOptions): readonly Piece[] {
  const chunker = new Chunker(options)
  return [...blocks.flatMap(block => chunker.add(block)), ...chunker.end()]
}
function textOf(blocks: readonly Block[]): string {
  return blocks.flatMap(block => (block.kind === 'page' ? [] : [block.text])).join('\n\n')
}
const text = (words: string): Block => ({ kind: 'text', text: words })
const heading = (level: 1 | 2 | 3, words: string): Block => ({ kind: 'heading', level, text: words })

test('whole blocks under one heading fill a piece, and no piece is under two', () => {
  const blocks = [
    heading(1, 'Fruit'),
    text('Apples are red.'),
    text('Plums are blue.'),
    heading(2, 'Nuts'),
    text('Hard.'),
  ]
  expect(cut(blocks, { size: 100, overlap: 0 })).toEqual([
    {
      text: 'Apples are red.\n\nPlums are blue.',
      page: 0,
      lastPage: 0,
      headings: ['Fruit'],
      from: 7,
      to: 39,
      kind: 'text',
    },
    { text: 'Hard.', page: 0, lastPage: 0, headings: ['Fruit', 'Nuts'], from: 47, to: 52, kind: 'text' },
  ])
})

test('a long paragraph is cut where sentences end, and the next piece begins with the last of them', () => {
  const sentences = [
    'Dr. Miller has 3.5 cats.',
    'They sleep all day long.',
    'Do they hunt? No.',
    'Mice are quite safe here.',
    'The end is near.',
  ]
  const pieces = cut([text(sentences.join(' '))], { size: 100, overlap: 30 })
  expect(pieces.map(piece => piece.text)).toEqual([
    'Dr. Miller has 3.5 cats. They sleep all day long. Do they hunt? No.',
    'Do they hunt? No. Mice are quite safe here. The end is near.',
  ])
})

test('a table is cut at rows, and every piece of it has its head', () => {
  const rows = Array.from({ length: 12 }, (_, row) => `${row} | row ${row} of it`)
  const head = 'number | words'
  const pieces = cut([{ kind: 'table', text: [head, ...rows].join('\n'), head }], { size: 100, overlap: 50 })
  expect(pieces.length).toBeGreaterThan(2)
  expect(pieces.every(piece => piece.text.startsWith(`${head}\n`) && piece.text.length <= 100)).toBe(true)
  expect(pieces.flatMap(piece => piece.text.split('\n').slice(1))).toEqual(rows)
  expect(new Set(pieces.map(piece => piece.kind))).toEqual(new Set(['table']))
})

test('a table that goes on in another block has its head there too', () => {
  const head = 'a | b'
  const pieces = cut(
    [{ kind: 'table', text: `${head}\n1 | 2`, head }, heading(1, 'More'), { kind: 'table', text: '3 | 4', head }],
    { size: 100, overlap: 0 },
  )
  expect(pieces.map(piece => piece.text)).toEqual(['a | b\n1 | 2', 'a | b\n3 | 4'])
})

test('code is cut at blank lines and keeps how it is indented', () => {
  const parts = Array.from({ length: 6 }, (_, part) => `function part${part}() {\n  return ${part}\n}`)
  const pieces = cut([{ kind: 'code', text: parts.join('\n\n') }], { size: 100, overlap: 40 })
  expect(pieces.flatMap(piece => piece.text.split('\n\n'))).toEqual(parts)
})

test('pieces know the pages they are on', () => {
  const blocks: Block[] = [{ kind: 'page', page: 1 }, text('One.'), { kind: 'page', page: 2 }, text('Two.')]
  expect(cut(blocks, { size: 100, overlap: 0 }).map(({ page, lastPage }) => [page, lastPage])).toEqual([[1, 2]])
  expect(
    cut(blocks, { size: 100, overlap: 0, breakAtPages: true }).map(({ page, lastPage }) => [page, lastPage]),
  ).toEqual([
    [1, 1],
    [2, 2],
  ])
  const sheet: Block[] = [
    { kind: 'page', page: 1, title: 'Prices' },
    text('One.'),
    { kind: 'page', page: 2, title: 'Costs' },
    text('Two.'),
  ]
  expect(cut(sheet, { size: 100, overlap: 0 }).map(({ page, headings }) => [page, headings])).toEqual([
    [1, ['Prices']],
    [2, ['Costs']],
  ])
})

test('a heading with nothing under it is a piece of its own; one with a heading under it is not', () => {
  const pieces = cut([heading(1, 'A'), heading(2, 'B'), heading(2, 'C'), text('Words.'), heading(1, 'D')], {
    size: 100,
    overlap: 0,
  })
  expect(pieces.map(piece => [piece.text, piece.headings])).toEqual([
    ['B', ['A']],
    ['Words.', ['A', 'C']],
    ['D', []],
  ])
})

test('what has no place to cut is cut between characters', () => {
  const pieces = cut([text('😀'.repeat(300))], { size: 101, overlap: 20 })
  expect(pieces.every(piece => piece.text.isWellFormed() && piece.text.length <= 101)).toBe(true)
  expect(
    cut([text('日本語の文章です。'.repeat(60))], { size: 100, overlap: 0 }).every(piece => piece.text.endsWith('。')),
  ).toBe(true)
})

const words = fc
  .array(
    fc.constantFrom(
      'the',
      'cat',
      'Dr.',
      'ends.',
      'Why?',
      '😀',
      'naïve',
      'of',
      'a\nline',
      'x'.repeat(150),
      '日本。',
      '3.5',
      '"So."',
      '  ',
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map(all => `w ${all.join(' ')} w`)
const row = fc
  .array(fc.constantFrom('1', 'two', 'three words here', '😀'), { minLength: 1, maxLength: 5 })
  .map(cells => cells.join(' | '))
const block: fc.Arbitrary<Block> = fc.oneof(
  { weight: 6, arbitrary: words.map(text) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(1, 2, 3), fc.constantFrom('Part', 'Chapter 😀', 'End'))
      .map(([level, of]) => heading(level as 1, of)),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(row, { minLength: 1, maxLength: 30 })
      .map(rows => ({ kind: 'table' as const, text: rows.join('\n'), head: rows[0] ?? '' })),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(row, { minLength: 1, maxLength: 30 })
      .map(rows => ({ kind: 'table' as const, text: rows.join('\n'), head: 'name | what' })),
  },
  { weight: 1, arbitrary: words.map(of => ({ kind: 'code' as const, text: of.replaceAll(' the', '\n  the') })) },
  { weight: 1, arbitrary: words.map(of => ({ kind: 'list' as const, text: of.replaceAll(' a', '\n- a') })) },
  { weight: 1, arbitrary: fc.nat(9).map(page => ({ kind: 'page' as const, page })) },
)
const options = fc.record({
  size: fc.integer({ min: 100, max: 600 }),
  overlap: fc.nat(300),
  breakAtPages: fc.boolean(),
})

test('every piece is what stands at its place in the text, and all of the text is in a piece', () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 30 }), options, (blocks, how) => {
      const whole = textOf(blocks)
      const pieces = cut(blocks, how)
      const covered = new Uint8Array(whole.length)
      let at = 0
      for (const piece of pieces) {
        const there = whole.slice(piece.from, piece.to)
        const head = piece.text.slice(0, piece.text.length - there.length)
        expect(piece.text).toBe(head + there)
        expect(
          head === '' || (head.endsWith('\n') && blocks.some(one => one.kind === 'table' && `${one.head}\n` === head)),
        ).toBe(true)
        expect(piece.text.length).toBeLessThanOrEqual(how.size)
        expect(piece.text.isWellFormed()).toBe(true)
        expect(piece.to).toBeGreaterThan(at)
        covered.fill(1, piece.from, piece.to)
        at = piece.to
      }
      const inPath = new Set(pieces.flatMap(piece => piece.headings))
      let from = 0
      let missing = ''
      for (const one of blocks) {
        if (one.kind === 'page') continue
        const to = from + one.text.length
        if (one.kind !== 'heading' || !inPath.has(one.text))
          for (let i = from; i < to; i++) if (!covered[i]) missing += whole[i] ?? ''
        from = to + 2
      }
      expect(missing.trim()).toBe('')
    }),
    { numRuns: 400 },
  )
})

test('a change in the middle of a long text changes only the pieces near it', () => {
  const vocabulary =
    'river stone bridge water winter morning letter garden window silver morning paper road night city'.split(' ')
  const paragraph = fc
    .array(fc.array(fc.constantFrom(...vocabulary), { minLength: 3, maxLength: 18 }), { minLength: 1, maxLength: 6 })
    .map(all => all.map(one => `${one.join(' ').replace(/^./, c => c.toUpperCase())}.`).join(' '))
  fc.assert(
    fc.property(
      fc.array(paragraph, { minLength: 150, maxLength: 200 }),
      paragraph,
      fc.boolean(),
      (paragraphs, added, inOne) => {
        const how = { size: 600, overlap: 80 }
        const of = (all: readonly string[]) =>
          cut(inOne ? [text(all.join(' '))] : all.map(text), how).map(piece => piece.text)
        const before = new Set(of(paragraphs))
        const fresh = of(paragraphs.toSpliced(75, 0, added)).filter(piece => !before.has(piece))
        expect(fresh.length).toBeLessThan(20)
      },
    ),
    // The same texts every time: how far a change reaches is a matter of luck.
    { numRuns: 60, seed: 6 },
  )
})
