import { toBlocks } from '../parsing/json-lines.ts'
import type { Block, Parser, ParserInput } from '../parsing/parser.ts'
import { readText } from '../parsing/text-stream.ts'
import text from './text.ts'

/** More is not parsed as one value. */
const MOST_OF_VALUE = 16 * 2 ** 20
/** Nor is what has more brackets: objects take much more memory than their text. */
const MOST_BRACKETS = 1_000_000
const MOST_OF_START = 2 ** 17
const MOST_OF_LINE = 2 ** 16

/** JSON as lines that can be read, and lines of JSON. What is neither is read as text, and told. */
const parser: Parser = {
  type: 'json',
  async *parse(input) {
    if (isLines(input)) {
      yield* ofLines(input)
      return
    }
    const found = input.sizeBytes > MOST_OF_VALUE ? { why: 'it is larger than 16 MB and not in lines' } : parse(input)
    if ('value' in found) yield* toBlocks(found.value)
    else {
      input.notice(`the file is read as text, not as JSON: ${found.why}`)
      yield* text.parse(input)
    }
  },
}
export default parser

/** Whether its first line is a value, and so are most of those that follow. */
function isLines(input: ParserInput): boolean {
  const [start = ''] = readText({ ...input, progress: () => {} })
  const lines = start.slice(0, MOST_OF_START).split('\n')
  if (lines.length > 2) lines.pop()
  const [first, ...rest] = lines
    .filter(line => line.trim() !== '')
    .slice(0, 20)
    .map(isValue)
  return first === true && rest.length > 0 && rest.filter(Boolean).length * 2 >= rest.length
}

function isValue(line: string): boolean {
  return /^\s*[{[]/.test(line) && 'value' in valueOf(line)
}

function parse(input: ParserInput): { value: unknown } | { why: string } {
  const all = [...readText(input)].join('')
  let brackets = 0
  for (let at = 0; at < all.length; at++) {
    const code = all.charCodeAt(at)
    if (code === 0x7b || code === 0x5b) brackets++
  }
  return brackets > MOST_BRACKETS ? { why: `it has more than ${MOST_BRACKETS} objects` } : valueOf(all)
}

function valueOf(json: string): { value: unknown } | { why: string } {
  try {
    return { value: JSON.parse(json) as unknown }
  } catch (error) {
    return { why: (error instanceof Error ? error.message : String(error)).slice(0, 200) }
  }
}

function* ofLines(input: ParserInput): Generator<Block> {
  let odd = 0
  for (const line of readLines(readText(input))) {
    const found = line.length > MOST_OF_VALUE ? { why: 'too long' } : valueOf(line)
    if ('value' in found) yield* toBlocks([found.value])
    else {
      odd++
      yield { kind: 'text', text: line }
    }
  }
  if (odd > 0) input.notice(`${odd} lines are not JSON: they are read as text`)
}

function* readLines(all: Iterable<string>): Generator<string> {
  let held = ''
  for (const piece of all) {
    const lines = piece.split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) {
      const whole = held + line
      held = ''
      if (whole.trim() !== '') yield whole
    }
    held += last
    // Nothing that is read has to be longer.
    while (held.length > MOST_OF_VALUE) {
      yield held.slice(0, MOST_OF_LINE)
      held = held.slice(MOST_OF_LINE)
    }
  }
  if (held.trim() !== '') yield held
}
