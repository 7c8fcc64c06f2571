import type { LogLevel } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import type { ConsoleLine } from '#graph/view.ts'
import { mediaOf, textInWords } from '../media/media.ts'

/** What the console shows of its lines. */
export interface Filter {
  readonly level: LogLevel | 'all'
  readonly text: string
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Lines at or above a level whose node, text or value holds the words. */
export function filterLines(lines: readonly ConsoleLine[], { level, text }: Filter): readonly ConsoleLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (level === 'all' && words.length === 0) return lines
  return lines.filter(line => {
    if (level !== 'all' && RANK[line.level] < RANK[level]) return false
    if (words.length === 0) return true
    const where =
      `${line.node} ${line.text} ${line.value === undefined ? '' : JSON.stringify(line.value)}`.toLowerCase()
    return words.every(word => where.includes(word))
  })
}

/** A line as it is shown: a picture or a sound at its end apart from its words. */
export function shownOf({ text, value }: ConsoleLine): { readonly words: string; readonly value: Json | undefined } {
  const at = /(?:^|: )(data:(?:image|audio)\/\S+)$/.exec(text)
  const url = at?.[1]
  if (value === undefined && url !== undefined && mediaOf(url))
    return { words: text.slice(0, text.length - url.length), value: url }
  return { words: textInWords(text), value }
}

/** A line as it is copied. */
export function formatLine(line: ConsoleLine, startedAt: number): string {
  const value = line.value === undefined ? '' : ` ${JSON.stringify(line.value)}`
  return `${((line.at - startedAt) / 1000).toFixed(3)} ${line.level.padEnd(5)} ${line.node || 'run'} ${line.text}${value}`
}
