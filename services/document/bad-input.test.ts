// What bad input gets: a job that fails or is skipped with the reason, the upload kept, nothing half-stored.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { documentsOf, piecesOf, textOf, uploaded } from './kit.suite.ts'
import type { Documents } from './kit.suite.ts'
import { docxOf, officeWithPassword, oldOfficeFile, zipBomb, zipOf } from './office/office-files.suite.ts'
import { brokenPdf, pdfOf, pdfOfManyPages, pdfOfPicture } from './pdf/pdf-files.suite.ts'

let system: TestSystem
let ada: Documents
beforeAll(async () => {
  system = await embedded({
    services: ['document'],
    settings: { DOCUMENT_UNPACKED_BYTES: '20000000', DOCUMENT_CHARACTERS: '400000', DOCUMENT_USER_COUNT: '40' },
  })
  ada = documentsOf('ada', system)
})
afterAll(async () => system?.stop())

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), randomBytes(500)])

test.each<[string, string, () => Uint8Array | string, string, string]>([
  ['an encrypted PDF', 'secret.pdf', () => pdfOf([['Hidden.']], { password: 'open sesame' }), 'failed', 'ENCRYPTED'],
  ['a broken PDF', 'broken.pdf', brokenPdf, 'failed', 'BROKEN'],
  ['a PDF of 10,000 pages', 'long.pdf', () => pdfOfManyPages(10_000), 'failed', 'TOO_MANY_PAGES'],
  ['a PDF of a picture', 'scan.pdf', pdfOfPicture, 'skipped', 'NO_TEXT'],
  ['a zip bomb', 'bomb.docx', () => zipBomb(50), 'failed', 'ZIP_BOMB'],
  ['a document with a password', 'secret.docx', officeWithPassword, 'failed', 'ENCRYPTED'],
  ['a document of the format before', 'old.doc', oldOfficeFile, 'skipped', 'UNSUPPORTED'],
  ['an archive', 'files.zip', () => zipOf({ 'a.txt': 'a' }), 'skipped', 'UNSUPPORTED'],
  ['a picture', 'picture.png', () => png, 'skipped', 'UNSUPPORTED'],
  ['bytes as text', 'bytes.txt', () => Buffer.concat([randomBytes(5_000), Buffer.alloc(200)]), 'failed', 'BINARY'],
  ['an empty file', 'empty.txt', () => '', 'skipped', 'EMPTY'],
  ['nothing but white space', 'blank.md', () => ' \n\t\n', 'skipped', 'EMPTY'],
  ['a text that is too long', 'long.txt', () => textOf(1_000, 100), 'failed', 'TOO_LONG'],
])('%s', async (_, name, file, state, code) => {
  const bytes = Buffer.from(file())
  const document = await uploaded(ada, bytes, { name })
  expect(document).toMatchObject({ name, chunks: 0, sizeBytes: bytes.length, job: { state, code } })
  expect(document.job?.message).not.toBe('')
  expect(await piecesOf(ada, document.id)).toEqual([])
  const kept: Uint8Array[] = []
  for await (const { part } of ada.download({ documentId: document.id }))
    if (part?.$case === 'data') kept.push(part.value)
  expect(Buffer.concat(kept).equals(bytes)).toBe(true)
  const { rows } = await sql`
    select (select count(*)::integer from document.chunks where document = ${document.id}) as chunks,
      (select count(*)::integer from document.objects where document = ${document.id}) as objects`.execute(
    system.database.kysely,
  )
  expect(rows).toEqual([{ chunks: 0, objects: 0 }])
})

test('a wrong extension does not matter: the bytes tell', async () => {
  const pdf = await uploaded(ada, pdfOf([['# Herons', 'They wait.'], ['And fish.']]), { name: 'herons.txt' })
  expect(pdf).toMatchObject({ type: 'pdf', pages: 2, title: 'Herons', job: { state: 'ready' } })
  const pieces = await piecesOf(ada, pdf.id)
  expect(pieces.find(({ text }) => text.includes('They wait'))).toMatchObject({ page: 1 })
  const docx = await uploaded(ada, docxOf([{ text: 'Words of a letter.' }]), { name: 'letter.pdf' })
  expect(docx).toMatchObject({ type: 'docx', job: { state: 'ready' } })
})

test('characters that no database keeps become ones that stand for them', async () => {
  const json = String.raw`{"note": "before \u0000 and \ud800 after, \ud83d\ude00"}`
  const document = await uploaded(ada, json, { name: 'odd.json' })
  expect(document).toMatchObject({ type: 'json', job: { state: 'ready' } })
  expect((await piecesOf(ada, document.id))[0]?.text).toContain('and \ufffd after, 😀')
})

test('a user who has no room left is told of it, and nothing is kept', async () => {
  const eve = documentsOf('eve', system)
  for (let index = 0; index < 40; index++) await eve.fetch({ url: `http://127.0.0.1:1/${index}` })
  const { documents } = await eve.listDocuments({ limit: 200 })
  await expect(uploaded(eve, 'one more')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  await expect(eve.fetch({ url: 'http://127.0.0.1:1/more' })).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  expect((await eve.listDocuments({ limit: 200 })).documents).toHaveLength(documents.length)
})
