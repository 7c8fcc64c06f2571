import { expect, test } from '@jest/globals'
import { pptxOf } from '../office/office-files.suite.ts'
import { parseBytes } from './parse-bytes.suite.ts'
import pptx from './pptx.ts'

test('slides come in the order of the presentation, each with its title first and its notes last', async () => {
  const file = pptxOf(
    [
      { title: 'Harvest 2025', lines: ['Apples', '  early ones', 'Pears'], notes: 'Thank the pickers.' },
      {
        title: 'Prices',
        table: [
          ['Fruit', 'Price'],
          ['Apples', '2.10'],
          ['Pears', '2.60'],
        ],
        hidden: true,
      },
      { lines: ['Any questions?'] },
    ],
    { title: 'Fruit report' },
  )
  const { blocks, title, pages, notices, progress } = await parseBytes(pptx, file)
  expect(title).toBe('Fruit report')
  expect(pages).toBe(3)
  expect(notices).toEqual([])
  expect(progress.at(-1)).toBe(1)
  expect(blocks).toEqual([
    { kind: 'page', page: 1 },
    { kind: 'heading', level: 1, text: 'Harvest 2025' },
    { kind: 'list', text: '- Apples\n  - early ones\n- Pears' },
    { kind: 'text', text: 'Notes: Thank the pickers.' },
    { kind: 'page', page: 2 },
    { kind: 'heading', level: 1, text: 'Prices' },
    { kind: 'table', text: 'Fruit | Price\nApples | 2.10\nPears | 2.60', head: 'Fruit | Price' },
    { kind: 'page', page: 3 },
    { kind: 'text', text: 'Any questions?' },
  ])
})

test('more slides than are read are refused with both numbers', async () => {
  const file = pptxOf([{ title: 'a' }, { title: 'b' }, { title: 'c' }])
  await expect(parseBytes(pptx, file, { pages: 2 })).rejects.toMatchObject({
    code: 'TOO_MANY_PAGES',
    message: 'the presentation has 3 slides, at most 2 are read',
  })
})

test('slides without text are told to be empty', async () => {
  await expect(parseBytes(pptx, pptxOf([{}, {}]))).rejects.toMatchObject({ code: 'EMPTY' })
  await expect(parseBytes(pptx, pptxOf([]))).rejects.toMatchObject({ code: 'EMPTY' })
})
