/** A part of a Markdown file that can be read without what is around it. */
export interface MarkdownPart {
  readonly kind: 'heading' | 'code' | 'other'
  /** Of a heading its line, of code what is between the fences. */
  readonly text: string
}

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/
const MOST_OF_CODE = 2 ** 15
const MOST_OF_PART = 2 ** 13 - 2 ** 9
const MOST_OF_LINE = 2 ** 15

/** Cuts Markdown at headings, fences and blank lines, as it comes. */
export function* readParts(text: Iterable<string>): Generator<MarkdownPart> {
  const cutter = new Cutter()
  for (const line of readLines(text)) yield* cutter.add(line)
  yield* cutter.end()
}

class Cutter {
  #lines: string[] = []
  #length = 0
  #fence: string | undefined
  #isAfterBlank = true
  #isList = false
  #inComment = false

  #keep(line: string): void {
    this.#lines.push(line)
    this.#length += line.length + 1
  }

  *add(line: string): Generator<MarkdownPart> {
    if (this.#fence !== undefined) {
      yield* this.#addCode(line)
      return
    }
    if (this.#inComment) {
      this.#keep(line)
      this.#inComment = !line.includes('-->')
      if (this.#length > MOST_OF_PART) yield* this.end()
      return
    }
    if (line.trim() === '') {
      this.#isAfterBlank = true
      if (this.#lines.length > 0) this.#keep('')
      return
    }
    const fence = FENCE.exec(line)
    const inList = this.#isList && /^\s/.test(line)
    if (fence && !inList) {
      yield* this.end()
      this.#fence = fence[1]
      return
    }
    if (HEADING.test(line) && !inList) {
      yield* this.end()
      yield { kind: 'heading', text: line }
      return
    }
    const begins = this.#isAfterBlank && !/^(?: {4}|\t)/.test(line) && !(this.#isList && (ITEM.test(line) || inList))
    if (begins || this.#length > MOST_OF_PART) yield* this.end()
    if (this.#lines.length === 0) this.#isList = ITEM.test(line)
    this.#isAfterBlank = false
    this.#inComment = line.lastIndexOf('<!--') > line.lastIndexOf('-->')
    this.#keep(line)
  }

  *end(): Generator<MarkdownPart> {
    const text = this.#lines.splice(0).join('\n')
    this.#length = 0
    this.#isList = false
    this.#isAfterBlank = true
    const kind = this.#fence === undefined ? 'other' : 'code'
    this.#fence = undefined
    if (text.trim() !== '') yield { kind, text }
  }

  *#addCode(line: string): Generator<MarkdownPart> {
    const fence = this.#fence ?? ''
    const mark = line.trim()
    if (mark.length >= fence.length && mark === (fence[0] ?? '').repeat(mark.length) && /^ {0,3}\S/.test(line))
      return yield* this.end()
    this.#keep(line)
    if (this.#length <= MOST_OF_CODE) return
    yield* this.end()
    this.#fence = fence
  }
}

/** Lines; what is longer than a line can be, in parts. */
function* readLines(all: Iterable<string>): Generator<string> {
  let held = ''
  for (const piece of all) {
    const lines = (held + piece).split('\n')
    held = lines.pop() ?? ''
    yield* lines
    while (held.length > MOST_OF_LINE) {
      const space = held.lastIndexOf(' ', MOST_OF_LINE)
      const end = space > MOST_OF_LINE / 2 ? space : MOST_OF_LINE
      yield held.slice(0, end)
      held = held.slice(end)
    }
  }
  if (held !== '') yield held
}
