import { expect, test } from '@jest/globals'
import { xlsxOf, zipOf } from '../office/office-files.suite.ts'
import { parseBytes } from './parse-bytes.suite.ts'
import xlsx from './xlsx.ts'

test('sheets keep their names, and rows their columns under the head', async () => {
  const file = xlsxOf(
    [
      {
        name: 'Stock & more',
        rows: [
          ['Stock of the mill'],
          [],
          ['Grain', 'Sacks', 'Open', 'Since'],
          ['Rye', 12, true, new Date(Date.UTC(2026, 10, 21))],
          [{ inline: 'Oats' }, null, false, new Date(Date.UTC(2026, 1, 3, 14, 30))],
          [
            'Sum',
            { formula: 'SUM(B4:B5)', value: 12 },
            { error: '#DIV/0!' },
            { formula: 'A1&"!"', value: 'all of it' },
          ],
        ],
      },
      { name: 'Notes', rows: [['Sold out by noon']], hidden: true },
    ],
    { title: 'Mill' },
  )
  const { blocks, title, pages, notices } = await parseBytes(xlsx, file)
  expect(title).toBe('Mill')
  expect(pages).toBe(2)
  expect(notices).toEqual([])
  expect(blocks).toEqual([
    { kind: 'page', page: 1, title: 'Stock & more' },
    { kind: 'text', text: 'Stock of the mill' },
    {
      kind: 'table',
      head: 'Grain | Sacks | Open | Since',
      text: [
        'Grain | Sacks | Open | Since',
        'Rye | 12 | TRUE | 2026-11-21',
        'Oats |  | FALSE | 2026-02-03 14:30',
        'Sum | 12 | #DIV/0! | all of it',
      ].join('\n'),
    },
    { kind: 'page', page: 2, title: 'Notes' },
    { kind: 'text', text: 'Sold out by noon' },
  ])
})

test('numbers are shown by their formats, in both calendars', async () => {
  const rows = [
    { number: 1.5, format: '[h]:mm' },
    { number: 0.75, format: 'hh:mm:ss AM/PM' },
    { number: 0.1 + 0.2, format: '#,##0.00 "days of stock"' },
    { number: 0.255, format: '0.0%' },
    { number: 45000.5, format: '[$-407]d. mmmm yyyy\\ hh:mm' },
    { number: 59, format: 'yyyy-mm-dd' },
    { number: 61, format: 'yyyy-mm-dd' },
    { number: 7, format: 'mmm' },
    { number: -3, format: 'yyyy' },
  ].map(cell => [cell])
  const text = ['36:00:00', '18:00', '0.3', '25.5%', '2023-03-15 12:00', '1900-02-28', '1900-03-01', '1900-01-07', '-3']
  const { blocks } = await parseBytes(xlsx, xlsxOf([{ name: 'a', rows }]))
  expect(blocks[1]).toEqual({ kind: 'text', text: text.join('\n') })
  const old = xlsxOf([{ name: 'a', rows: [[new Date(Date.UTC(1999, 11, 31))]] }], { date1904: true })
  expect((await parseBytes(xlsx, old)).blocks[1]).toEqual({ kind: 'text', text: '1999-12-31' })
})

test('an empty row between two tables parts them when the columns are others', async () => {
  const { blocks } = await parseBytes(
    xlsx,
    xlsxOf([
      {
        name: 'a',
        rows: [
          ['Name', 'Age'],
          ['Ida', 7],
          [],
          ['Ole', 9],
          [],
          [null, 'Town', 'Post code', 'Kind'],
          [null, 'Bergen', 'N-5003', 'port'],
          [],
          ['Thanks'],
        ],
      },
    ]),
  )
  expect(blocks.slice(1)).toEqual([
    { kind: 'table', head: 'Name | Age', text: 'Name | Age\nIda | 7\nOle | 9' },
    { kind: 'table', head: 'Town | Post code | Kind', text: 'Town | Post code | Kind\nBergen | N-5003 | port' },
    { kind: 'text', text: 'Thanks' },
  ])
})

test('a long sheet comes in several blocks with the same head, and nothing is lost', async () => {
  const rows = Array.from({ length: 2500 }, (_, index) => [`row ${index}`, index, 'some words of text'])
  const { blocks, progress } = await parseBytes(
    xlsx,
    xlsxOf([{ name: 'a', rows: [['Row', 'Number', 'Words'], ...rows] }]),
  )
  const tables = blocks.flatMap(block => (block.kind === 'table' ? [block] : []))
  expect(tables.length).toBeGreaterThan(2)
  expect(new Set(tables.map(({ head }) => head))).toEqual(new Set(['Row | Number | Words']))
  const lines = tables.flatMap(({ text }) => text.split('\n'))
  expect(lines).toHaveLength(2501)
  expect(lines.at(-1)).toBe('row 2499 | 2499 | some words of text')
  expect(progress.at(-1)).toBe(1)
})

test('one long text that many cells share is not multiplied beyond the limit', async () => {
  const sheet = `<worksheet><sheetData>${'<row><c t="s"><v>0</v></c></row>'.repeat(200)}</sheetData></worksheet>`
  const long = xlsxOf([{ name: 'a', rows: [['x'.repeat(10_000)]] }])
  const { unzipSync } = await import('fflate')
  const file = zipOf({ ...unzipSync(long), 'xl/worksheets/sheet1.xml': sheet })
  await expect(parseBytes(xlsx, file)).rejects.toMatchObject({
    code: 'TOO_LONG',
    message: 'the workbook has more than 1000000 characters of text, at most 1000000 are read',
  })
})

test('formulas that nobody calculated are told', async () => {
  const { unzipSync } = await import('fflate')
  const sheet = '<worksheet><sheetData><row><c t="str"><v>a</v></c><c><f>A1+1</f></c></row></sheetData></worksheet>'
  const file = zipOf({ ...unzipSync(xlsxOf([{ name: 'a', rows: [] }])), 'xl/worksheets/sheet1.xml': sheet })
  const { blocks, notices } = await parseBytes(xlsx, file)
  expect(blocks[1]).toEqual({ kind: 'text', text: 'a' })
  expect(notices).toEqual(['formulas without a stored result left out: 1'])
})

test('a workbook of nothing is told to be empty', async () => {
  await expect(parseBytes(xlsx, xlsxOf([{ name: 'a', rows: [] }]))).rejects.toMatchObject({ code: 'EMPTY' })
})
