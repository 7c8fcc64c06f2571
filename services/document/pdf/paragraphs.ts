import { tableBlocks } from '../office/table.ts'
import type { Block } from '../parsing/parser.ts'
import { regionsOf } from './columns.ts'
import { findTable } from './find-table.ts'
import { headingLevel } from './headings.ts'
import type { Level, Outline } from './headings.ts'
import { continued, hasLeader, isEntry, lineOf } from './lines.ts'
import type { Line } from './lines.ts'
import { createMarkers, listBlock } from './lists.ts'
import type { PageStyle } from './page-style.ts'
import type { Row } from './rows.ts'

/** The blocks of a page in the order of reading. */
export function pageBlocks(rows: readonly Row[], style: PageStyle, outline: Outline): readonly Block[] {
  const blocks: Block[] = []
  for (const region of regionsOf(rows)) {
    const [first, ...rest] = regionBlocks(region, style, outline)
    const last = blocks.at(-1)
    if (first?.kind === 'text' && last?.kind === 'text' && goesOn(last.text, first.text)) {
      blocks[blocks.length - 1] = { kind: 'text', text: continued(last.text, first.text) }
    } else if (first) blocks.push(first)
    blocks.push(...rest)
  }
  return blocks
}

/** Whether a paragraph goes on at the top of the next column. */
function goesOn(text: string, next: string): boolean {
  return /[\p{L}\d,;-]$/u.test(text) && /^\p{Ll}/u.test(next)
}

function regionBlocks(rows: readonly Row[], style: PageStyle, outline: Outline): readonly Block[] {
  const blocks: Block[] = []
  let lines: Line[] = []
  const endLines = (): void => {
    blocks.push(...lineBlocks(lines, style, outline))
    lines = []
  }
  for (let index = 0; index < rows.length;) {
    const row = rows[index]
    const table = row && mayStartTable(row, style) ? findTable(rows, index) : undefined
    if (table) {
      endLines()
      blocks.push(...tableBlocks(table.cells, table.hasHead))
      index += table.taken
    } else {
      if (row) lines.push(lineOf(row))
      index += 1
    }
  }
  endLines()
  return blocks
}

/** Code has blanks in a row, and tables of contents have dots: neither is a table. */
function mayStartTable({ segments }: Row, style: PageStyle): boolean {
  const isCode = !style.monoBody && segments.every(segment => segment.mono)
  return !isCode && !segments.some(({ text }) => hasLeader(text))
}

type Kind = Level | 'text' | 'code' | 'item'

interface Group {
  readonly kind: Kind
  readonly lines: Line[]
  /** Where the lines of its surroundings end. */
  readonly right: number
}

function lineBlocks(lines: readonly Line[], style: PageStyle, outline: Outline): readonly Block[] {
  const groups: Group[] = []
  const page = measured(lines)
  const isItem = createMarkers()
  for (const [index, line] of lines.entries()) {
    const last = groups.at(-1)
    const kind = kindOf(line, style, outline, isItem)
    const before = lines[index - 1]
    const goesOn = last && before && kind === (last.kind === 'item' ? 'text' : last.kind)
    if (goesOn && !breaks(last, before, line, lines[index + 1], page)) last.lines.push(line)
    else groups.push({ kind, lines: [line], right: page.right })
  }
  return groupBlocks(groups)
}

function kindOf(line: Line, style: PageStyle, outline: Outline, isItem: (text: string) => boolean): Kind {
  if (isEntry(line)) return 'item'
  const level = headingLevel(line, style, outline)
  if (level) return level
  if (line.mono && !style.monoBody) return 'code'
  return isItem(line.text) ? 'item' : 'text'
}

interface Measures {
  readonly left: number
  readonly right: number
  /** The usual distance of two lines. */
  readonly pitch: number
}

function measured(lines: readonly Line[]): Measures {
  const distances = lines.slice(1).map((line, index) => line.y - (lines[index]?.y ?? 0))
  const median = distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0
  return {
    left: Math.min(...lines.map(({ x }) => x)),
    right: Math.max(...lines.map(({ right }) => right)),
    pitch: median,
  }
}

/** Whether a new paragraph starts with this line, though it looks like the one before. */
function breaks(
  group: Group,
  before: Line,
  line: Line,
  next: Line | undefined,
  { left, right, pitch }: Measures,
): boolean {
  const distance = line.y - before.y
  const em = line.size
  if (Math.abs(line.size - before.size) > 0.12 * em || distance < 0) return true
  if (group.kind === 'code') return distance > 3 * em
  const usual = typeof group.kind === 'number' ? 1.3 * em : Math.min(pitch, 2 * em)
  if (distance > Math.max(usual * 1.3, em * 1.15)) return true
  if (typeof group.kind === 'number') return false
  const endedEarly = before.right < right - 0.25 * (right - left) && /[.!?:…]["'”’»)]?$/.test(before.text)
  if (group.kind === 'item') {
    const [first = line] = group.lines
    return isEntry(first) || line.x < first.x - 0.5 * em || (endedEarly && line.x < first.indent - 0.5 * em)
  }
  const isIndented = line.x > before.x + 0.8 * em && next !== undefined && next.x < line.x - 0.8 * em
  const isHanging = line.x < before.x - 0.8 * em && group.lines.length > 1
  return isIndented || isHanging || endedEarly
}

function groupBlocks(groups: readonly Group[]): readonly Block[] {
  const blocks: Block[] = []
  let items: Group[] = []
  const endItems = (): void => {
    if (items.length > 0)
      blocks.push(listBlock(items.map(({ lines }) => ({ x: lines[0]?.x ?? 0, text: joinedText(lines) }))))
    items = []
  }
  for (const group of groups) {
    if (group.kind === 'item') items.push(group)
    else {
      endItems()
      blocks.push(blockOf(group))
    }
  }
  endItems()
  return blocks
}

const MOST_HEADING = 300

function blockOf({ kind, lines, right }: Group): Block {
  if (kind === 'code') return { kind: 'code', text: codeText(lines) }
  const heading = typeof kind === 'number' ? joinedText(lines) : ''
  if (typeof kind !== 'number' || heading.length > MOST_HEADING) return { kind: 'text', text: joinedText(lines, right) }
  return { kind: 'heading', level: kind, text: heading }
}

function joinedText(lines: readonly Line[], right = Infinity): string {
  return lines
    .map(({ text }) => text)
    .reduce((text, next, index) => {
      const [before, line] = [lines[index - 1], lines[index]]
      return before && line && endsByIntent(before, line, right) ? `${text}\n${next}` : continued(text, next)
    })
}

/** Whether the next word had found room on this line: who wrote it wanted a new one, as in addresses and poems. */
function endsByIntent(before: Line, line: Line, right: number): boolean {
  const word = /^\S+/.exec(line.text)?.[0].length ?? 0
  const letter = (line.right - line.x) / Math.max(1, line.text.length)
  if (/[-\u00ad\u2010]$/.test(before.text) || !Number.isFinite(right)) return false
  return right - before.right > (word + 1) * letter + line.size
}

function codeText(lines: readonly Line[]): string {
  const left = Math.min(...lines.map(({ x }) => x))
  const [{ x: start, right, text }] = [lines[0] ?? { x: 0, right: 1, text: ' ' }]
  const width = Math.max(1, (right - start) / Math.max(1, text.length))
  return lines
    .flatMap((line, index) => {
      const indented = ' '.repeat(Math.min(100, Math.max(0, Math.round((line.x - left) / width)))) + line.text
      const gap = index > 0 && line.y - (lines[index - 1]?.y ?? 0) > 1.8 * line.size
      return gap ? ['', indented] : [indented]
    })
    .join('\n')
}
