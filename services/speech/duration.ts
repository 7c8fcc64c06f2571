// How long some audio is, as far as that can be told without decoding it.
import { readWav } from './riff.ts'
import type { AudioKind } from './sniff.ts'

/** A file that says it is longer is not believed. */
const MOST_SECONDS = 86_400

/** Milliseconds; 0: unknown. */
export function durationOf(bytes: Uint8Array, kind: AudioKind): number {
  const seconds = SECONDS[kind]?.(bytes) ?? 0
  return seconds > 0 && seconds <= MOST_SECONDS ? Math.round(seconds * 1000) : 0
}

const SECONDS: Partial<Record<AudioKind, (bytes: Uint8Array) => number>> = {
  wav: bytes => {
    const { dataBytes = 0, byteRate = 0 } = readWav(bytes) ?? {}
    return byteRate > 0 ? dataBytes / byteRate : 0
  },
  mp3: mpegSeconds,
  ogg: oggSeconds,
  flac: flacSeconds,
}

const RATES = [44_100, 48_000, 32_000]
const BITS_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const BITS_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

/** Adds up the frames of MPEG 1, 2 and 2.5, layer III (ISO 11172-3, 13818-3). */
function mpegSeconds(bytes: Uint8Array): number {
  let at = afterTag(bytes)
  let seconds = 0
  while (at + 4 <= bytes.length) {
    const frame = bytes[at] === 0xff ? mpegFrame(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0) : undefined
    seconds += frame?.seconds ?? 0
    // What is no frame is passed over.
    at += frame?.bytes ?? 1
  }
  return seconds
}

/** By the second and third byte of its header. */
function mpegFrame(second: number, third: number): { seconds: number; bytes: number } | undefined {
  if ((second & 0xe6) !== 0xe2) return undefined
  const version = (second >> 3) & 3
  const rate = (RATES[(third >> 2) & 3] ?? 0) / (version === 3 ? 1 : version === 2 ? 2 : 4)
  const bits = ((version === 3 ? BITS_1 : BITS_2)[third >> 4] ?? 0) * 1000
  if (version === 1 || rate === 0 || bits === 0) return undefined
  const samples = version === 3 ? 1152 : 576
  return { seconds: samples / rate, bytes: Math.floor((samples / 8) * (bits / rate)) + ((third >> 1) & 1) }
}

/** An ID3v2 tag tells its size in four times seven bits. */
function afterTag(bytes: Uint8Array): number {
  if (bytes[0] !== 0x49 || bytes[1] !== 0x44 || bytes[2] !== 0x33) return 0
  return 10 + bytes.subarray(6, 10).reduce((size, seven) => size * 128 + (seven & 0x7f), 0)
}

/** A packet is not longer. */
const MOST_PAGES = 1_000

/** The last page's position, of Opus (48 kHz always) or Vorbis. */
function oggSeconds(given: Uint8Array): number {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  const head = 27 + (bytes[26] ?? 0)
  if (bytes.length < head + 16) return 0
  const begins = (text: string) => bytes.toString('latin1', head, head + text.length) === text
  const isOpus = begins('OpusHead')
  const rate = isOpus ? 48_000 : begins('\x01vorbis') ? bytes.readUInt32LE(head + 12) : 0
  const skipped = isOpus ? bytes.readUInt16LE(head + 10) : 0
  if (rate === 0) return 0
  let at = bytes.lastIndexOf('OggS')
  for (let pages = 0; at > 0 && pages < MOST_PAGES; pages++) {
    // A page on which no packet ends has none.
    const position = at + 14 <= bytes.length ? bytes.readBigInt64LE(at + 6) : -1n
    if (position >= 0n) return (Number(position) - skipped) / rate
    at = bytes.lastIndexOf('OggS', at - 1)
  }
  return 0
}

/** STREAMINFO: 20 bits of the rate, 36 of the number of samples. */
function flacSeconds(bytes: Uint8Array): number {
  if (bytes.length < 26) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const rate = view.getUint32(18) >>> 12
  const samples = (view.getUint8(21) & 15) * 2 ** 32 + view.getUint32(22)
  return rate > 0 ? samples / rate : 0
}
