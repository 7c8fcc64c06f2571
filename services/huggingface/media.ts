// Images and audio, as models give them: bytes, base64 or an address, and what bytes are by how they begin.
import { unavailable } from '#mesh/errors.ts'
import type { Outbound } from '#mesh/outbound.ts'
import { isRecord } from './task.ts'
import { limited } from './wire.ts'

const MOST_PIECE = 512 * 1024

const SIGNS: readonly (readonly [mediaType: string, at: number, sign: string])[] = [
  ['image/png', 0, '\x89PNG'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['image/bmp', 0, 'BM'],
  ['image/tiff', 0, 'II*\0'],
  ['image/tiff', 0, 'MM\0*'],
  ['image/avif', 4, 'ftypavif'],
  ['image/heic', 4, 'ftyphei'],
  ['audio/mp4', 4, 'ftyp'],
  ['audio/wav', 8, 'WAVE'],
  ['audio/flac', 0, 'fLaC'],
  ['audio/ogg', 0, 'OggS'],
  ['audio/mpeg', 0, 'ID3'],
  ['audio/mpeg', 0, '\xff\xfb'],
  ['audio/mpeg', 0, '\xff\xf3'],
  ['audio/webm', 0, '\x1a\x45\xdf\xa3'],
]

/** The media type of an image or audio; undefined: it looks like neither. */
export function sniff(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 16)).toString('latin1')
  return SIGNS.find(([, at, sign]) => head.startsWith(sign, at))?.[0]
}

interface Given {
  readonly contentType: string
  readonly body: AsyncIterable<Uint8Array>
}
interface Source {
  readonly model: string
  /** For addresses in answers. */
  readonly outbound: Pick<Outbound, 'open'>
}

/** Gives the bytes in pieces as they come; returns their media type. Throws UNAVAILABLE where they are not of that kind. */
export async function* readMedia(
  answer: unknown,
  kind: 'image' | 'audio',
  source: Source,
  signal: AbortSignal,
): AsyncGenerator<{ readonly data: Uint8Array }, string> {
  const { contentType, body } = isGiven(answer) ? answer : await locate(answer, kind, source, signal)
  let mediaType: string | undefined
  let head: Uint8Array = new Uint8Array()
  for await (const bytes of limited(body)) {
    if (mediaType !== undefined) {
      yield* inPieces(bytes)
      continue
    }
    head = head.length === 0 ? bytes : Buffer.concat([head, bytes])
    if (head.length < 16) continue
    mediaType = typeOf(head, contentType, kind, source.model)
    yield* inPieces(head)
  }
  if (mediaType !== undefined) return mediaType
  if (head.length === 0) throw unavailable(`"${source.model}" gave no ${kind}: its answer is empty`)
  const short = typeOf(head, contentType, kind, source.model)
  yield* inPieces(head)
  return short
}

function typeOf(head: Uint8Array, contentType: string, kind: 'image' | 'audio', model: string): string {
  const told = contentType.startsWith(`${kind}/`) ? contentType : undefined
  const found = sniff(head)
  const isSvg = told === 'image/svg+xml'
  if (found?.startsWith(`${kind}/`)) return found
  if (found === undefined && told !== undefined && (kind === 'audio' || isSvg)) return told
  throw unavailable(`"${model}" gave ${found ?? (contentType || 'something')} where ${kind} was expected`)
}

function* inPieces(bytes: Uint8Array): Generator<{ readonly data: Uint8Array }> {
  for (let at = 0; at < bytes.length; at += MOST_PIECE) yield { data: bytes.subarray(at, at + MOST_PIECE) }
}

function isGiven(answer: unknown): answer is Given {
  return isRecord(answer) && 'contentType' in answer && 'body' in answer
}

async function locate(answer: unknown, kind: string, { model, outbound }: Source, signal: AbortSignal): Promise<Given> {
  if (answer instanceof Blob)
    return { contentType: answer.type, body: once(new Uint8Array(await answer.arrayBuffer())) }
  const found = findMedia(answer, 0)
  if (found === undefined) throw unavailable(`"${model}" answers in a shape that holds no ${kind}`)
  const dataUrl = /^data:([\w.+-]+\/[\w.+-]+)[^,]*;base64,/.exec(found)
  if (dataUrl)
    return { contentType: dataUrl[1] ?? '', body: once(Buffer.from(found.slice(dataUrl[0].length), 'base64')) }
  if (!/^https?:/.test(found)) return { contentType: '', body: once(Buffer.from(found, 'base64')) }
  const { status, headers, body } = await outbound.open(found, { signal })
  if (status !== 200) throw unavailable(`the ${kind} that "${model}" made cannot be fetched (${status})`)
  return { contentType: headers['content-type']?.split(';', 1)[0] ?? '', body }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Where answers keep them: `{data: [{b64_json}]}`, `{images: [{url}]}`, `{output: […]}`, `{audio: {url}}`, `[{blob}]`. */
const NAMES = [
  'b64_json',
  'url',
  'blob',
  'data',
  'images',
  'image',
  'audio',
  'output',
  'audio_url',
  'image_url',
] as const
const MOST_DEPTH = 4

function findMedia(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value === '' || depth === 0 ? undefined : value
  if (depth > MOST_DEPTH) return undefined
  if (Array.isArray(value)) return findMedia(value[0], depth + 1)
  if (!isRecord(value)) return undefined
  for (const name of NAMES) {
    const found = findMedia(value[name], depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
