import type { Chunking, FetchRequest, UploadOptions } from '#gen/spellmesh/document/v1/document.ts'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Identity } from '#mesh/identity.ts'

const COLLECTION = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}$/
const KEY = /^[A-Za-z][A-Za-z0-9_]{0,62}$/
const STATES = ['pending', 'parsing', 'embedding', 'ready', 'failed', 'skipped']
const MOST_NAME = 255
const MOST_TITLE = 500
const MOST_KEYS = 32
const MOST_VALUE = 1_000
const MOST_METADATA_BYTES = 256 * 1024
const MOST_URL = 2_000
const MOST_PAGE = 200
const USUAL_PAGE = 50
const MOST_IDS = 200
export const DEFAULT_COLLECTION = 'default'

/** What calls for nobody keeps its own. */
export function ownerOf({ user, service }: Identity): string {
  return user === '' ? `:${service}` : user
}

/** What is to be kept, but for its bytes. Metadata and title are empty where none are given. */
export interface Wanted {
  readonly collection: string
  readonly name: string
  readonly title: string
  readonly mediaType: string
  readonly metadata: string
  readonly chunking: { readonly size: number; readonly overlap: number } | undefined
}

type Usual = { readonly size: number; readonly overlap: number }

/** Checks what is sent ahead of a file. Throws INVALID_ARGUMENT with every bad field. */
export function readOptions(options: UploadOptions, usual: Usual): Wanted & { readonly documentId: string } {
  const problems: Problem[] = []
  const { name, mediaType, documentId } = options
  const length = Array.from(name.slice(0, 2 * MOST_NAME + 2)).length
  if (name.trim() === '' || length > MOST_NAME || /\p{Cc}/u.test(name))
    problems.push({ path: 'options.name', message: `expected 1 to ${MOST_NAME} characters, none of control` })
  if (mediaType.length > 200 || /[^\x20-\x7e]/.test(mediaType))
    problems.push({ path: 'options.mediaType', message: 'expected at most 200 ASCII characters, e.g. text/plain' })
  const wanted = {
    collection: readCollection('options.collection', options.collection, problems),
    name,
    title: readTitle('options.title', options.title, problems),
    mediaType,
    metadata: readMetadata('options.metadata', options.metadata, problems),
    chunking: readChunking('options.chunking', options.chunking, usual, problems),
    documentId,
  }
  if (problems.length > 0) throw invalid(problems)
  return wanted
}

/** Checks what is to be got from the web. Throws INVALID_ARGUMENT with every bad field. */
export function readFetch(
  request: FetchRequest,
): Omit<Wanted, 'chunking' | 'name' | 'mediaType'> & { readonly url: string } {
  const problems: Problem[] = []
  const url = readUrl(request.url, problems)
  const wanted = {
    url,
    collection: readCollection('collection', request.collection, problems),
    title: readTitle('title', request.title, problems),
    metadata: readMetadata('metadata', request.metadata, problems),
  }
  if (problems.length > 0) throw invalid(problems)
  return wanted
}

/** Without what is behind `#`: that is for who reads it. */
function readUrl(given: string, problems: Problem[]): string {
  const url = URL.parse(given)
  const refuse = (message: string) => void problems.push({ path: 'url', message })
  if (given.length > MOST_URL) refuse(`is ${given.length} characters long; at most ${MOST_URL}`)
  else if (!url) refuse(`"${given.slice(0, 100)}" is not a URL`)
  else if (url.protocol !== 'http:' && url.protocol !== 'https:')
    refuse(`"${url.protocol}" is neither http: nor https:`)
  else if (url.username || url.password) refuse('must not contain a user name or password')
  if (!url) return ''
  url.hash = ''
  return url.href
}

/** A change of title or metadata. Throws INVALID_ARGUMENT with every bad field. */
export function readChange(request: { title?: string | undefined; metadata?: Uint8Array | undefined }) {
  const problems: Problem[] = []
  const { title, metadata } = request
  if (title === undefined && metadata === undefined)
    problems.push({ path: '', message: 'expected a title or metadata' })
  if (title !== undefined && title.trim() === '') problems.push({ path: 'title', message: 'expected a title' })
  const change = {
    ...(title === undefined ? {} : { title: readTitle('title', title, problems) }),
    ...(metadata === undefined ? {} : { metadata: readMetadata('metadata', metadata, problems) || '{}' }),
  }
  if (problems.length > 0) throw invalid(problems)
  return change
}

/** How a document is to be cut again; undefined: as it was. */
export function readCut(chunking: Chunking | undefined, usual: Usual): Usual | undefined {
  const problems: Problem[] = []
  const cut = readChunking('chunking', chunking, usual, problems)
  if (problems.length > 0) throw invalid(problems)
  return cut
}

function readChunking(path: string, given: Chunking | undefined, usual: Usual, problems: Problem[]): Usual | undefined {
  if (!given || (given.size === 0 && given.overlap === 0)) return undefined
  const size = given.size || usual.size
  const overlap = given.overlap || Math.min(usual.overlap, Math.floor(size / 2))
  if (size < 100 || size > 8_000) problems.push({ path: `${path}.size`, message: `${size} is not from 100 to 8000` })
  if (overlap > size / 2)
    problems.push({ path: `${path}.overlap`, message: `${overlap} is more than half the size, ${size}` })
  return { size, overlap }
}

/** A collection's name where one is given. */
function readCollection(path: string, name: string, problems: Problem[]): string {
  if (name !== '' && !COLLECTION.test(name)) problems.push({ path, message: nameProblem(name) })
  return name
}

/** The name of a collection that must be named. Throws INVALID_ARGUMENT. */
export function readCollectionName(path: string, name: string): string {
  if (!COLLECTION.test(name)) throw invalid([{ path, message: nameProblem(name) }])
  return name
}

function nameProblem(name: string): string {
  return `"${name.slice(0, 64)}" is not a name: expected a letter or digit, then up to 62 of letters, digits, " ", "_", "." and "-"`
}

function readTitle(path: string, title: string, problems: Problem[]): string {
  if (title.length > MOST_TITLE || /\p{Cc}/u.test(title))
    problems.push({ path, message: `expected at most ${MOST_TITLE} characters, none of control` })
  return title.trim()
}

/** Metadata as it was sent; empty: none was. */
function readMetadata(path: string, bytes: Uint8Array, problems: Problem[]): string {
  if (bytes.byteLength === 0) return ''
  const refuse = (message: string, at = path) => void problems.push({ path: at, message })
  if (bytes.byteLength > MOST_METADATA_BYTES) {
    refuse(`is ${bytes.byteLength} bytes; at most ${MOST_METADATA_BYTES}`)
    return ''
  }
  const text = Buffer.from(bytes).toString('utf8')
  const parsed = parse(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    refuse('expected a flat JSON object of texts, numbers and booleans')
    return ''
  }
  const entries = Object.entries(parsed)
  if (entries.length > MOST_KEYS) refuse(`has ${entries.length} keys; at most ${MOST_KEYS}`)
  for (const [key, value] of entries.slice(0, MOST_KEYS)) {
    const at = `${path}.${key.slice(0, 64)}`
    if (!KEY.test(key)) refuse('expected a letter, then up to 62 letters, digits and "_"', at)
    if (typeof value === 'string' ? value.length > MOST_VALUE : !['number', 'boolean'].includes(typeof value))
      refuse(`expected a text of at most ${MOST_VALUE} characters, a number or a boolean`, at)
    else if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed()))
      refuse('has characters that no text has', at)
  }
  return text
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Which part of a list. Throws INVALID_ARGUMENT with every bad field. */
export function readPage({ limit, pageToken }: { limit: number; pageToken: string }, more: readonly Problem[] = []) {
  const problems = [...more]
  if (limit > MOST_PAGE) problems.push({ path: 'limit', message: `${limit} is not from 1 to ${MOST_PAGE}` })
  if (pageToken !== '' && !/^\d{1,15}$/.test(pageToken))
    problems.push({ path: 'pageToken', message: 'is not one that a list gave' })
  if (problems.length > 0) throw invalid(problems)
  return { limit: limit || USUAL_PAGE, from: pageToken === '' ? undefined : Number(pageToken) }
}

/** Problems of what a list is narrowed by. */
export function listProblems({
  collection,
  state,
  text,
}: {
  collection: string
  state: string
  text: string
}): Problem[] {
  const problems: Problem[] = []
  readCollection('collection', collection, problems)
  if (state !== '' && !STATES.includes(state))
    problems.push({ path: 'state', message: `"${state.slice(0, 40)}" is none of ${STATES.join(', ')}` })
  if (text.length > MOST_TITLE) problems.push({ path: 'text', message: `is longer than ${MOST_TITLE} characters` })
  return problems
}

/** Ids of pieces. Throws INVALID_ARGUMENT. */
export function readIds(ids: readonly string[]): readonly string[] {
  if (ids.length > MOST_IDS) throw invalid([{ path: 'chunkIds', message: `${ids.length} ids; at most ${MOST_IDS}` }])
  return ids
}
