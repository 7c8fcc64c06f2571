import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { docxOf, officeWithPassword, oldOfficeFile, pptxOf, xlsxOf, zipOf } from '../office/office-files.suite.ts'
import { pdfOf } from '../pdf/pdf-files.suite.ts'
import { detect } from './detect.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'detect-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function typeOf(bytes: Uint8Array | string, name: string, mediaType = '') {
  const path = join(folder, 'file')
  await writeFile(path, bytes)
  const file = openSync(path, 'r')
  try {
    return detect(file, Buffer.from(bytes).length, { name, mediaType })
  } finally {
    closeSync(file)
  }
}
const plain = (type: string) => ({ type, encoding: 'utf-8', notices: [] })

test('formats with bytes of their own are known by these, whatever they are called', async () => {
  expect(await typeOf(pdfOf([['Words']]), 'a.pdf')).toEqual({ type: 'pdf', encoding: '', notices: [] })
  expect(await typeOf(docxOf([]), 'noname')).toEqual({ type: 'docx', encoding: '', notices: [] })
  expect(await typeOf(pptxOf([]), 'a.pptx')).toEqual({ type: 'pptx', encoding: '', notices: [] })
  expect(await typeOf(xlsxOf([]), 'a.xlsx')).toEqual({ type: 'xlsx', encoding: '', notices: [] })
  expect(await typeOf(pdfOf([['Words']]), 'a.txt')).toEqual({
    type: 'pdf',
    encoding: '',
    notices: ['the file is called .txt, but its bytes are pdf: it is read as that'],
  })
  expect(await typeOf('Only words.', 'a.docx')).toEqual({
    type: 'text',
    encoding: 'utf-8',
    notices: ['the file is called .docx, but its bytes are text: it is read as that'],
  })
})

test.each([
  ['notes.md', '', 'words', 'markdown'],
  ['page.htm', '', 'words', 'html'],
  ['table.tsv', 'text/plain', 'words', 'csv'],
  ['x.jsonl', '', '{}', 'json'],
  ['code.py', 'text/x-python', '# a\n# b\n# c\n', 'text'],
  ['noname', 'text/html; charset=utf-8', 'words', 'html'],
  ['noname', 'application/ld+json', '{}', 'json'],
  ['noname', 'text/markdown', 'words', 'markdown'],
  ['noname', '', '<!DOCTYPE html><p>words', 'html'],
  ['noname', '', '{"a": [1, 2]}', 'json'],
  ['noname', '', '{"a": 1}\n{"a": 2}\n', 'json'],
  ['noname', '', 'a;b\n1;2\n3;4\n', 'csv'],
  ['noname', '', '# Title\n\n- item\n', 'markdown'],
  [
    'noname',
    'application/octet-stream',
    'Yes, of course, he said.\nNo, by no means, she said.\nWell, then, so be it.\n',
    'text',
  ],
  ['noname', '', '[Note] this is no JSON', 'text'],
])('%s of %j that holds %j is %s', async (name, mediaType, words, type) => {
  expect(await typeOf(words, name, mediaType)).toEqual(plain(type))
})

test('a page that is called a text is read as a page', async () => {
  expect(await typeOf('\n<!doctype html><p>words', 'a.txt')).toEqual({
    ...plain('html'),
    notices: ['the file is called .txt, but its bytes are html: it is read as that'],
  })
})

test.each([
  ['', 'a.txt', 'EMPTY', 'the file is empty'],
  [Buffer.alloc(3000, 7), 'a.txt', 'BINARY', 'are no text'],
  [
    Buffer.concat([Buffer.from('MZ'), Buffer.alloc(500)]),
    'a.txt',
    'UNSUPPORTED',
    'a program of Windows cannot be read: expected PDF',
  ],
  [Buffer.alloc(3000, 7), 'a.pdf', 'BROKEN', 'called .pdf, but does not begin like one'],
  [Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), 'a.md', 'UNSUPPORTED', 'a PNG image'],
  [gzipSync('words'), 'a.txt.gz', 'UNSUPPORTED', 'a gzip archive'],
  ['{\\rtf1 words}', 'a.rtf', 'UNSUPPORTED', 'an RTF document'],
  [zipOf({ 'a.txt': 'words' }), 'a.zip', 'UNSUPPORTED', 'a zip archive'],
  [zipOf({ mimetype: 'x', 'content.xml': '<a/>' }), 'a.odt', 'UNSUPPORTED', 'an OpenDocument file'],
  [docxOf([]).slice(0, 400), 'a.zip', 'UNSUPPORTED', 'a zip archive that is not whole'],
  [officeWithPassword(), 'a.docx', 'ENCRYPTED', 'has a password'],
  [oldOfficeFile(), 'a.doc', 'UNSUPPORTED', 'old Office'],
])('%j called %s is refused: %s', async (bytes, name, code, message) => {
  await expect(typeOf(bytes, name)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
})

test('half a file of Office is left to who reads it', async () => {
  expect((await typeOf(docxOf([]).slice(0, 400), 'a.docx')).type).toBe('docx')
})

const GERMAN = 'Die Größe der Übung überraschte Jürgen: schöne Grüße, süße Äpfel, große Öfen.\n'.repeat(40)
test.each([
  ['utf-8', Buffer.from(GERMAN)],
  ['utf-8', Buffer.from(`\ufeff${GERMAN}`)],
  ['utf-16le', Buffer.from(`\ufeff${GERMAN}`, 'utf16le')],
  ['utf-16be', Buffer.from(`\ufeff${GERMAN}`, 'utf16le').swap16()],
  ['utf-16le', Buffer.from(GERMAN, 'utf16le')],
  ['utf-16be', Buffer.from(GERMAN, 'utf16le').swap16()],
  ['windows-1252', Buffer.from(GERMAN, 'latin1')],
  ['windows-1252', Buffer.concat([Buffer.alloc(300_000, 'plain words. '), Buffer.from(GERMAN, 'latin1')])],
  ['koi8-r', koi8('Съешь же ещё этих мягких французских булок, да выпей чаю. '.repeat(30))],
  ['shift_jis', Buffer.from('93fa967b8cea82cc95b68fcd82c582b78142'.repeat(60), 'hex')],
])('an encoding is found: %s', async (encoding, bytes) => {
  expect((await typeOf(bytes, 'a.txt')).encoding).toBe(encoding)
})

test('what a page or a media type tells counts where the bytes are not UTF-8', async () => {
  const page = Buffer.from('<html><meta charset="iso-8859-2"><p>\xb1\xe6\xea', 'latin1')
  expect((await typeOf(page, 'a.html')).encoding).toBe('iso-8859-2')
  expect((await typeOf(Buffer.from('caf\xe9', 'latin1'), 'a', 'text/plain; charset=ISO-8859-15')).encoding).toBe(
    'iso-8859-15',
  )
  expect((await typeOf('<html><meta charset="iso-8859-2"><p>é', 'a.html')).encoding).toBe('utf-8')
})

test('a few broken bytes in UTF-8 are told, and the rest is read as that', async () => {
  const bytes = Buffer.concat([Buffer.from(GERMAN), Buffer.from([0xff]), Buffer.from(GERMAN)])
  expect(await typeOf(bytes, 'a.txt')).toEqual({
    type: 'text',
    encoding: 'utf-8',
    notices: ['some bytes are not UTF-8 and are shown as the replacement character'],
  })
})

/** Cyrillic letters as KOI8-R has them. */
function koi8(words: string): Buffer {
  const letters = 'юабцдефгхийклмнопярстужвьызшэщчъ'
  return Buffer.from(
    Array.from(words, letter => {
      const small = letters.indexOf(letter.toLowerCase())
      if (letter === 'ё') return 0xa3
      if (small < 0) return letter.charCodeAt(0)
      return small + (letter === letter.toLowerCase() ? 0xc0 : 0xe0)
    }),
  )
}
