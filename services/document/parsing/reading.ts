import { closeSync, fstatSync, openSync } from 'node:fs'
import { Chunker } from '../chunking/chunker.ts'
import { detect } from './detect.ts'
import { LanguageFinder } from './language.ts'
import { ParseFailure } from './parser.ts'
import type { Block, Parser, ParserInput, Piece, Reading, ReadingRequest } from './parser.ts'

const BATCH_PIECES = 128
const BATCH_CHARACTERS = 2 ** 17
const BATCH_MS = 1000
const MOST_OF_TITLE = 300
const MOST_NOTICES = 20

/** Reads a file here and now: what it is, its pieces, what was found out. Throws {@link ParseFailure}. */
export async function* readFile(request: ReadingRequest): AsyncGenerator<Reading, void> {
  const { sizeBytes, type, encoding, notices } = look(request)
  yield { kind: 'type', type, encoding }
  // Progress is the parser's to tell; batches carry it.
  const told = { progress: 0, title: '', heading: '', pages: 0, notices: new Set(notices) }
  const parser = ((await import(`../parsers/${type}.ts`)) as { default: Parser }).default
  const chunker = new Chunker({ ...request.chunking, breakAtPages: type === 'pptx' || type === 'xlsx' })
  const language = new LanguageFinder()
  const blocks = cleaned(parser.parse(toInput(request, { sizeBytes, encoding, told })), told)
  for await (const pieces of inBatches(cut(blocks, chunker, request.limits.characters))) {
    for (const piece of pieces) language.show(piece)
    yield { kind: 'pieces', pieces, progress: told.progress }
  }
  if (chunker.isEmpty) throw nothingFound(encoding !== '')
  yield {
    kind: 'end',
    title: cutTitle(told.title) || cutTitle(told.heading),
    language: await language.find(),
    pages: told.pages,
    characters: chunker.characters,
    notices: [...told.notices].slice(0, MOST_NOTICES),
  }
}

function look(request: ReadingRequest) {
  const file = openSync(request.path, 'r')
  try {
    const sizeBytes = fstatSync(file).size
    return { sizeBytes, ...detect(file, sizeBytes, request) }
  } finally {
    closeSync(file)
  }
}

interface Told {
  progress: number
  title: string
  heading: string
  pages: number
  readonly notices: Set<string>
}

function toInput(
  { path, name, limits }: ReadingRequest,
  { sizeBytes, encoding, told }: { sizeBytes: number; encoding: string; told: Told },
): ParserInput {
  return {
    path,
    name,
    limits,
    sizeBytes,
    encoding,
    progress: fraction => void (told.progress = Math.max(told.progress, Math.min(1, fraction))),
    title: text => void (told.title ||= text),
    pages: count => void (told.pages = count),
    notice: text => void (told.notices.size < MOST_NOTICES && told.notices.add(text)),
  }
}

/** Blocks as they can be kept: no zero characters (PostgreSQL refuses them), no halves of characters, nothing empty. */
async function* cleaned(blocks: AsyncIterable<Block>, told: Told): AsyncGenerator<Block> {
  for await (const block of readable(blocks)) {
    if (block.kind === 'page') {
      yield block
      continue
    }
    const text = cleanText(block.text)
    if (text === '') continue
    if (block.kind === 'heading') told.heading ||= text
    yield block.kind === 'table' && block.head !== undefined
      ? { ...block, text, head: cleanText(block.head) }
      : { ...block, text }
  }
}

/** What a library throws at a file that it does not understand is the file's fault here. */
async function* readable(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
  try {
    yield* blocks
  } catch (error) {
    if (error instanceof ParseFailure) throw error
    const reason = error instanceof RangeError ? 'it is nested too deep' : String(error).slice(0, 200)
    throw new ParseFailure('BROKEN', `the file cannot be read: ${reason}`)
  }
}

function cleanText(text: string): string {
  const whole = (text.includes('\0') ? text.replaceAll('\0', '') : text).toWellFormed()
  return whole.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd()
}

async function* cut(blocks: AsyncIterable<Block>, chunker: Chunker, limit: number): AsyncGenerator<readonly Piece[]> {
  for await (const block of blocks) {
    const pieces = chunker.add(block)
    if (chunker.characters > limit)
      throw new ParseFailure('TOO_LONG', `the text is longer than ${limit} characters: expected at most as many`)
    if (pieces.length > 0) yield pieces
  }
  yield chunker.end()
}

async function* inBatches(all: AsyncIterable<readonly Piece[]>): AsyncGenerator<readonly Piece[]> {
  let batch: Piece[] = []
  let characters = 0
  let began = performance.now()
  for await (const pieces of all) {
    for (const piece of pieces) {
      batch.push(piece)
      characters += piece.text.length
    }
    if (batch.length === 0) continue
    if (batch.length < BATCH_PIECES && characters < BATCH_CHARACTERS && performance.now() - began < BATCH_MS) continue
    yield batch
    batch = []
    characters = 0
    began = performance.now()
  }
  if (batch.length > 0) yield batch
}

function cutTitle(text: string): string {
  const line = text.replaceAll('\0', '').replace(/\s+/g, ' ').trim()
  return (line.length > MOST_OF_TITLE ? line.slice(0, MOST_OF_TITLE) : line).toWellFormed()
}

function nothingFound(isText: boolean): ParseFailure {
  return isText
    ? new ParseFailure('EMPTY', 'the file has no text but white space and markup')
    : new ParseFailure('NO_TEXT', 'no text was found in the file')
}
