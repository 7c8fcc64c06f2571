import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'
import { docxOf, pptxOf, xlsxOf } from '../office/office-files.suite.ts'
import { pdfOf } from '../pdf/pdf-files.suite.ts'
import { ParseFailure } from '../parsing/parser.ts'
import type { Parser } from '../parsing/parser.ts'
import docx from './docx.ts'
import { parseBytes } from './parse-bytes.suite.ts'
import pdf from './pdf.ts'
import pptx from './pptx.ts'
import xlsx from './xlsx.ts'

const FILES: readonly (readonly [Parser, Uint8Array])[] = [
  [
    docx,
    docxOf([
      { heading: 'A', level: 1 },
      { text: 'b', footnote: 'c' },
      { list: ['d', 'e'] },
      { table: [['f', 'g'], [{ text: 'h', down: 2 }, 'i'], ['j']] },
    ]),
  ],
  [pptx, pptxOf([{ title: 'A', lines: ['b', '  c'], notes: 'd', table: [['e', 'f']] }, { lines: ['g'] }])],
  [
    xlsx,
    xlsxOf([
      {
        name: 'A',
        rows: [
          ['b', 1, true, new Date(0)],
          [{ formula: '1', value: 1 }, { inline: 'c' }],
        ],
      },
    ]),
  ],
  [pdf, pdfOf([['# A', 'b', '| c | d |', '| e | f |'], ['g']], { title: 'h', outline: [{ title: 'A', page: 1 }] })],
  [pdf, pdfOf([['# A', 'b'], ['c']], { password: '', compress: true })],
]

test.each(FILES.map(([parser, bytes], index) => [`${parser.type} ${index}`, parser, bytes] as const))(
  'a file with some of its bytes changed is read or refused with a reason: %s',
  async (_, parser, bytes) => {
    const change = fc.record({
      at: fc.integer({ min: 0, max: bytes.length - 1 }),
      to: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 255)),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.option(fc.integer({ min: 0, max: bytes.length }), { freq: 5 }),
        async (changes, end) => {
          const file = Buffer.from(bytes)
          for (const { at, to } of changes) file[at] = to
          await expectReadOrRefused(parser, file.subarray(0, end ?? undefined))
        },
      ),
      { numRuns: 60 },
    )
  },
  120_000,
)

test.each(FILES.slice(0, 3).map(([parser, bytes]) => [parser.type, parser, bytes] as const))(
  'a file whose XML was changed is read or refused with a reason: %s',
  async (_, parser, bytes) => {
    const parts = unzipSync(new Uint8Array(bytes))
    const names = Object.keys(parts)
    const piece = fc.constantFrom(
      '<',
      '>',
      '</',
      '"',
      '-1',
      '9e99',
      '&#x0;',
      '<![CDATA[',
      '<!--',
      'r:id',
      '\uffff',
      '<w:tbl><w:tr>',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(10_000),
        fc.nat(40),
        piece,
        async (name, at, length, insert) => {
          const text = strFromU8(parts[name] ?? new Uint8Array())
          const start = at % (text.length + 1)
          const changed = strToU8(text.slice(0, start) + insert + text.slice(start + length))
          await expectReadOrRefused(parser, zipSync({ ...parts, [name]: changed }))
        },
      ),
      { numRuns: 60 },
    )
  },
  120_000,
)

async function expectReadOrRefused(parser: Parser, file: Uint8Array): Promise<void> {
  const outcome = await parseBytes(parser, file).catch((error: unknown) => error)
  const isRead = typeof outcome === 'object' && outcome !== null && 'blocks' in outcome
  const ended = isRead ? 'read' : outcome instanceof ParseFailure ? 'refused' : outcome
  expect(['read', 'refused']).toContain(ended)
}
