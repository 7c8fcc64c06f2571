import { closeSync, openSync, readSync } from 'node:fs'
import type { ParserInput } from './parser.ts'

const READ_BYTES = 2 ** 17

/** The text of a file as it is read: decoded, every end of a line as one line feed, the byte order mark left out. Tells how far it is. */
export function* readText(input: Pick<ParserInput, 'path' | 'sizeBytes' | 'encoding' | 'progress'>): Generator<string> {
  const file = openSync(input.path, 'r')
  try {
    const decoder = new TextDecoder(input.encoding)
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    let held = ''
    let done = 0
    for (;;) {
      const length = readSync(file, buffer, 0, READ_BYTES, done)
      done += length
      const text = held + decoder.decode(buffer.subarray(0, length), { stream: length > 0 })
      // A line feed may follow in the next piece.
      held = length > 0 && text.endsWith('\r') ? '\r' : ''
      const ready = toLineFeeds(held === '' ? text : text.slice(0, -1))
      if (ready !== '') yield ready
      if (length === 0) return
      input.progress(input.sizeBytes === 0 ? 1 : Math.min(1, done / input.sizeBytes))
    }
  } finally {
    closeSync(file)
  }
}

function toLineFeeds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}
