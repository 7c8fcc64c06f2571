import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Block, Parser, ParserLimits } from '../parsing/parser.ts'

/** What came of reading a file. */
export interface Parsed {
  readonly blocks: readonly Block[]
  readonly title: string
  readonly pages: number
  readonly notices: readonly string[]
  readonly progress: readonly number[]
}

export const LIMITS: ParserLimits = { pages: 2000, unpackedBytes: 50_000_000, characters: 1_000_000 }

/** Reads bytes as a file by one parser, without threads. */
export async function parseBytes(
  parser: Parser,
  bytes: Uint8Array,
  limits: Partial<ParserLimits> = {},
): Promise<Parsed> {
  const folder = await mkdtemp(join(tmpdir(), 'parse-'))
  const path = join(folder, 'file')
  const told = { title: '', pages: 0 }
  const notices: string[] = []
  const progress: number[] = []
  const blocks: Block[] = []
  try {
    await writeFile(path, bytes)
    const reading = parser.parse({
      path,
      sizeBytes: bytes.length,
      name: `file.${parser.type}`,
      encoding: 'utf-8',
      limits: { ...LIMITS, ...limits },
      progress: fraction => progress.push(fraction),
      title: text => (told.title = text),
      pages: count => (told.pages = count),
      notice: text => notices.push(text),
    })
    for await (const block of reading) blocks.push(block)
  } finally {
    await rm(folder, { recursive: true })
  }
  return { blocks, ...told, notices, progress }
}
