import { readParagraphs } from '../parsing/paragraphs.ts'
import type { Block, Parser } from '../parsing/parser.ts'
import { readText } from '../parsing/text-stream.ts'

const MOST_OF_HEADING = 80
const CHAPTER =
  /^(?:chapter|part|section|appendix|annex|kapitel|teil|abschnitt|anhang|chapitre|partie|capítulo|parte|capitolo)\s+(?:\d{1,3}|[IVXLC]{1,7}|[A-Z])\b[^.!?]*$/i
const NUMBERED = /^(\d{1,2}(?:\.\d{1,2}){1,4})\.?\s+\p{Lu}[^\n]*[^.!?:;,\n]$/u
const UNDERLINED = /^([^\n]{1,80})\n(={3,}|-{3,}|~{3,})$/
const ITEM = /^\s*(?:[-*•–]|\d{1,3}[.)])\s+\S/

/** Plain text: paragraphs between blank lines; headings where a line is underlined, numbered like `2.1 Title`, or begins with a word like "Chapter 3". */
const parser: Parser = {
  type: 'text',
  async *parse(input) {
    for (const paragraph of readParagraphs(readText(input))) yield* toBlocks(paragraph)
  },
}
export default parser

function* toBlocks(paragraph: string): Generator<Block> {
  if (paragraph.length > 2000) return yield { kind: 'text', text: paragraph }
  const text = paragraph.trim()
  const lineEnd = text.indexOf('\n')
  const first = lineEnd < 0 ? text : text.slice(0, lineEnd)
  const rest = lineEnd < 0 ? '' : text.slice(lineEnd + 1)
  const second = rest.split('\n', 1)[0] ?? ''
  const underlined = UNDERLINED.exec(`${first}\n${second}`)
  if (underlined) {
    yield { kind: 'heading', level: underlined[2]?.startsWith('=') ? 1 : 2, text: first.trim() }
    const body = rest.slice(second.length + 1)
    if (body.trim() !== '') yield { kind: 'text', text: body }
    return
  }
  if (rest === '' && first.length <= MOST_OF_HEADING) {
    const level = CHAPTER.test(first) ? 1 : (NUMBERED.exec(first)?.[1]?.split('.').length ?? 0)
    if (level > 0) return yield { kind: 'heading', level: Math.min(6, level) as 1, text: first }
  }
  const isList = ITEM.test(first) && rest !== '' && rest.split('\n').every(line => ITEM.test(line) || /^\s/.test(line))
  yield { kind: isList ? 'list' : 'text', text: paragraph }
}
