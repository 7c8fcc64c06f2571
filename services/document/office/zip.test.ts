import { expect, test } from '@jest/globals'
import { strToU8, zipSync } from 'fflate'
import docx from '../parsers/docx.ts'
import { parseBytes } from '../parsers/parse-bytes.suite.ts'
import pptx from '../parsers/pptx.ts'
import xlsx from '../parsers/xlsx.ts'
import { docxFiles, docxOf, officeWithPassword, oldOfficeFile, xlsxOf, zipBomb, zipOf } from './office-files.suite.ts'

test('a file that unpacks to more than is allowed is refused with the figures', async () => {
  await expect(parseBytes(docx, docxOf([{ text: 'x'.repeat(9000) }]), { unpackedBytes: 5000 })).rejects.toMatchObject({
    code: 'ZIP_BOMB',
    message: expect.stringMatching(
      /^the file is a zip archive that is not safe to unpack: it unpacks to 1\d,\d{3} bytes or more, at most 5,000 are unpacked$/,
    ),
  })
})

test('a file of next to nothing that unpacks to much is refused', async () => {
  await expect(parseBytes(docx, zipBomb(40))).rejects.toMatchObject({
    code: 'ZIP_BOMB',
    message: expect.stringMatching(/"word\/document.xml" unpacks from \d\d,\d{3} bytes to 40,000,000 or more/),
  })
})

test('what an archive says of its sizes is not believed', async () => {
  const bomb = Buffer.from(zipBomb(40))
  const name = bomb.lastIndexOf('word/document.xml')
  expect(bomb.readUInt32LE(name - 46)).toBe(0x02014b50)
  bomb.writeUInt32LE(1000, name - 46 + 24)
  await expect(parseBytes(docx, bomb)).rejects.toMatchObject({
    code: 'ZIP_BOMB',
    message: expect.stringContaining('times its size is allowed'),
  })
  await expect(parseBytes(docx, bomb, { unpackedBytes: 1_000_000 })).rejects.toMatchObject({
    code: 'ZIP_BOMB',
    message: expect.stringContaining('at most 1,000,000 are unpacked'),
  })
})

test('files that share their bytes are refused', async () => {
  const bytes = Buffer.from(
    zipSync({ 'a.xml': [strToU8('x'.repeat(5000)), { level: 0 }], 'b.xml': [strToU8('y'), { level: 0 }] }),
  )
  const last = bytes.lastIndexOf('b.xml') - 46
  bytes.writeUInt32LE(5000, last + 20)
  await expect(parseBytes(docx, bytes)).rejects.toMatchObject({
    code: 'ZIP_BOMB',
    message: expect.stringContaining('they overlap'),
  })
})

test('too many files, and names that lead outside, are refused', async () => {
  const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`${index}.xml`, '']))
  await expect(parseBytes(xlsx, zipOf(many))).rejects.toMatchObject({
    code: 'ZIP_BOMB',
    message: expect.stringContaining('it holds 10,001 files, at most 10,000 are unpacked'),
  })
  await expect(parseBytes(pptx, zipOf({ 'ppt/../../x.xml': 'x' }))).rejects.toMatchObject({
    code: 'ZIP_BOMB',
    message: expect.stringContaining('"ppt/../../x.xml" names a file outside of the archive'),
  })
})

test('files with a password and files of Office 97 are told apart', async () => {
  await expect(parseBytes(docx, officeWithPassword())).rejects.toMatchObject({
    code: 'ENCRYPTED',
    message: 'the file is locked by a password: send it without one',
  })
  await expect(parseBytes(docx, oldOfficeFile())).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'the file is of Office 97 or older: save it as .docx, .pptx or .xlsx',
  })
})

test('a zip that is none of the three, or another one of them, is not supported', async () => {
  await expect(parseBytes(docx, zipOf({ 'notes.txt': 'x' }))).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'the file is a zip archive, and none of a Word document, a presentation or a workbook',
  })
  await expect(parseBytes(docx, xlsxOf([{ name: 'a', rows: [['x']] }]))).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'the file is a workbook, expected a Word document',
  })
})

test('a file that was cut off, or damaged inside, is broken', async () => {
  const file = docxOf([{ text: 'Some words that are long enough to be packed, words, words, words.' }])
  await expect(parseBytes(docx, file.subarray(0, file.length - 40))).rejects.toMatchObject({
    code: 'BROKEN',
    message: 'the file is a zip archive without its directory: its end is missing',
  })
  await expect(parseBytes(docx, Buffer.from('not at all'))).rejects.toMatchObject({ code: 'BROKEN' })
  const stored = Buffer.from(zipSync({ ...packed(docxFiles([{ text: 'Some words' }])) }, { level: 0 }))
  stored[stored.indexOf('Some words')] = 0x5a
  await expect(parseBytes(docx, stored)).rejects.toMatchObject({
    code: 'BROKEN',
    message: '"word/document.xml" in the file is damaged: its checksum is wrong',
  })
})

test('an archive with bytes in front of it is read', async () => {
  const file = Buffer.concat([Buffer.from('PK, and then something else'), docxOf([{ text: 'Still there.' }])])
  expect((await parseBytes(docx, file)).blocks).toEqual([{ kind: 'text', text: 'Still there.' }])
})

function packed(files: Readonly<Record<string, string>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))
}
