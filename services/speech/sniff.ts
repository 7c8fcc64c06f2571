// What kind of audio some bytes are, by how they begin.

/** Kinds of files with sound that are taken. */
export type AudioKind = 'wav' | 'mp3' | 'ogg' | 'webm' | 'flac' | 'm4a'

/** How each is called on the wire. */
export const MEDIA_TYPES: Readonly<Record<AudioKind, string>> = {
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  webm: 'audio/webm',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
}

/** As many bytes tell every kind. */
export const SNIFFED_BYTES = 12

/** The kind; undefined: it is none of them. */
export function sniffAudio(bytes: Uint8Array): AudioKind | undefined {
  const begins = (text: string, at = 0) =>
    Array.from(text).every((one, index) => bytes[at + index] === one.charCodeAt(0))
  if (begins('RIFF') && begins('WAVE', 8)) return 'wav'
  if (begins('OggS')) return 'ogg'
  if (begins('fLaC')) return 'flac'
  if (begins('\x1a\x45\xdf\xa3')) return 'webm'
  if (begins('ftyp', 4)) return 'm4a'
  if (begins('ID3') || isMpegFrame(bytes)) return 'mp3'
  return undefined
}

/** The sync word, layer III, a bit rate and a sample rate that exist. */
function isMpegFrame([first = 0, second = 0, third = 0]: Uint8Array): boolean {
  return (
    first === 0xff &&
    (second & 0xe6) === 0xe2 &&
    ((second >> 3) & 3) !== 1 &&
    third >> 4 !== 15 &&
    ((third >> 2) & 3) !== 3
  )
}

/** What was expected, and what came instead: for people. */
export function notAudio(bytes: Uint8Array): string {
  const expected = `expected audio as ${Object.keys(MEDIA_TYPES).join(', ')}`
  if (bytes.length === 0) return `${expected}, got nothing`
  const begin = Array.from(bytes.subarray(0, 8), byte =>
    byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·',
  ).join('')
  return `${expected}, got bytes that begin with "${begin}"`
}
