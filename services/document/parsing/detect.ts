import { readSync } from 'node:fs'
import { extname } from 'node:path'
import { declaredEncoding, findEncoding } from './encoding.ts'
import { ParseFailure } from './parser.ts'
import type { DocumentType } from './parser.ts'
import { unreadable } from './signatures.ts'
import { isHtmlPage, lookOf } from './text-look.ts'
import { zipKind } from './zip-kind.ts'

const HEAD_BYTES = 2 ** 16
const SUPPORTED = 'expected PDF, DOCX, PPTX, XLSX, HTML, Markdown, text, CSV or JSON'
const ZIP = ['504b0304', '504b0506', '504b0708']
const OLE = 'd0cf11e0a1b11ae1'

const BY_EXTENSION: Readonly<Record<string, DocumentType>> = {
  ...Object.fromEntries(['pdf', 'docx', 'pptx', 'xlsx'].map(type => [type, type as DocumentType])),
  ...all('docx', 'docm dotx dotm'),
  ...all('pptx', 'pptm ppsx ppsm potx'),
  ...all('xlsx', 'xlsm xltx xltm'),
  ...all('html', 'html htm xhtml mhtm'),
  ...all('markdown', 'md markdown mdx mkd mdown'),
  ...all('csv', 'csv tsv tab psv'),
  ...all('json', 'json jsonl ndjson geojson webmanifest ipynb'),
  ...all(
    'text',
    'txt text log ini cfg conf toml yaml yml xml rst adoc org tex srt vtt sql sh py js ts java c h cpp go rs',
  ),
}
const BY_MEDIA_TYPE: Readonly<Record<string, DocumentType>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'application/json': 'json',
  'application/x-ndjson': 'json',
  'application/jsonl': 'json',
  'text/plain': 'text',
}
const OF_BYTES: readonly DocumentType[] = ['pdf', 'docx', 'pptx', 'xlsx']

function all(type: DocumentType, extensions: string): Record<string, DocumentType> {
  return Object.fromEntries(extensions.split(' ').map(extension => [extension, type]))
}

/** What a file is. */
export interface Detected {
  readonly type: DocumentType
  /** Of text formats, a label of the Encoding Standard; else empty. */
  readonly encoding: string
  readonly notices: readonly string[]
}
interface Named {
  readonly name: string
  readonly mediaType: string
}

/** What a file is: by its bytes, then by its name, its media type and its look. Throws {@link ParseFailure} for what cannot be read. */
export function detect(file: number, sizeBytes: number, named: Named): Detected {
  if (sizeBytes === 0) throw new ParseFailure('EMPTY', 'the file is empty')
  const head = Buffer.alloc(Math.min(sizeBytes, HEAD_BYTES))
  const start = head.subarray(0, readSync(file, head, 0, head.length, 0))
  const extension = extname(named.name).slice(1).toLowerCase()
  const byName = BY_EXTENSION[extension]
  const type = typeOfBytes(file, sizeBytes, start, byName)
  if (type === undefined) return detectText(file, sizeBytes, start, { ...named, extension, byName })
  const wrong = byName !== undefined && byName !== type
  return { type, encoding: '', notices: wrong ? [calledOtherwise(extension, type)] : [] }
}

function typeOfBytes(
  file: number,
  sizeBytes: number,
  start: Buffer,
  byName: DocumentType | undefined,
): DocumentType | undefined {
  const pdf = start.subarray(0, 1024).indexOf('%PDF-', 0, 'latin1')
  if (pdf === 0 || (pdf > 0 && (byName === 'pdf' || start.subarray(0, pdf).toString('latin1').trim() === '')))
    return 'pdf'
  if (start.subarray(0, 8).toString('hex') === OLE) throw oldOffice(file, start)
  if (!ZIP.includes(start.toString('hex', 0, 4))) return undefined
  const { type, what } = zipKind(file, sizeBytes)
  if (type !== undefined) return type
  if (what === undefined && byName !== undefined && byName !== 'pdf' && OF_BYTES.includes(byName)) return byName
  throw new ParseFailure('UNSUPPORTED', `${what ?? 'a zip archive that is not whole'} cannot be read: ${SUPPORTED}`)
}

/** Office files with a password, and those of before 2007, are containers of another kind. */
function oldOffice(file: number, start: Buffer): ParseFailure {
  const sector = 1 << Math.min(start.length >= 32 ? start.readUInt16LE(30) : 9, 12)
  const directory = Buffer.alloc(8 * sector)
  const at = start.length >= 52 ? (start.readUInt32LE(48) + 1) * sector : 0
  const length = readSync(file, directory, 0, directory.length, at)
  const name = Buffer.from('EncryptedPackage', 'utf16le')
  if (directory.subarray(0, length).includes(name) || start.includes(name))
    return new ParseFailure('ENCRYPTED', 'the file has a password: expected one without')
  return new ParseFailure(
    'UNSUPPORTED',
    `a file of an old Office (.doc, .xls, .ppt) or an e-mail (.msg) cannot be read: ${SUPPORTED}`,
  )
}

interface TextNamed extends Named {
  readonly extension: string
  readonly byName: DocumentType | undefined
}

function detectText(file: number, sizeBytes: number, start: Buffer, named: TextNamed): Detected {
  const encoding = findEncoding(file, sizeBytes, declaredEncoding(named.mediaType, start))
  const what = unreadable(start, encoding !== undefined)
  if (what !== undefined) throw new ParseFailure('UNSUPPORTED', `${what} cannot be read: ${SUPPORTED}`)
  const called = named.byName !== undefined && OF_BYTES.includes(named.byName)
  if (!encoding) {
    if (called) throw new ParseFailure('BROKEN', `the file is called .${named.extension}, but does not begin like one`)
    throw new ParseFailure('BINARY', `the bytes of the file are no text, and no format that is known: ${SUPPORTED}`)
  }
  const text = new TextDecoder(encoding.label).decode(start, { stream: true }).replaceAll('\r\n', '\n')
  const byMedia =
    BY_MEDIA_TYPE[(named.mediaType.split(';', 1)[0] ?? '').trim().toLowerCase()] ?? ofJson(named.mediaType)
  const told = called ? byMedia : (named.byName ?? byMedia)
  const isPage = told !== undefined && told !== 'html' && named.extension !== 'xml' && isHtmlPage(text)
  const type = isPage ? 'html' : (told ?? lookOf(text, sizeBytes <= start.length))
  const wrong = called || (isPage && named.byName !== undefined)
  const notices = [encoding.notice, wrong ? calledOtherwise(named.extension, type) : undefined]
  return { type, encoding: encoding.label, notices: notices.filter(notice => notice !== undefined) }
}

function ofJson(mediaType: string): DocumentType | undefined {
  return /^application\/[\w.-]+\+json\b/i.test(mediaType) ? 'json' : undefined
}

function calledOtherwise(extension: string, type: DocumentType): string {
  return `the file is called .${extension}, but its bytes are ${type}: it is read as that`
}
