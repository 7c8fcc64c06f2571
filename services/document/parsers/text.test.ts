import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseBytes } from './parse-bytes.suite.ts'
import text from './text.ts'

const read = async (words: string) => (await parseBytes(text, Buffer.from(words))).blocks

test('blank lines end paragraphs; underlined and numbered lines are headings', async () => {
  const file =
    'The Harbour\n===========\n\nShips come in\nat noon.\n \t\n\n2.1 Tides and winds\n\nThey turn.\r\n\r\nChapter 3\r\n\r\n- rope\n- sail\n'
  expect(await read(file)).toEqual([
    { kind: 'heading', level: 1, text: 'The Harbour' },
    { kind: 'text', text: 'Ships come in\nat noon.' },
    { kind: 'heading', level: 2, text: '2.1 Tides and winds' },
    { kind: 'text', text: 'They turn.' },
    { kind: 'heading', level: 1, text: 'Chapter 3' },
    { kind: 'list', text: '- rope\n- sail\n' },
  ])
})

test('white space without end is no work without end', async () => {
  const file = `${'\n'.repeat(3_000_000)}a${' '.repeat(3_000_000)}\n${'\n \t'.repeat(1_000_000)}b`
  const texts = (await read(file)).map(block => (block.kind === 'page' ? '' : block.text.trim()))
  expect(texts.join('+')).toBe('a+b')
})

test('paragraphs are the same wherever the file is cut while it is read', async () => {
  const paragraph = fc.constantFrom('One two.', 'é'.repeat(70_000), 'x\ny', 'z '.repeat(66_000), '😀'.repeat(50))
  const gap = fc.constantFrom(
    '\n\n',
    '\n \n',
    '\r\n\r\n',
    '\n\n\n\t\n',
    `\n${' '.repeat(3000)}\n${' '.repeat(140_000)}\n`,
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(paragraph, gap), { minLength: 1, maxLength: 8 }), async all => {
      const blocks = await read(all.flat().join(''))
      const words = blocks.map(block => (block.kind === 'page' ? '' : block.text)).join('')
      expect(words.replace(/\s/g, '')).toBe(
        all
          .map(([one]) => one)
          .join('')
          .replace(/\s/g, ''),
      )
      expect(blocks.every(block => block.kind === 'page' || block.text.length <= 65_536)).toBe(true)
      expect(blocks.length).toBeGreaterThanOrEqual(all.length)
    }),
    { numRuns: 30 },
  )
})
