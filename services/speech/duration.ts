// How long some audio is, as far as that can be told without decoding it.
import { readWav } from './riff.ts'
import type { AudioKind } from './sniff.ts'

/** Milliseconds; 0: unknown. */
export function durationOf(bytes: Uint8Array, kind: AudioKind): number {
  const seconds = SECONDS[kind]?.(bytes) ?? 0
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(Math.round(seconds * 1000), 0xffff_ffff) : 0
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
    const frame = mpegFrame(bytes, at)
    if (frame) {
      seconds += frame.seconds
      at += frame.bytes
    } else {
      // What is no frame is passed over, to the next byte that could begin one.
      const next = bytes.indexOf(0xff, at + 1)
      if (next < 0) break
      at = next
    }
  }
  return seconds
}

function mpegFrame(bytes: Uint8Array, at: number): { seconds: number; bytes: number } | undefined {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3)
  if (first !== 0xff || (second & 0xe6) !== 0xe2) return undefined
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

/** The last page's position, of Opus (48 kHz always) or Vorbis. */
function oggSeconds(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const head = 27 + (bytes[26] ?? 0)
  const is = (text: string, at: number) =>
    Array.from(text).every((one, index) => bytes[at + index] === one.charCodeAt(0))
  const isOpus = is('OpusHead', head) && bytes.length >= head + 16
  const isVorbis = is('\x01vorbis', head) && bytes.length >= head + 16
  const rate = isOpus ? 48_000 : isVorbis ? view.getUint32(head + 12, true) : 0
  const skipped = isOpus ? view.getUint16(head + 10, true) : 0
  for (let at = bytes.lastIndexOf(0x4f); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(0x4f, at - 1)) {
    if (!is('OggS', at) || at + 27 > bytes.length) continue
    const position = view.getBigInt64(at + 6, true)
    // A page on which no packet ends has none.
    if (position >= 0n) return rate > 0 ? (Number(position) - skipped) / rate : 0
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
