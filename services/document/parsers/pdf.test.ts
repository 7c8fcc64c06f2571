import { expect, test } from '@jest/globals'
import { brokenPdf, pdfOf, pdfOfCodes, pdfOfManyPages, pdfOfPicture, pdfOfTexts } from '../pdf/pdf-files.suite.ts'
import type { PdfText } from '../pdf/pdf-files.suite.ts'
import { parseBytes } from './parse-bytes.suite.ts'
import pdf from './pdf.ts'

test('a PDF keeps its pages, headings, paragraphs, lists and tables', async () => {
  const file = pdfOf(
    [
      [
        '# The lighthouse',
        'It was built on the outer rock and burns since then, in every night of the year,',
        'with a light that is seen for twenty miles.',
        '',
        'The keeper lives below.',
        '## Supplies',
        '- oil for the lamp',
        '- flour, and what goes',
        '  with it',
        '1. row out',
        '2. row back',
        '',
        '| Month | Oil | Flour |',
        '| January | 40 | 12 |',
        '| February | 36 | 11 |',
      ],
      ['On 12. June the boat came late.'],
    ],
    { title: 'Log of the light', compress: true },
  )
  const { blocks, title, pages, notices, progress } = await parseBytes(pdf, file)
  expect(title).toBe('Log of the light')
  expect(pages).toBe(2)
  expect(notices).toEqual([])
  expect(progress).toEqual([0.5, 1])
  expect(blocks).toEqual([
    { kind: 'page', page: 1 },
    { kind: 'heading', level: 1, text: 'The lighthouse' },
    {
      kind: 'text',
      text: 'It was built on the outer rock and burns since then, in every night of the year, with a light that is seen for twenty miles.',
    },
    { kind: 'text', text: 'The keeper lives below.' },
    { kind: 'heading', level: 2, text: 'Supplies' },
    { kind: 'list', text: '- oil for the lamp\n- flour, and what goes with it\n1. row out\n2. row back' },
    { kind: 'table', text: 'Month | Oil | Flour\nJanuary | 40 | 12\nFebruary | 36 | 11', head: 'Month | Oil | Flour' },
    { kind: 'page', page: 2 },
    { kind: 'text', text: 'On 12. June the boat came late.' },
  ])
})

test('words divided at the end of a line are whole again', async () => {
  const { blocks } = await parseBytes(
    pdf,
    pdfOf([
      [
        'The weather was kind enough for walks, and every walk was remem-',
        'bered for long; the Saxe-',
        'Coburg line, the 3-',
        'day tour.',
      ],
    ]),
  )
  expect(blocks[1]).toEqual({
    kind: 'text',
    text: 'The weather was kind enough for walks, and every walk was remembered for long; the Saxe-Coburg line, the 3-day tour.',
  })
})

test('columns are read one after the other, what stands across them in its place', async () => {
  const column = (x: number, from: number, name: string): readonly PdfText[] =>
    Array.from({ length: 6 }, (_, index) => ({
      text: `Line ${index + 1} of the ${name} column fills its width.`,
      x,
      y: from - index * 14,
    }))
  const { blocks } = await parseBytes(
    pdf,
    pdfOfTexts([
      [
        { text: 'A title over both columns of this page', x: 150, y: 780, size: 18, font: 'bold' },
        ...column(60, 740, 'first'),
        ...column(310, 737, 'second'),
        {
          text: 'And a line in between which goes over the whole width of the page, from edge to edge.',
          x: 60,
          y: 640,
        },
        ...column(60, 600, 'third'),
        ...column(310, 600, 'fourth'),
      ],
    ]),
  )
  const texts = blocks.flatMap(block => (block.kind === 'text' ? [block.text] : []))
  const names = texts.map(text => /the (\w+) column/.exec(text)?.[1] ?? text.slice(0, 20))
  expect(names).toEqual(['first', 'second', 'And a line in betwee', 'third', 'fourth'])
  expect(texts[0]).toMatch(/^Line 1 of .* Line 6 of the first column fills its width\.$/)
  expect(blocks[1]).toEqual({ kind: 'heading', level: 2, text: 'A title over both columns of this page' })
})

test('columns may have another grid of lines, and a paragraph goes on in the next one', async () => {
  const line = (text: string, x: number, y: number): PdfText => ({ text, x, y, size: 10 })
  const { blocks } = await parseBytes(
    pdf,
    pdfOfTexts([
      [
        line(
          'This paragraph stands above and goes over the whole width of the page, as introductions do, and it has',
          60,
          780,
        ),
        line('a second line which is short.', 60, 768),
        ...[
          'The river rose in March',
          'and nobody could cross it',
          'for eleven days, since all',
          'of the boats had been',
          'taken up to the mill and',
        ].map((text, index) => line(text, 60, 740 - index * 12)),
        ...[
          'the ferry was broken. It',
          'was mended in April by a',
          'carpenter from the town',
          'who stayed for a week to',
          'have company at dinner.',
        ].map((text, index) => line(text, 200, 735 - index * 12)),
        line(
          'Below there is some more text, which again goes over the whole width of the page up to its end.',
          60,
          650,
        ),
      ],
    ]),
  )
  expect(blocks.slice(1).map(block => ('text' in block ? block.text : ''))).toEqual([
    'This paragraph stands above and goes over the whole width of the page, as introductions do, and it has a second line which is short.',
    'The river rose in March and nobody could cross it for eleven days, since all of the boats had been taken up to the mill and the ferry was broken. It was mended in April by a carpenter from the town who stayed for a week to have company at dinner.',
    'Below there is some more text, which again goes over the whole width of the page up to its end.',
  ])
})

test('lines that somebody ended on purpose stay lines', async () => {
  const { blocks } = await parseBytes(
    pdf,
    pdfOf([
      [
        'Mill on the Green',
        '12 Water Lane',
        'Upper Ford',
        '',
        'The address above was painted on a board at the bridge, where all who came by could read it.',
      ],
    ]),
  )
  expect(blocks.slice(1)).toEqual([
    { kind: 'text', text: 'Mill on the Green\n12 Water Lane\nUpper Ford' },
    {
      kind: 'text',
      text: 'The address above was painted on a board at the bridge, where all who came by could read it.',
    },
  ])
})

test('a table with space around its cells keeps cells of several lines, also beside centred ones', async () => {
  const cell = (text: string, x: number, y: number): PdfText => ({ text, x, y, size: 10 })
  const { blocks } = await parseBytes(
    pdf,
    pdfOfTexts([
      [
        { ...cell('Month', 60, 700), font: 'bold' },
        { ...cell('Rye', 160, 700), font: 'bold' },
        { ...cell('Remarks', 240, 700), font: 'bold' },
        cell('Ice on the river for days,', 240, 678),
        cell('January', 60, 672),
        cell('12.5', 160, 672),
        cell('then much to do', 240, 666),
        cell('February', 60, 644),
        cell('9', 160, 644),
        cell('March', 60, 622),
        cell('11', 160, 622),
        cell('Storm', 240, 622),
      ],
    ]),
  )
  expect(blocks.slice(1)).toEqual([
    {
      kind: 'table',
      head: 'Month | Rye | Remarks',
      text: 'Month | Rye | Remarks\nJanuary | 12.5 | Ice on the river for days, then much to do\nFebruary | 9\nMarch | 11 | Storm',
    },
  ])
})

test('lines that run over all pages are kept once, numbers of pages never', async () => {
  const pages = Array.from({ length: 8 }, (_, index): readonly PdfText[] => [
    { text: 'Report of the harbour office', x: 72, y: 810, size: 8 },
    {
      text: `What page number ${['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'][index]} has to tell.`,
      x: 72,
      y: 700,
    },
    { text: `In ${1990 + index * 7} ships came.`, x: 72, y: 60 },
    { text: `Page ${index + 1} of 8`, x: 280, y: 30, size: 8 },
  ])
  const { blocks } = await parseBytes(pdf, pdfOfTexts(pages))
  const text = blocks.map(block => ('text' in block ? block.text : `[${block.page}]`)).join('\n')
  expect(text.match(/Report of the harbour office/g)).toHaveLength(1)
  expect(text).not.toContain('of 8')
  expect(text.match(/ships came/g)).toHaveLength(8)
  expect(text.match(/has to tell/g)).toHaveLength(8)
})

test('a page of one line only that all pages have is not lost, nor are titles of slides', async () => {
  const same = await parseBytes(pdf, pdfOfManyPages(6))
  expect(same.blocks.filter(block => block.kind === 'text')).toEqual([{ kind: 'text', text: 'One of many pages.' }])
  const slides = await parseBytes(
    pdf,
    pdfOf(Array.from({ length: 5 }, (_, index) => ['# Agenda', `Point ${'abcde'[index]} of the day`])),
  )
  expect(slides.blocks.filter(block => block.kind === 'heading')).toHaveLength(5)
})

test('a table of contents is a list of lines without their dots', async () => {
  const entry = (text: string, page: string, y: number): readonly PdfText[] => [
    { text: `${text} ${'. '.repeat(30)}`, x: 72, y },
    { text: page, x: 400, y },
  ]
  const { blocks } = await parseBytes(
    pdf,
    pdfOfTexts([
      [...entry('1 The harbour', '3', 700), ...entry('1.1 Boats', '4', 686), ...entry('2 The mill', '12', 672)],
    ]),
  )
  expect(blocks.slice(1)).toEqual([{ kind: 'list', text: '1 The harbour … 3\n1.1 Boats … 4\n2 The mill … 12' }])
})

test('what the outline names is a heading of that level', async () => {
  const file = pdfOfTexts(
    [
      [
        { text: '1 First things', x: 72, y: 700, font: 'bold' },
        { text: 'Some text that goes with it.', x: 72, y: 680 },
        { text: '1.1 A detail', x: 72, y: 640, font: 'bold' },
        { text: 'And some more of the same.', x: 72, y: 620 },
      ],
    ],
    {
      outline: [
        { title: '1 First things', page: 1 },
        { title: '1.1  A detail', page: 1, level: 2 },
      ],
    },
  )
  expect((await parseBytes(pdf, file)).blocks).toEqual([
    { kind: 'page', page: 1 },
    { kind: 'heading', level: 1, text: '1 First things' },
    { kind: 'text', text: 'Some text that goes with it.' },
    { kind: 'heading', level: 2, text: '1.1 A detail' },
    { kind: 'text', text: 'And some more of the same.' },
  ])
})

test('characters of one width are code, with their indents', async () => {
  const { blocks } = await parseBytes(
    pdf,
    pdfOfTexts([
      [
        { text: 'It is done by these few lines, which anybody can read without help from others:', x: 72, y: 700 },
        { text: 'if (tide > 3) {', x: 72, y: 680, size: 10, font: 'mono' },
        { text: 'stay()', x: 84, y: 668, size: 10, font: 'mono' },
        { text: '}', x: 72, y: 656, size: 10, font: 'mono' },
      ],
    ]),
  )
  expect(blocks[2]).toEqual({ kind: 'code', text: 'if (tide > 3) {\n  stay()\n}' })
})

test('a table keeps cells of two lines, empty cells and the text around it', async () => {
  const row = (y: number, cells: readonly string[]): readonly PdfText[] =>
    cells.flatMap((text, column) => (text === '' ? [] : [{ text, x: 72 + column * 140, y }]))
  const { blocks } = await parseBytes(
    pdf,
    pdfOfTexts([
      [
        { text: 'These were the boats of that year, as the harbour office has written them down.', x: 72, y: 760 },
        ...row(730, ['Boat', 'Owner', 'Crew']),
        ...row(710, ['Gull', 'The brothers', '4']),
        ...row(698, ['', 'from the hill']),
        ...row(678, ['Tern', '', '2']),
        { text: 'Nobody counted the small ones, since they were drawn up on the beach every night.', x: 72, y: 640 },
      ],
    ]),
  )
  expect(blocks.slice(1)).toEqual([
    { kind: 'text', text: 'These were the boats of that year, as the harbour office has written them down.' },
    {
      kind: 'table',
      text: 'Boat | Owner | Crew\nGull | The brothers from the hill | 4\nTern |  | 2',
      head: 'Boat | Owner | Crew',
    },
    { kind: 'text', text: 'Nobody counted the small ones, since they were drawn up on the beach every night.' },
  ])
})

test('a PDF with a password is refused, one that opens without is read', async () => {
  await expect(parseBytes(pdf, pdfOf([['secret']], { password: 'abc' }))).rejects.toMatchObject({
    code: 'ENCRYPTED',
    message: 'the PDF is locked by a password: send it without one',
  })
  const open = await parseBytes(pdf, pdfOf([['not so secret']], { password: '', title: 'Open to all' }))
  expect(open.title).toBe('Open to all')
  expect(open.blocks[1]).toEqual({ kind: 'text', text: 'not so secret' })
})

test('a broken PDF is refused with what is wrong, one with a wrong list of objects is read', async () => {
  await expect(parseBytes(pdf, brokenPdf())).rejects.toMatchObject({
    code: 'BROKEN',
    message: 'the PDF cannot be read: Invalid PDF structure',
  })
  await expect(parseBytes(pdf, Buffer.from('no PDF at all'))).rejects.toMatchObject({ code: 'BROKEN' })
  const file = Buffer.from(pdfOf([['Found again.']]))
  file.fill('9', file.indexOf('xref') + 10, file.indexOf('trailer') - 40)
  expect((await parseBytes(pdf, file)).blocks[1]).toEqual({ kind: 'text', text: 'Found again.' })
})

test.each([
  ['90ms-RKSJ-H', 'Japan1', '938c8b9e937392a1', '東京都庁'],
  ['GBK-EUC-H', 'GB1', 'c4cfbea9b3a4bdad', '南京长江'],
  ['ETen-B5-H', 'CNS1', 'a578a55fbf4dabb0', '台北燐城'],
  ['KSCms-UHC-H', 'Korea1', 'bcadbfef', '서울'],
])('codes of %s are read, whose font the file does not contain', async (encoding, collection, codes, text) => {
  const { blocks } = await parseBytes(pdf, pdfOfCodes(Buffer.from(codes, 'hex'), encoding, collection))
  expect(blocks.at(-1)).toEqual({ kind: 'text', text })
})

test('what was filled into a form is read behind the page’s texts, secrets and what is empty are not', async () => {
  const file = pdfOf([['Application for a berth'], ['The harbour master signs here']], {
    fields: [
      { name: 'form[0].page[0].surname[0]', kind: 'text', value: 'Lovelace' },
      { name: 'ship', label: 'Name of the ship', kind: 'text', value: 'The Difference\nEngine | II' },
      { name: 'code', kind: 'secret', value: 'hush' },
      { name: 'night', label: 'Stays overnight', kind: 'tick', value: 'Yes' },
      { name: 'crew', label: 'Has a crew', kind: 'tick', value: 'Off' },
      { name: 'harbour', kind: 'choice', value: 'Kiel' },
      { name: 'remarks', kind: 'text', value: '' },
    ],
  })
  const { blocks, notices } = await parseBytes(pdf, file)
  expect(blocks).toEqual([
    { kind: 'page', page: 1 },
    { kind: 'text', text: 'Application for a berth' },
    {
      kind: 'table',
      text: 'surname | Lovelace\nName of the ship | The Difference Engine II\nStays overnight | yes\nharbour | Kiel',
    },
    { kind: 'page', page: 2 },
    { kind: 'text', text: 'The harbour master signs here' },
  ])
  expect(notices).toEqual([])
})

test('more pages than are read are refused with both numbers', async () => {
  await expect(parseBytes(pdf, pdfOfManyPages(10_000))).rejects.toMatchObject({
    code: 'TOO_MANY_PAGES',
    message: 'the PDF has 10000 pages, at most 2000 are read',
  })
})

test('a PDF of pictures is told to need OCR, single pages without text are told', async () => {
  await expect(parseBytes(pdf, pdfOfPicture())).rejects.toMatchObject({
    code: 'NO_TEXT',
    message: 'the PDF has no text, its page is a picture: text in pictures must be recognised (OCR) first',
  })
  const { notices } = await parseBytes(pdf, pdfOf([['Some text'], [], []]))
  expect(notices).toEqual(['pages without text, such as scans: 2 of 3'])
})
