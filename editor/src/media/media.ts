import { isBlobRef } from '#graph/blob.ts'
import type { Json } from '#graph/json.ts'
import { formatSize } from '../timeline/duration.ts'

/** A picture or a sound among a spell's values: a text that is a data URL. */
export interface Media {
  readonly kind: 'image' | 'audio'
  /** e.g. `image/png`. */
  readonly type: string
  /** Of its bytes, about. */
  readonly size: number
  /** Undefined: it is large, and has to be loaded from `blob`. */
  readonly url: string | undefined
  readonly blob: string | undefined
}

const BEGIN = /^data:((image|audio)\/[a-z0-9.+-]{1,60})[;,]/i
/** Anything of the kind that nobody wants to read, wherever it stands. */
const LONG = /data:([a-z0-9.+/-]{0,80})(?:;[^,;\s"'<>]{0,80}){0,4},[^\s"'<>)]{180,}/gi

/** What a value shows as; undefined: it is neither a picture nor a sound. */
export function mediaOf(value: Json | undefined): Media | undefined {
  const isBlob = isBlobRef(value)
  const text = isBlob ? value.head : value
  if (typeof text !== 'string') return undefined
  const [begin, type = '', kind = ''] = BEGIN.exec(text) ?? []
  if (begin === undefined) return undefined
  const characters = (isBlob ? value.size : text.length) - text.indexOf(',')
  return {
    kind: kind.toLowerCase() === 'image' ? 'image' : 'audio',
    type: type.toLowerCase(),
    size: Math.max(0, Math.round(characters * 0.75)),
    url: isBlob ? undefined : text,
    blob: isBlob ? value.$blob : undefined,
  }
}

/** What it is, in words: `PNG, 12 KB`. */
export function mediaInWords({ type, size }: Pick<Media, 'type' | 'size'>): string {
  const name = type
    .slice(type.indexOf('/') + 1)
    .replace(/^x-/, '')
    .replace(/\+.*$/, '')
  return `${name.toUpperCase()}, ${size < 1000 ? `${size} bytes` : formatSize(size)}`
}

/** A text with words in place of the data URLs in it. */
function inWords(text: string): string {
  if (!text.includes('data:')) return text
  return text.replaceAll(LONG, (url, type: string) => `data:${type || 'text/plain'},… (${formatSize(url.length)})`)
}

/** A value as JSON for people to read: with words where data URLs stand. */
export function jsonInWords(value: Json, indent = 0): string {
  return JSON.stringify(value, (_, one: Json) => (typeof one === 'string' ? inWords(one) : one), indent)
}

/** A value as text for people to read: a text as it is, but never as a wall of base64. */
export function textInWords(value: Json, indent = 0): string {
  return typeof value === 'string' ? inWords(value) : jsonInWords(value, indent)
}

/** A data URL's bytes. Throws where it is none. */
export function toBlob(url: string): Blob {
  const comma = url.indexOf(',')
  const head = url.slice('data:'.length, comma)
  if (!url.startsWith('data:') || comma < 0) throw new Error('expected a data URL')
  const type = head.replace(/;base64$/i, '')
  if (!/;base64$/i.test(head)) return new Blob([decodeURIComponent(url.slice(comma + 1))], { type })
  const binary = atob(url.slice(comma + 1).replace(/\s/g, ''))
  return new Blob([Uint8Array.from(binary, character => character.charCodeAt(0))], { type })
}

/** What a file of that type ends with. */
export function endingOf(type: string): string {
  const name = type.slice(type.indexOf('/') + 1).toLowerCase()
  return ENDINGS[name] ?? name.replace(/^x-/, '').replace(/\+.*$/, '')
}
const ENDINGS: Readonly<Record<string, string>> = { jpeg: 'jpg', mpeg: 'mp3', 'svg+xml': 'svg', 'x-wav': 'wav' }
