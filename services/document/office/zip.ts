import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { ParseFailure } from '../parsing/parser.ts'
import { collect } from './xml.ts'
import { readAt, readDirectory } from './zip-directory.ts'
import type { ZipEntry } from './zip-directory.ts'
import { refuseRatio, refuseTotal } from './zip-limits.ts'
import type { ZipLimits } from './zip-limits.ts'

/** A zip archive whose entries are unpacked as they are read, and counted. Names are compared without case. */
export interface Zip {
  has(name: string): boolean
  names(): readonly string[]
  /** How large it says that it is, unpacked; 0: it is not there. */
  declaredBytes(name: string): number
  /** What is in the entry; nothing if it is not there. Throws {@link ParseFailure} when too much comes out, or it is broken. */
  chunks(name: string): AsyncIterable<Uint8Array>
  bytes(name: string): Promise<Uint8Array>
  close(): Promise<void>
}

/** Opens an archive after its directory was checked. Throws {@link ParseFailure}: BROKEN, ENCRYPTED, ZIP_BOMB. */
export async function openZip(path: string, limits: ZipLimits): Promise<Zip> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const entries = await readDirectory(file, size, limits)
    return createZip(file, entries, limits)
  } catch (error) {
    await file.close()
    throw error
  }
}

function createZip(file: FileHandle, entries: ReadonlyMap<string, ZipEntry>, limits: ZipLimits): Zip {
  let total = 0
  const find = (name: string): ZipEntry | undefined => entries.get(name.toLowerCase())
  async function* chunks(name: string): AsyncIterable<Uint8Array> {
    const entry = find(name)
    if (!entry) return
    let bytes = 0
    let sum = 0
    for await (const chunk of unpacked(file, entry)) {
      bytes += chunk.length
      total += chunk.length
      refuseTotal(total, limits)
      refuseRatio(entry.name, bytes, entry.packedBytes)
      sum = crc32(chunk, sum)
      yield chunk
    }
    if (sum !== entry.crc)
      throw new ParseFailure('BROKEN', `"${entry.name}" in the file is damaged: its checksum is wrong`)
  }
  return {
    has: name => find(name) !== undefined,
    names: () => Array.from(entries.values(), entry => entry.name),
    declaredBytes: name => find(name)?.unpackedBytes ?? 0,
    chunks,
    async bytes(name) {
      return Buffer.concat(await collect(chunks(name)))
    },
    close: () => file.close(),
  }
}

const LOCAL_HEADER_BYTES = 30
const SLICE_BYTES = 65_536

async function* unpacked(file: FileHandle, entry: ZipEntry): AsyncIterable<Uint8Array> {
  const header = await readAt(file, entry.offset, LOCAL_HEADER_BYTES)
  if (header.readUInt32LE(0) !== 0x04034b50) {
    throw new ParseFailure('BROKEN', `"${entry.name}" is not where the file's directory says`)
  }
  if (entry.packedBytes === 0) return
  const start = entry.offset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28)
  const packed = slices(file, start, start + entry.packedBytes)
  if (entry.method === 0) {
    yield* packed
    return
  }
  const inflate = createInflateRaw({ chunkSize: SLICE_BYTES })
  pipeline(packed, inflate, () => undefined)
  try {
    yield* inflate
  } catch (error) {
    throw new ParseFailure('BROKEN', `"${entry.name}" in the file cannot be unpacked: ${reasonOf(error)}`)
  } finally {
    inflate.destroy()
  }
}

async function* slices(file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to;) {
    const slice = Buffer.alloc(Math.min(SLICE_BYTES, to - at))
    const { bytesRead } = await file.read(slice, 0, slice.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield slice.subarray(0, bytesRead)
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
