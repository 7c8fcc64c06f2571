import { readSync } from 'node:fs'

const END_BYTES = 22 + 65_535
const MOST_OF_DIRECTORY = 4 * 2 ** 20
const MAIN_PARTS = [
  { type: 'docx', part: 'word/' },
  { type: 'pptx', part: 'ppt/' },
  { type: 'xlsx', part: 'xl/' },
] as const
const OTHERS = [
  { part: 'META-INF/container.xml', what: 'an EPUB book' },
  { part: 'content.xml', what: 'an OpenDocument file' },
  { part: 'AndroidManifest.xml', what: 'a program of Android' },
  { part: 'META-INF/MANIFEST.MF', what: 'a Java archive' },
]

/** Which format of Office a zip file is, by the names in its directory; `what`: another thing, in words; neither: its directory cannot be found. */
export function zipKind(file: number, sizeBytes: number): { type?: 'docx' | 'pptx' | 'xlsx'; what?: string } {
  const directory = readDirectory(file, sizeBytes)
  if (!directory) return {}
  const names = namesOf(directory)
  const main = MAIN_PARTS.find(({ part }) => names.some(name => name.startsWith(part)))
  if (main && names.includes('[Content_Types].xml')) return { type: main.type }
  return { what: OTHERS.find(({ part }) => names.includes(part))?.what ?? 'a zip archive' }
}

function readDirectory(file: number, sizeBytes: number): Buffer | undefined {
  const tail = Buffer.alloc(Math.min(sizeBytes, END_BYTES))
  readSync(file, tail, 0, tail.length, sizeBytes - tail.length)
  const end = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  if (end < 0 || end + 22 > tail.length) return undefined
  const size = tail.readUInt32LE(end + 12)
  const from = tail.readUInt32LE(end + 16)
  if (from + size > sizeBytes || size === 0) return undefined
  const directory = Buffer.alloc(Math.min(size, MOST_OF_DIRECTORY))
  readSync(file, directory, 0, directory.length, from)
  return directory
}

function namesOf(directory: Buffer): readonly string[] {
  const names: string[] = []
  let at = 0
  while (at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50) {
    const length = directory.readUInt16LE(at + 28)
    names.push(directory.toString('utf8', at + 46, at + 46 + length))
    at += 46 + length + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return names
}
