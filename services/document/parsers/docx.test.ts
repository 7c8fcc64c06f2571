import { expect, test } from '@jest/globals'
import { docxFiles, docxOf, zipOf } from '../office/office-files.suite.ts'
import docx from './docx.ts'
import { parseBytes } from './parse-bytes.suite.ts'

test('a Word document keeps headings, text, lists and footnotes in their order', async () => {
  const file = docxOf(
    [
      { styled: 'The bakery', style: 'Titel' },
      { heading: 'Bread & rolls', level: 1 },
      { text: 'Rye keeps for a week.', footnote: 'Wrapped in linen.' },
      { list: ['flour', { text: 'rye', level: 1 }, { text: 'wheat', level: 1 }, 'water'] },
      { heading: 'Oven', level: 2 },
      { list: ['heat it', 'wait'], ordered: true },
      { text: 'Then bake.', footnote: 'At 230 degrees.' },
    ],
    { title: 'Baker’s <handbook>' },
  )
  const { blocks, title, notices } = await parseBytes(docx, file)
  expect(title).toBe('Baker’s <handbook>')
  expect(notices).toEqual([])
  expect(blocks).toEqual([
    { kind: 'heading', level: 1, text: 'The bakery' },
    { kind: 'heading', level: 1, text: 'Bread & rolls' },
    { kind: 'text', text: 'Rye keeps for a week.[1]' },
    { kind: 'text', text: '[1] Wrapped in linen.' },
    { kind: 'list', text: '- flour\n  - rye\n  - wheat\n- water' },
    { kind: 'heading', level: 2, text: 'Oven' },
    { kind: 'list', text: '1. heat it\n2. wait' },
    { kind: 'text', text: 'Then bake.[2]' },
    { kind: 'text', text: '[2] At 230 degrees.' },
  ])
})

test('styles of one’s own are headings by what they are based on or by their outline level', async () => {
  const { blocks } = await parseBytes(
    docx,
    docxOf([
      { styled: 'A chapter', style: 'Kapitel' },
      { styled: 'A part', style: 'Teil' },
      { styled: 'let a = 1', style: 'Quelltext' },
    ]),
  )
  expect(blocks).toEqual([
    { kind: 'heading', level: 2, text: 'A chapter' },
    { kind: 'heading', level: 3, text: 'A part' },
    { kind: 'code', text: 'let a = 1' },
  ])
})

test('a cell over several rows is repeated in each, one over several columns stands in the first', async () => {
  const { blocks } = await parseBytes(
    docx,
    docxOf([
      {
        table: [
          ['Day', 'Shop', 'Sold'],
          [{ text: 'Monday', down: 2 }, 'North', '12'],
          ['South', '7'],
          [{ text: 'all', across: 2 }, '19'],
        ],
      },
    ]),
  )
  expect(blocks).toEqual([
    {
      kind: 'table',
      text: 'Day | Shop | Sold\nMonday | North | 12\nMonday | South | 7\nall |  | 19',
      head: 'Day | Shop | Sold',
    },
  ])
})

test('pictures are left out with a notice', async () => {
  const { blocks, notices } = await parseBytes(docx, docxOf([{ text: 'Look:' }, { image: 'a loaf' }]))
  expect(blocks).toEqual([{ kind: 'text', text: 'Look:' }])
  expect(notices).toEqual(['pictures left out: 1'])
})

test('a document of pictures alone is told to need OCR, one of nothing to be empty', async () => {
  await expect(parseBytes(docx, docxOf([{ image: 'a loaf' }]))).rejects.toMatchObject({
    code: 'NO_TEXT',
    message: 'the document has pictures and no text: text in pictures must be recognised (OCR) first',
  })
  await expect(parseBytes(docx, docxOf([]))).rejects.toMatchObject({ code: 'EMPTY' })
})

test('entities are never expanded: a document type is refused', async () => {
  const files = docxFiles([{ text: 'x' }])
  const bomb = `<!DOCTYPE a [<!ENTITY b "${'x'.repeat(1000)}">]>`
  for (const name of ['word/document.xml', 'word/styles.xml', 'docProps/core.xml', '_rels/.rels']) {
    const file = zipOf({ ...files, [name]: `${bomb}${files[name] ?? ''}` })
    await expect(parseBytes(docx, file)).rejects.toMatchObject({
      code: 'BROKEN',
      message: `"${name}" declares a document type, which Office files never do`,
    })
  }
})

test('elements nested without end are refused', async () => {
  const deep = `<w:document>${'<w:p>'.repeat(200_000)}`
  await expect(parseBytes(docx, zipOf({ ...docxFiles([]), 'word/document.xml': deep }))).rejects.toMatchObject({
    code: 'BROKEN',
  })
})
