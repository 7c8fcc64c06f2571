import type { DocumentRecord, JobRecord } from '../knowledge/records.ts'

/** How a document stands, for people. */
export interface Standing {
  readonly kind: 'waiting' | 'working' | 'ready' | 'failed' | 'skipped'
  readonly words: string
  /** 0 to 1; undefined: nobody knows. */
  readonly progress: number | undefined
  /** What to know about it; empty: nothing. */
  readonly note: string
  /** What to do about it; empty: nothing. */
  readonly advice: string
}

/** How far a document is, and what to do where it went wrong. */
export function standingOf(job: JobRecord | undefined): Standing {
  const { state = 'pending', progress = 0, code = '', message = '', withoutVectors = false } = job ?? {}
  const none = { progress: undefined, note: toSentence(message), advice: '' }
  switch (state) {
    case 'ready':
      return { ...none, kind: 'ready', words: withoutVectors ? 'Ready, found by words only' : 'Ready' }
    case 'parsing':
      return { ...none, kind: 'working', words: `Reading ${percent(progress)}`, progress }
    case 'embedding':
      return { ...none, kind: 'working', words: `Indexing ${percent(progress)}`, progress }
    case 'failed':
      return { ...none, kind: 'failed', words: 'Failed', advice: adviceFor(code) }
    case 'skipped':
      return { ...none, kind: 'skipped', words: 'Skipped', advice: adviceFor(code) }
    default:
      return { ...none, kind: 'waiting', words: 'Waiting' }
  }
}

/** A message of the server, which is none, as a sentence. */
export function toSentence(message: string): string {
  if (message === '') return ''
  const words = message.replaceAll(/\b\d{5,15} bytes\b/g, size => bytesInWords(Number.parseInt(size, 10)))
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?…]$/.test(words) ? '' : '.'}`
}

function percent(progress: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, progress)) * 100)} %`
}

const SPLIT = 'Split it into parts and send these.'
const ADVICE: Readonly<Record<string, string>> = {
  ENCRYPTED: 'Remove its password and send it again.',
  BROKEN: 'Open it in the program that made it, save it anew, and send that.',
  ZIP_BOMB: 'It unpacks to far more than it seems: send what is in it as single files.',
  TOO_MANY_PAGES: SPLIT,
  TOO_LONG: SPLIT,
  EMPTY: 'There is nothing in it: look whether it was saved.',
  BINARY: 'It is no text, whatever its name says.',
  UNSUPPORTED: 'Save it as PDF, Word, PowerPoint, Excel, HTML, Markdown, text, CSV or JSON, and send that.',
  NO_TEXT: 'It seems to be scanned: have its text recognised (OCR), and send that.',
  FETCH: 'Look whether the address opens in your browser, then try again.',
  TIMEOUT: 'It took too long to read. Split it, or try again later.',
  MEMORY: SPLIT,
}

function adviceFor(code: string): string {
  return (Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined) ?? ''
}

const KINDS: Readonly<Record<string, string>> = {
  pdf: 'PDF',
  docx: 'Word',
  pptx: 'PowerPoint',
  xlsx: 'Excel',
  html: 'HTML',
  markdown: 'Markdown',
  text: 'Text',
  csv: 'CSV',
  json: 'JSON',
}
/** Types of documents with their names. */
export const TYPES = Object.entries(KINDS)

/** `PDF, 12 pages, 340 KB`. */
export function factsOf({ type, pages, sizeBytes, language }: DocumentRecord): string {
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : ''
  const unit = { pptx: 'slide', xlsx: 'sheet' }[type] ?? 'page'
  return [kind, pages > 0 && countOf(pages, unit), bytesInWords(sizeBytes), language !== '' && language.toUpperCase()]
    .filter(Boolean)
    .join(' · ')
}

/** `1 piece`, `12 pieces`. */
export function countOf(count: number, unit: string): string {
  return `${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`
}

/** A size as people read it. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} KB`
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`
}
