/** What begins like this cannot be read, though it is known. The first bytes, as Latin letters; `at`: where they stand. */
const SIGNATURES: readonly { readonly bytes: string; readonly at?: number; readonly what: string }[] = [
  { bytes: '\x89PNG', what: 'a PNG image' },
  { bytes: '\xff\xd8\xff', what: 'a JPEG image' },
  { bytes: 'GIF87a', what: 'a GIF image' },
  { bytes: 'GIF89a', what: 'a GIF image' },
  { bytes: 'WEBP', at: 8, what: 'a WebP image' },
  { bytes: 'WAVE', at: 8, what: 'a WAV sound' },
  { bytes: 'AVI ', at: 8, what: 'an AVI film' },
  { bytes: 'II*\0', what: 'a TIFF image' },
  { bytes: 'MM\0*', what: 'a TIFF image' },
  { bytes: 'BM', what: 'a bitmap image' },
  { bytes: '8BPS', what: 'a Photoshop image' },
  { bytes: '\0\0\x01\0', what: 'an icon' },
  { bytes: 'ftyp', at: 4, what: 'a film or sound (MP4)' },
  { bytes: 'OggS', what: 'an Ogg sound' },
  { bytes: 'fLaC', what: 'a FLAC sound' },
  { bytes: 'ID3', what: 'an MP3 sound' },
  { bytes: '\x1aE\xdf\xa3', what: 'a Matroska film' },
  { bytes: '\x1f\x8b', what: 'a gzip archive' },
  { bytes: 'BZh', what: 'a bzip2 archive' },
  { bytes: '\xfd7zXZ\0', what: 'an xz archive' },
  { bytes: '\x28\xb5\x2f\xfd', what: 'a Zstandard archive' },
  { bytes: '7z\xbc\xaf\x27\x1c', what: 'a 7-Zip archive' },
  { bytes: 'Rar!\x1a\x07', what: 'a RAR archive' },
  { bytes: 'ustar', at: 257, what: 'a tar archive' },
  { bytes: '\x7fELF', what: 'a program' },
  { bytes: 'MZ', what: 'a program of Windows' },
  { bytes: '\xca\xfe\xba\xbe', what: 'a program' },
  { bytes: '\0asm', what: 'a WebAssembly program' },
  { bytes: 'SQLite format 3\0', what: 'an SQLite database' },
  { bytes: 'PAR1', what: 'a Parquet file' },
  { bytes: '{\\rtf', what: 'an RTF document' },
  { bytes: '%!PS', what: 'a PostScript document' },
  { bytes: 'wOFF', what: 'a font' },
  { bytes: 'wOF2', what: 'a font' },
]
/** Short ones, which a text may begin with as well: only where no text follows. */
const DOUBTFUL = new Set(['BM', 'MZ', 'ID3', 'BZh', 'PAR1', 'ftyp', 'ustar', 'OggS', '8BPS', 'wOFF', 'wOF2'])

/** What a file that cannot be read is, in words. `isText`: its first bytes would pass for a text. */
export function unreadable(head: Uint8Array, isText: boolean): string | undefined {
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 512)).toString('latin1')
  return SIGNATURES.find(({ bytes, at = 0 }) => start.startsWith(bytes, at) && !(isText && DOUBTFUL.has(bytes)))?.what
}
