import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { pdfOf } from '#services/document/pdf/pdf-files.suite.ts'

const WORDS =
  'the of and a to in is was for on with as by at from it river stone bridge water winter morning letter garden window silver paper road night city people house work small long great again never always under ship harbour captain rope light storm'.split(
    ' ',
  )
const MB = 1_000_000

/** Text of chapters, paragraphs and sentences, the same for the same seed. */
export function* chapters(seed: number): Generator<string, never> {
  let state = seed >>> 0
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const sentence = () => {
    const words = Array.from({ length: 6 + next(14) }, () => WORDS[next(WORDS.length)] ?? '')
    const text = words.join(' ')
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
  }
  for (let chapter = 1; ; chapter++) {
    yield `Chapter ${chapter}\n\n`
    for (let left = 8 + next(12); left > 0; left--)
      yield `${Array.from({ length: 2 + next(5) }, sentence).join(' ')}\n\n`
  }
}

/** Writes a text of so many MB. */
export function writeText(path: string, megabytes: number, seed: number): void {
  const file = openSync(path, 'w')
  let left = megabytes * MB
  let held = ''
  for (const part of chapters(seed)) {
    held += part
    if (held.length < MB && held.length < left) continue
    left -= writeSync(file, held.slice(0, left))
    held = ''
    if (left <= 0) break
  }
  closeSync(file)
}

/** Writes a PDF of so many pages of forty lines. */
export function writePdf(path: string, pages: number, seed: number): void {
  const text = chapters(seed)
  const lines: string[] = []
  while (lines.length < pages * 40) {
    const words = text.next().value.trim()
    lines.push(...(words.match(/.{1,80}(?:\s|$)/g) ?? []), '')
  }
  writeFileSync(path, pdfOf(Array.from({ length: pages }, (_, page) => lines.slice(page * 40, page * 40 + 40))))
}
