import type { Line } from './lines.ts'
import type { PageStyle } from './page-style.ts'

export type Level = 1 | 2 | 3 | 4 | 5 | 6

/** Level by title, of what the file's own table of contents names. */
export type Outline = ReadonlyMap<string, Level>

const MOST_LETTERS = 200
const MOST_BOLD_LETTERS = 120

/** The level of a heading, if the line looks like one: by the file's outline, by its size, or because all of it is bold. */
export function headingLevel(line: Line, { bodySize, boldBody }: PageStyle, outline: Outline): Level | undefined {
  if (line.text.length > MOST_LETTERS || !/\p{L}/u.test(line.text)) return undefined
  const ratio = line.size / Math.max(1, bodySize)
  const named = outline.get(titleKey(line.text))
  if (named && (ratio >= 1.05 || line.bold)) return named
  if (ratio >= 1.7) return 1
  if (ratio >= 1.35) return 2
  if (ratio >= 1.14) return 3
  if (!line.bold || boldBody || ratio < 0.95 || line.text.length > MOST_BOLD_LETTERS || /[.,;]$/.test(line.text))
    return undefined
  return /^\d+\.\d/.test(line.text) ? 5 : 4
}

/** A title without its blanks, its case and the dots that lead to a number of a page. */
export function titleKey(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/[\s.]+/g, '')
    .toLowerCase()
}
