import { isUtf8 } from 'node:buffer'
import { readSync } from 'node:fs'
import chardet from 'chardet'

const SCAN_BYTES = 2 ** 18
const SAMPLE_BYTES = 2 ** 16
/** More control characters than this part of all: it is no text. */
const MOST_CONTROLS = 0.02

/** How a text is written. `undefined`: it is no text. */
export interface Encoding {
  /** A label of the Encoding Standard. */
  readonly label: string
  readonly notice?: string
}

/** Finds how a text file is written: by its byte order mark, as UTF-8 where it is that, as `declared` (a charset that somebody told), by what its bytes look like. */
export function findEncoding(file: number, sizeBytes: number, declared: string | undefined): Encoding | undefined {
  const head = readAt(file, 0, Math.min(SAMPLE_BYTES, sizeBytes))
  const marked = byMark(head)
  if (marked !== undefined) return looksLikeText(decode(head, marked)) ? { label: marked } : undefined
  const wide = byZeros(head)
  if (wide !== undefined) return looksLikeText(decode(head, wide)) ? { label: wide } : undefined
  const parts = [0.5, 1].map(part => readAt(file, Math.floor((sizeBytes - head.length) * part), head.length))
  if ([head, ...parts].some(part => !hasFewControls(part))) return undefined
  const odd = firstOdd(file, sizeBytes)
  const sevenBit = head.includes('\x1b$') || head.includes('\x1b(J')
  if (odd < 0) return { label: sevenBit ? 'iso-2022-jp' : 'utf-8' }
  const sample = readAt(file, Math.max(0, odd - SCAN_BYTES / 16), SAMPLE_BYTES)
  return byLook(sample, declared)
}

/** The charset that a media type or the head of an HTML file tells. */
export function declaredEncoding(mediaType: string, head: Uint8Array): string | undefined {
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 4096)).toString('latin1')
  const told =
    /charset\s*=\s*["']?([\w.:-]+)/i.exec(mediaType)?.[1] ??
    /<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]+)/i.exec(start)?.[1]
  return told === undefined ? undefined : labelOf(told)
}

/** Whether the start of a file would pass for a text of one byte a letter. */
export function hasFewControls(bytes: Uint8Array): boolean {
  let controls = 0
  for (const byte of bytes) if ((byte < 32 && !(byte >= 9 && byte <= 13) && byte !== 27) || byte === 127) controls++
  return controls <= bytes.length * MOST_CONTROLS
}

function byMark(head: Buffer): string | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8'
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  return undefined
}

/** UTF-16 without a mark: Latin letters leave every other byte zero. */
function byZeros(head: Buffer): string | undefined {
  const zeros = [0, 0]
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros.map(count => count / Math.max(1, head.length / 2))
  if (odd > 0.3 && even < 0.05) return 'utf-16le'
  return even > 0.3 && odd < 0.05 ? 'utf-16be' : undefined
}

/** Where the first piece begins that is not UTF-8; -1: all is. */
function firstOdd(file: number, sizeBytes: number): number {
  for (let at = 0; at < sizeBytes;) {
    const bytes = readAt(file, at, SCAN_BYTES)
    if (bytes.length === 0) return -1
    const whole = at + bytes.length >= sizeBytes ? bytes : bytes.subarray(0, lastWhole(bytes))
    if (!isUtf8(whole)) return at + oddWithin(whole)
    at += whole.length
  }
  return -1
}

function oddWithin(bytes: Buffer): number {
  let [low, high] = [0, bytes.length]
  while (high - low > 4096) {
    const middle = (low + high) >> 1
    const whole = low + lastWhole(bytes.subarray(low, middle))
    if (isUtf8(bytes.subarray(low, whole))) low = whole
    else high = middle
  }
  return low
}

/** Up to where no character is cut. */
function lastWhole(bytes: Buffer): number {
  for (let back = 1; back <= 4 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return bytes.length - back + 1
    if (byte >= 0xc0) {
      const takes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return takes <= back ? bytes.length - back + takes : bytes.length - back
    }
  }
  return bytes.length
}

function byLook(sample: Buffer, declared: string | undefined): Encoding | undefined {
  if (declared !== undefined && declared !== 'utf-8' && !declared.startsWith('utf-16')) return { label: declared }
  const text = decode(sample, 'utf-8')
  const bad = countOf(text, c => c === 0xfffd)
  const good = countOf(text, c => c > 127 && c !== 0xfffd)
  if (bad * 10 <= good)
    return { label: 'utf-8', notice: 'some bytes are not UTF-8 and are shown as the replacement character' }
  const found = chardet.analyse(sample).flatMap(({ name, confidence }) => {
    const label = labelOf(name)
    if (label === undefined || label.startsWith('utf-')) return []
    const decoded = decode(sample, label)
    return looksLikeText(decoded) ? [{ label, score: confidence / 100 + plausibility(decoded) }] : []
  })
  return { label: found.toSorted((a, b) => b.score - a.score)[0]?.label ?? 'windows-1252' }
}

/** How much of what is not ASCII looks like what people write: 0 to 1. Capitals within words, half-width kana and signs are rare. */
function plausibility(text: string): number {
  const foreign = text.match(/[^\0-\x7f]/gu)?.length ?? 0
  const odd = text.match(/\p{Ll}(?=\p{Lu})|[\uff61-\uff9f]|[^\p{L}\p{M}\p{P}\p{Z}\0-\x7f]/gu)?.length ?? 0
  return foreign === 0 ? 1 : Math.max(0, 1 - odd / foreign)
}

function looksLikeText(text: string): boolean {
  const bad = countOf(
    text,
    c => c === 0xfffd || (c < 32 && !(c >= 9 && c <= 13) && c !== 27) || (c >= 0x7f && c < 0xa0),
  )
  return bad <= text.length * MOST_CONTROLS
}

function countOf(text: string, counts: (code: number) => boolean): number {
  let count = 0
  for (let at = 0; at < text.length; at++) if (counts(text.charCodeAt(at))) count++
  return count
}

function labelOf(name: string): string | undefined {
  try {
    return new TextDecoder(name).encoding
  } catch {
    return undefined
  }
}

function decode(bytes: Uint8Array, label: string): string {
  return new TextDecoder(label).decode(bytes, { stream: true })
}

function readAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  return bytes.subarray(0, readSync(file, bytes, 0, length, at))
}
