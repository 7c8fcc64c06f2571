import { placeInLines, placeInProse } from '../chunking/places.ts'

/** The most characters of one paragraph: a longer one is cut where it may be. */
const MOST = 2 ** 16

/** The parts of a text between blank lines, as it comes. */
export function* readParagraphs(text: Iterable<string>): Generator<string> {
  let held = ''
  /** Up to here there is no blank line in it. */
  let looked = 0
  for (const piece of text) {
    held += piece
    let from = 0
    for (;;) {
      const at = blankLine(held, Math.max(from, looked))
      const end = at?.end ?? held.length
      while (end - from > MOST) {
        const cut = placeIn(held, from)
        yield* full(held.slice(from, cut.end))
        from = cut.next
      }
      if (!at) break
      yield* full(held.slice(from, end))
      from = at.next
      looked = from
    }
    const rest = held.slice(from)
    const kept = rest.trimEnd()
    held = kept === '' ? '' : kept + shortSpace(rest.slice(kept.length))
    looked = Math.max(0, kept.length - 1)
  }
  yield* full(held)
}

/** Without blank lines at its beginning; nothing, where nothing is in it. */
function* full(paragraph: string): Generator<string> {
  const text = paragraph.replace(/^\s*\n/, '')
  if (text.trim() !== '') yield text
}

/** White space that may go on, not longer than it has to be. */
function shortSpace(space: string): string {
  if (space.length < 1024) return space
  const line = space.indexOf('\n')
  return line < 0
    ? ' '
    : `\n${space.includes('\n', line + 1) ? '\n' : ''}${space.slice(space.lastIndexOf('\n') + 1).slice(0, 512)}`
}

/** The next blank line: what is before it ends at `end`, what is after it begins at `next`. Undefined: none is whole yet. */
function blankLine(text: string, from: number): { end: number; next: number } | undefined {
  for (let at = text.indexOf('\n', from); at >= 0; at = text.indexOf('\n', at + 1)) {
    let next = at + 1
    let lines = 0
    let line = next
    for (;;) {
      const code = text.charCodeAt(next)
      if (code === 10) {
        lines++
        line = next + 1
      } else if (code !== 32 && code !== 9 && code !== 12) break
      next++
    }
    if (lines > 0 && next < text.length) return { end: at, next: line }
    at = next - 1
  }
  return undefined
}

function placeIn(text: string, from: number): { end: number; next: number } {
  const [least, most] = [from + (MOST >> 1), from + MOST]
  return placeInLines(text, least, most) ?? placeInProse(text, most - 4096, most)
}
