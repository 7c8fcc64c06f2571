import { ParseFailure } from '../parsing/parser.ts'

export interface ZipLimits {
  /** Of all that is unpacked. */
  readonly unpackedBytes: number
}

const MOST_ENTRIES = 10_000
const MOST_RATIO = 200
/** Below this, nobody minds how well it was packed. */
const RATIO_FROM_BYTES = 20_000_000

export function refuseEntries(count: number): void {
  if (count <= MOST_ENTRIES) return
  throw bomb(`it holds ${figure(count)} files, at most ${figure(MOST_ENTRIES)} are unpacked`)
}

export function refuseTotal(bytes: number, { unpackedBytes }: ZipLimits): void {
  if (bytes <= unpackedBytes) return
  throw bomb(`it unpacks to ${figure(bytes)} bytes or more, at most ${figure(unpackedBytes)} are unpacked`)
}

export function refuseRatio(name: string, bytes: number, packedBytes: number): void {
  if (bytes <= RATIO_FROM_BYTES || bytes <= packedBytes * MOST_RATIO) return
  const packed = `"${name}" unpacks from ${figure(packedBytes)} bytes to ${figure(bytes)} or more`
  throw bomb(`${packed}, at most ${MOST_RATIO} times its size is allowed`)
}

export function refuseOverlap(packedBytes: number, fileBytes: number): void {
  if (packedBytes <= fileBytes) return
  throw bomb(`its files take ${figure(packedBytes)} bytes in an archive of ${figure(fileBytes)}: they overlap`)
}

export function refuseName(name: string): void {
  if (!name.split('/').includes('..')) return
  throw bomb(`"${name.slice(0, 200)}" names a file outside of the archive`)
}

function bomb(what: string): ParseFailure {
  return new ParseFailure('ZIP_BOMB', `the file is a zip archive that is not safe to unpack: ${what}`)
}

function figure(count: number): string {
  return count.toLocaleString('en')
}
