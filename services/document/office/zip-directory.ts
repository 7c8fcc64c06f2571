import type { FileHandle } from 'node:fs/promises'
import { ParseFailure } from '../parsing/parser.ts'
import { refuseEntries, refuseName, refuseOverlap, refuseRatio, refuseTotal } from './zip-limits.ts'
import type { ZipLimits } from './zip-limits.ts'

/** One file of an archive, as the archive's directory tells (APPNOTE.TXT 4.3.12). */
export interface ZipEntry {
  readonly name: string
  /** 0: stored, 8: deflated. */
  readonly method: number
  readonly packedBytes: number
  /** As declared: not to be trusted. */
  readonly unpackedBytes: number
  readonly crc: number
  /** Where its local header starts. */
  readonly offset: number
}

const END_BYTES = 22
const MOST_COMMENT = 65_535
const ZIP64_LOCATOR_BYTES = 20
const ZIP64_END_BYTES = 56
const ENTRY_BYTES = 46
const MOST_DIRECTORY_BYTES = 16_000_000
const FULL_32 = 0xffffffff
const FULL_16 = 0xffff

/** The archive's files by name in lower case. Throws {@link ParseFailure}: BROKEN, ENCRYPTED, ZIP_BOMB by what is declared. */
export async function readDirectory(
  file: FileHandle,
  fileBytes: number,
  limits: ZipLimits,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const place = await findDirectory(file, fileBytes)
  refuseEntries(place.entries)
  if (place.bytes > MOST_DIRECTORY_BYTES) throw damaged()
  const bytes = await readAt(file, place.start, place.bytes)
  const entries = new Map<string, ZipEntry>()
  let packed = 0
  let unpacked = 0
  for (let at = 0, index = 0; index < place.entries; index++) {
    const { entry, length } = readEntry(bytes, at, place.shift)
    at += length
    packed += entry.packedBytes
    unpacked += entry.unpackedBytes
    refuseName(entry.name)
    refuseRatio(entry.name, entry.unpackedBytes, entry.packedBytes)
    entries.set(entry.name.toLowerCase(), entry)
  }
  refuseOverlap(packed, fileBytes)
  refuseTotal(unpacked, limits)
  return entries
}

interface DirectoryPlace {
  readonly entries: number
  readonly bytes: number
  readonly start: number
  /** Bytes in front of the archive that its offsets do not count. */
  readonly shift: number
}

async function findDirectory(file: FileHandle, fileBytes: number): Promise<DirectoryPlace> {
  const length = Math.min(fileBytes, END_BYTES + MOST_COMMENT)
  const tail = await readAt(file, fileBytes - length, length)
  let at = length - END_BYTES
  while (at >= 0 && !(tail.readUInt32LE(at) === 0x06054b50 && at + END_BYTES + tail.readUInt16LE(at + 20) <= length))
    at--
  if (at < 0) throw new ParseFailure('BROKEN', 'the file is a zip archive without its directory: its end is missing')
  const end = fileBytes - length + at
  const entries = tail.readUInt16LE(at + 10)
  const bytes = tail.readUInt32LE(at + 12)
  const offset = tail.readUInt32LE(at + 16)
  if (entries === FULL_16 || bytes === FULL_32 || offset === FULL_32) {
    const large = await findLargeDirectory(file, end)
    if (large) return large
  }
  return { entries, bytes, start: end - bytes, shift: end - bytes - offset }
}

async function findLargeDirectory(file: FileHandle, end: number): Promise<DirectoryPlace | undefined> {
  if (end < ZIP64_LOCATOR_BYTES) return undefined
  const locator = await readAt(file, end - ZIP64_LOCATOR_BYTES, ZIP64_LOCATOR_BYTES)
  if (locator.readUInt32LE(0) !== 0x07064b50) return undefined
  const record = await readAt(file, Number(locator.readBigUInt64LE(8)), ZIP64_END_BYTES)
  if (record.readUInt32LE(0) !== 0x06064b50) throw damaged()
  const [entries, bytes, start] = [32, 40, 48].map(offset => Number(record.readBigUInt64LE(offset)))
  return { entries: entries ?? 0, bytes: bytes ?? 0, start: start ?? 0, shift: 0 }
}

function readEntry(bytes: Buffer, at: number, shift: number): { entry: ZipEntry; length: number } {
  if (at + ENTRY_BYTES > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) throw damaged()
  const nameEnd = at + ENTRY_BYTES + bytes.readUInt16LE(at + 28)
  const extraEnd = nameEnd + bytes.readUInt16LE(at + 30)
  const length = extraEnd + bytes.readUInt16LE(at + 32) - at
  if (at + length > bytes.length) throw damaged()
  const name = bytes
    .toString('utf8', at + ENTRY_BYTES, nameEnd)
    .replaceAll('\\', '/')
    .replace(/^\/+/, '')
  if (bytes.readUInt16LE(at + 8) & 1)
    throw new ParseFailure('ENCRYPTED', `"${name}" in the file is locked by a password`)
  const method = bytes.readUInt16LE(at + 10)
  if (method !== 0 && method !== 8) {
    throw new ParseFailure('BROKEN', `"${name}" in the file is packed by method ${method}, expected 0 or 8`)
  }
  const sizes = [24, 20, 42].map(offset => bytes.readUInt32LE(at + offset))
  const [unpackedBytes = 0, packedBytes = 0, offset = 0] = largeSizes(sizes, bytes.subarray(nameEnd, extraEnd))
  const entry = { name, method, packedBytes, unpackedBytes, crc: bytes.readUInt32LE(at + 16), offset: offset + shift }
  return { entry, length }
}

/** Sizes that do not fit into 32 bits are in an extra field, in this order (4.5.3). */
function largeSizes(sizes: readonly number[], extra: Buffer): readonly number[] {
  if (!sizes.includes(FULL_32)) return sizes
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let next = at + 4
    return sizes.map(size => {
      if (size !== FULL_32) return size
      if (next + 8 > extra.length) throw damaged()
      next += 8
      return Number(extra.readBigUInt64LE(next - 8))
    })
  }
  return sizes
}

/** Bytes of a file. Throws {@link ParseFailure} if the file has none there. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (!Number.isSafeInteger(position) || position < 0 || length < 0) throw damaged()
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  if (bytesRead < length) throw damaged()
  return buffer
}

function damaged(): ParseFailure {
  return new ParseFailure('BROKEN', 'the file is a zip archive with a damaged directory')
}
