// Pictures, sounds and files as values of a spell: a data URL (RFC 2397), or the https URL of a public server.
import { NodeFailure } from '#graph/define.ts'

/** A value's bytes and what they are. */
export interface Media {
  /** e.g. `image/png`, without parameters. */
  readonly mediaType: string
  readonly bytes: Uint8Array
}

const SLICE = 0x8000

/** The data URL of some bytes. */
export function toDataUrl(mediaType: string, pieces: readonly Uint8Array[]): string {
  let binary = ''
  for (const bytes of pieces)
    for (let at = 0; at < bytes.length; at += SLICE)
      binary += String.fromCharCode(...bytes.subarray(at, Math.min(at + SLICE, bytes.length)))
  return `data:${mediaType};base64,${btoa(binary)}`
}

/** The bytes of a data URL. Throws {@link NodeFailure} `BAD_INPUT`, with what was expected. */
export function fromDataUrl(value: unknown, input: string, kind: 'image' | 'audio' | 'file'): Media {
  const refuse = (said: string) =>
    new NodeFailure(
      'BAD_INPUT',
      `"${input}": expected ${kind === 'file' ? 'a file' : `an ${kind}`} as a data URL, ${said}`,
      { retry: false },
    )
  if (typeof value !== 'string' || !value.startsWith('data:'))
    throw refuse(`got ${typeof value === 'string' ? `"${value.slice(0, 40)}"` : typeof value}`)
  const comma = value.indexOf(',')
  const [mediaType = '', ...parameters] = value.slice('data:'.length, comma).split(';')
  if (comma < 0 || parameters.at(-1) !== 'base64') throw refuse('got one that is not base64')
  if (kind !== 'file' && !mediaType.startsWith(`${kind}/`))
    throw refuse(`got ${mediaType || 'one without a media type'}`)
  try {
    const binary = atob(value.slice(comma + 1))
    return { mediaType, bytes: Uint8Array.from(binary, character => character.charCodeAt(0)) }
  } catch (error) {
    throw new NodeFailure('BAD_INPUT', `"${input}": its base64 is broken`, { retry: false, cause: error })
  }
}
