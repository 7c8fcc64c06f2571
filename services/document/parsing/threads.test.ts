import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docxOf, pptxOf, xlsxOf, zipBomb } from '../office/office-files.suite.ts'
import { brokenPdf, pdfOf } from '../pdf/pdf-files.suite.ts'
import type { Piece, Reading, ReadingRequest, ReadingThreads } from './parser.ts'
import { openReadingThreads } from './threads.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'threads-'))
})
afterAll(() => rm(folder, { recursive: true }))

const never = new AbortController().signal
const WORDS = 'The ferry leaves the harbour at noon, and it comes back before the night. '

async function requestOf(name: string, bytes: Uint8Array | string, limits = {}): Promise<ReadingRequest> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return {
    path,
    name,
    mediaType: '',
    chunking: { size: 1200, overlap: 150 },
    limits: { pages: 100, unpackedBytes: 50_000_000, characters: 200_000_000, timeMs: 600_000, ...limits },
  }
}
async function readAll(threads: ReadingThreads, request: ReadingRequest, signal = never): Promise<readonly Reading[]> {
  const all: Reading[] = []
  for await (const reading of threads.read(request, signal)) all.push(reading)
  return all
}
const piecesOf = (all: readonly Reading[]): readonly Piece[] =>
  all.flatMap(one => (one.kind === 'pieces' ? one.pieces : []))

test('tells the type, then pieces, then the end', async () => {
  await using threads = openReadingThreads({ threads: 1 })
  const file = await requestOf(
    'a.md',
    `# The ferry\n\n${WORDS.repeat(30)}\n\n## Fares\n\n| from | price |\n|---|---|\n| Kiel | 3 |\n`,
  )
  const all = await readAll(threads, file)
  expect(all[0]).toEqual({ kind: 'type', type: 'markdown', encoding: 'utf-8' })
  const pieces = piecesOf(all)
  expect(pieces.length).toBeGreaterThan(2)
  expect(pieces.at(-1)).toMatchObject({
    text: 'from | price\nKiel | 3',
    kind: 'table',
    headings: ['The ferry', 'Fares'],
  })
  const characters = pieces.at(-1)?.to
  expect(all.at(-1)).toEqual({ kind: 'end', title: 'The ferry', language: 'en', pages: 0, characters, notices: [] })
})

test.each([
  ['a.pdf', pdfOf([['The first page has words on it.'], ['So has the second.']]), 'pdf', 2],
  ['a.docx', docxOf([{ text: 'Words of a letter.' }]), 'docx', 0],
  ['a.pptx', pptxOf([{ title: 'Slide', lines: ['Words'] }]), 'pptx', 1],
  [
    'a.xlsx',
    xlsxOf([
      {
        name: 'Prices',
        rows: [
          ['a', 'b'],
          [1, 2],
        ],
      },
    ]),
    'xlsx',
    1,
  ],
])('reads %s', async (name, bytes, type, pages) => {
  await using threads = openReadingThreads({ threads: 1 })
  const all = await readAll(threads, await requestOf(name, bytes))
  expect(all[0]).toMatchObject({ type })
  expect(piecesOf(all).length).toBeGreaterThan(0)
  expect(all.at(-1)).toMatchObject({ kind: 'end', pages })
})

test.each([
  ['empty.txt', '', 'EMPTY'],
  ['blank.txt', ' \n\t\n\u00a0', 'EMPTY'],
  ['nothing.html', '<html><script>var a</script></html>', 'EMPTY'],
  ['binary.txt', Buffer.alloc(5000, 3), 'BINARY'],
  ['bomb.docx', zipBomb(200), 'ZIP_BOMB'],
  ['broken.pdf', brokenPdf(), 'BROKEN'],
  ['long.txt', WORDS.repeat(100), 'TOO_LONG', { characters: 5000 }],
  ['pages.pdf', pdfOf([['a'], ['b'], ['c']]), 'TOO_MANY_PAGES', { pages: 2 }],
])('%s is refused, and the thread reads the next file', async (name, bytes, code, limits: object = {}) => {
  await using threads = openReadingThreads({ threads: 1 })
  await expect(readAll(threads, await requestOf(name, bytes, limits))).rejects.toMatchObject({ code })
  expect(piecesOf(await readAll(threads, await requestOf('next.txt', WORDS)))).toHaveLength(1)
})

test('no zero characters, no halves of characters come out', async () => {
  await using threads = openReadingThreads({ threads: 1 })
  const all = await readAll(
    threads,
    await requestOf('a.json', '{"a": "x\\u0000y", "b": "\\ud800 z", "c": "\\ud83d\\ude00"}'),
  )
  expect(piecesOf(all).map(piece => piece.text)).toEqual(['a: xy\nb: \ufffd z\nc: 😀'])
})

test('what takes too long is ended, while another file is read', async () => {
  await using threads = openReadingThreads({ threads: 2 })
  const slow = await requestOf('slow.txt', `${WORDS.repeat(12)}\n\n`.repeat(60_000), { timeMs: 100 })
  const other = readAll(threads, await requestOf('other.txt', WORDS.repeat(2000)))
  await expect(readAll(threads, slow)).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: 'reading the file takes longer than 0.1 s',
  })
  expect((await other).at(-1)).toMatchObject({ kind: 'end', language: 'en' })
  expect(piecesOf(await readAll(threads, await requestOf('next.txt', WORDS)))).toHaveLength(1)
})

test('what takes too much memory is ended, and the next file is read', async () => {
  await using threads = openReadingThreads({ threads: 1, memoryMb: 40 })
  const file = await requestOf(
    'large.json',
    JSON.stringify(Array.from({ length: 500_000 }, (_, a) => ({ a, b: `text ${a}` }))),
  )
  await expect(readAll(threads, file)).rejects.toMatchObject({
    code: 'MEMORY',
    message: 'reading the file takes more than 40 MB of memory',
  })
  expect(piecesOf(await readAll(threads, await requestOf('next.txt', 'Words.')))).toHaveLength(1)
})

test('a thread is two batches ahead at most, and its time stands still while nobody reads', async () => {
  await using threads = openReadingThreads({ threads: 1 })
  const file = await requestOf('a.txt', `${WORDS.repeat(12)}\n\n`.repeat(6000), { timeMs: 60_000 })
  let last = 0
  let most = 0
  for await (const reading of threads.read(file, never)) {
    if (reading.kind !== 'pieces') continue
    expect(reading.pieces.length).toBeLessThan(512)
    most = Math.max(most, reading.progress - last)
    last = reading.progress
  }
  expect(last).toBe(1)
  // Of some 20 batches none is more than what was ahead.
  expect(most).toBeLessThan(0.5)
})

test('who stops, and what aborts, ends the work on that file', async () => {
  await using threads = openReadingThreads({ threads: 1 })
  const file = await requestOf('a.txt', `${WORDS}\n\n`.repeat(100_000))
  for await (const reading of threads.read(file, never)) if (reading.kind === 'pieces') break
  const aborting = new AbortController()
  const reason = new Error('enough')
  const waiting = threads.read(file, aborting.signal)
  expect((await waiting[Symbol.asyncIterator]().next()).value).toMatchObject({ kind: 'type' })
  const second = readAll(threads, file, AbortSignal.abort(reason))
  await expect(second).rejects.toBe(reason)
  aborting.abort(reason)
  await expect(readAll(threads, file, aborting.signal)).rejects.toBe(reason)
})

test('files wait for a thread, and one that waits can leave', async () => {
  await using threads = openReadingThreads({ threads: 1 })
  const file = await requestOf('a.txt', `${WORDS}\n\n`.repeat(20_000))
  const first = threads.read(file, never)[Symbol.asyncIterator]()
  await first.next()
  const aborting = new AbortController()
  const leaving = readAll(threads, file, aborting.signal)
  const staying = readAll(threads, await requestOf('next.txt', WORDS))
  aborting.abort(new Error('no more'))
  await expect(leaving).rejects.toThrow('no more')
  await first.return?.()
  expect(piecesOf(await staying)).toHaveLength(1)
})

test('when it is closed, what is read is ended', async () => {
  const threads = openReadingThreads({ threads: 1 })
  const reading = readAll(threads, await requestOf('a.txt', `${WORDS}\n\n`.repeat(200_000)))
  const ended = reading.catch(String)
  await threads[Symbol.asyncDispose]()
  expect(await ended).toBe('Error: the reading threads are closed')
  await expect(readAll(threads, await requestOf('b.txt', WORDS))).rejects.toThrow('the reading threads are closed')
})

test('a change in a large file leaves nearly all pieces as they were', async () => {
  await using threads = openReadingThreads({ threads: 1 })
  const path = join(folder, 'large.txt')
  const stream = createWriteStream(path)
  for (let part = 0; part < 3000; part++)
    stream.write(
      `In ${1000 + part} ${part % 7} ships came, of which ${part % 5} left. ${part % 11 === 0 ? '\n\n' : ''}`,
    )
  stream.end()
  await once(stream, 'finish')
  const file = { ...(await requestOf('x.txt', 'x')), path, name: 'large.txt' }
  const before = new Set(piecesOf(await readAll(threads, file)).map(piece => piece.text))
  const words = await readFile(path, 'utf8')
  await writeFile(path, `${words.slice(0, 40_000)} A new sentence is here. ${words.slice(40_000)}`)
  const after = piecesOf(await readAll(threads, file)).map(piece => piece.text)
  expect(before.size).toBeGreaterThan(100)
  expect(after.filter(piece => !before.has(piece)).length).toBeLessThan(12)
})
