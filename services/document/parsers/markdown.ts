import { toBlocks } from '../parsing/markdown-blocks.ts'
import { readParts } from '../parsing/markdown-parts.ts'
import type { MarkdownPart } from '../parsing/markdown-parts.ts'
import { plain, toRoughBlocks } from '../parsing/markdown-rough.ts'
import type { Block, Parser, ParserInput } from '../parsing/parser.ts'
import { readText } from '../parsing/text-stream.ts'

/** A parser that knows all of Markdown reads some 200 KB/s: of large files it reads so much, and the rest is read by the look of its lines. */
const MOST_IN_FULL = 2 ** 18
/** Its time may grow with the square of a part's length. */
const MOST_OF_PART = 2 ** 13
/** What none of these is in is a paragraph of words. */
const MARKS = /[\\`*_{}[\]<>|~&@#]|https?:|www\.|^[ \t]*(?:[-+=:]|\d{1,9}[.)])|^(?: {4}|\t)| {2}$/m
/** A list without marks in it is what it looks like. */
const PLAIN_LIST =
  /^ {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+[^\\`*_{}[\]<>!|~&@#\n]+(?:\n[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+[^\\`*_{}[\]<>!|~&@#\n]+)*\n*$/
const NESTED = /^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])){16}/m
const FRONT = /^(---|\+\+\+)\n([\s\S]{0,60000}?)\n(?:\1|\.\.\.)[ \t]*(?:\n|$)/

/** Markdown with tables and footnotes of GitHub: headings, paragraphs, lists, tables, code. Front matter is left out, but for the title in it. */
const parser: Parser = {
  type: 'markdown',
  async *parse(input) {
    const read = await openReader()
    let left = MOST_IN_FULL
    for (const part of readParts(withoutFront(input))) {
      if (part.kind === 'other' && MARKS.test(part.text)) {
        const inFull =
          left > 0 && !PLAIN_LIST.test(part.text) && part.text.length <= MOST_OF_PART && !NESTED.test(part.text)
        if (inFull) left -= part.text.length
        yield* (inFull ? read(part.text) : undefined) ?? toRoughBlocks(part.text)
      } else yield* simple(part, read)
    }
  },
}
export default parser

function* simple({ kind, text }: MarkdownPart, read: Read): Generator<Block> {
  if (kind === 'code') yield { kind, text }
  else if (kind === 'other') yield { kind: 'text', text: text.trim().replace(/\n[ \t]+/g, '\n') }
  else {
    const words = text
      .trim()
      .replace(/^#{1,6}/, '')
      .replace(/[ \t]#+$/, '')
      .trim()
    const level = Math.min(6, text.trim().search(/[^#]|$/)) as 1
    const blocks = MARKS.test(words) && words.length < 500 ? read(text.trim()) : undefined
    yield* blocks ?? [{ kind: 'heading', level, text: plain(words) }]
  }
}

/** Reads a part in full; undefined: it cannot. */
type Read = (text: string) => readonly Block[] | undefined

async function openReader(): Promise<Read> {
  const [{ fromMarkdown }, { gfm }, { gfmFromMarkdown }] = await Promise.all([
    import('mdast-util-from-markdown'),
    import('micromark-extension-gfm'),
    import('mdast-util-gfm'),
  ])
  const options = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }
  return text => {
    try {
      return toBlocks(fromMarkdown(text, options))
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }
}

function* withoutFront(input: ParserInput): Generator<string> {
  let isFirst = true
  for (const text of readText(input)) {
    if (!isFirst) yield text
    else {
      const front = FRONT.exec(text)
      const title = /^title\s*[:=]\s*(.+)$/m.exec(front?.[2] ?? '')?.[1]?.trim()
      if (title !== undefined) input.title(title.replace(/^(["'])(.*)\1$/, '$2'))
      yield text.slice(front?.[0].length ?? 0)
    }
    isFirst = false
  }
}
