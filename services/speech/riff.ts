// RIFF WAVE files: a header with a comment, and what a header says. Microsoft's "Multimedia Programming Interface and Data Specifications 1.0".

/** What is written before the samples: 16-bit PCM, one channel. */
export interface WavHeader {
  readonly sampleRate: number
  /** How many samples will follow. */
  readonly samples: number
  /** Kept in the file as INFO, e.g. `{ICMT: 'a comment', ISFT: 'a program'}`; ids have four ASCII characters. */
  readonly notes?: Readonly<Record<string, string>>
}

/** What a WAVE file says of itself. Sizes beyond the end of the bytes count to the end: writers of streams know no better. */
export interface WavFacts {
  readonly channels: number
  readonly sampleRate: number
  /** Of one second. */
  readonly byteRate: number
  readonly dataBytes: number
  readonly notes: ReadonlyMap<string, string>
}

/** The bytes before the samples. */
export function writeWavHeader({ sampleRate, samples, notes = {} }: WavHeader): Uint8Array<ArrayBuffer> {
  const data = samples * 2
  const info = chunk('LIST', [ascii('INFO'), ...Object.entries(notes).map(([id, text]) => chunk(id, [toNote(text)]))])
  const format = new DataView(new ArrayBuffer(16))
  format.setUint16(0, 1, true)
  format.setUint16(2, 1, true)
  format.setUint32(4, sampleRate, true)
  format.setUint32(8, sampleRate * 2, true)
  format.setUint16(12, 2, true)
  format.setUint16(14, 16, true)
  const before = [ascii('WAVE'), chunk('fmt ', [new Uint8Array(format.buffer)]), ...(info.length > 12 ? [info] : [])]
  const size = before.reduce((sum, { length }) => sum + length, 8 + data)
  return join([ascii('RIFF'), uint32(size), ...before, ascii('data'), uint32(data)])
}

/** Reads a header; undefined: it is no WAVE file, or says nothing of its format. */
export function readWav(bytes: Uint8Array): WavFacts | undefined {
  if (!isAt(bytes, 0, 'RIFF') || !isAt(bytes, 8, 'WAVE')) return undefined
  let format: Pick<WavFacts, 'channels' | 'sampleRate' | 'byteRate'> | undefined
  let dataBytes = 0
  const notes = new Map<string, string>()
  for (const { id, body } of chunksOf(bytes.subarray(12))) {
    if (id === 'fmt ' && body.length >= 16) {
      const view = viewOf(body)
      format ??= {
        channels: view.getUint16(2, true),
        sampleRate: view.getUint32(4, true),
        byteRate: view.getUint32(8, true),
      }
    } else if (id === 'data') dataBytes += body.length
    else if (id === 'LIST' && isAt(body, 0, 'INFO'))
      for (const note of chunksOf(body.subarray(4))) if (!notes.has(note.id)) notes.set(note.id, fromNote(note.body))
  }
  return format && { ...format, dataBytes, notes }
}

/** More are nobody's music. */
const MOST_CHUNKS = 1_000

function* chunksOf(bytes: Uint8Array): Generator<{ id: string; body: Uint8Array }> {
  const view = viewOf(bytes)
  for (let [at, count] = [0, 0]; at + 8 <= bytes.length && count < MOST_CHUNKS; count++) {
    const size = view.getUint32(at + 4, true)
    yield { id: String.fromCharCode(...bytes.subarray(at, at + 4)), body: bytes.subarray(at + 8, at + 8 + size) }
    at += 8 + size + (size % 2)
  }
}

/** A chunk begins at an even place. */
function chunk(id: string, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  return join([ascii(id), uint32(size), ...parts, new Uint8Array(size % 2)])
}

/** Ends with a zero, which the text itself must not have. */
function toNote(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text.replaceAll('\0', ' ')}\0`)
}
function fromNote(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
function uint32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4)
  viewOf(bytes).setUint32(0, value, true)
  return bytes
}
const ascii = (text: string) => Uint8Array.from(text, character => character.charCodeAt(0))
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const isAt = (bytes: Uint8Array, at: number, text: string) =>
  bytes.length >= at + text.length && ascii(text).every((code, index) => bytes[at + index] === code)
