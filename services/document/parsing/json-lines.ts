import type { Block } from './parser.ts'

/** A value that takes more letters than that is told in parts, each under its name. */
const MOST_OF_BLOCK = 2000
const MOST_LEVELS = 32
const MOST_OF_VALUE = 2 ** 16

/** A value as blocks that can be read: `path: value` lines; large parts under a heading with their name, the objects of a list as a block each. */
export function* toBlocks(value: unknown, level = 1): Generator<Block> {
  if (Array.isArray(value)) {
    yield* ofList(value, level)
    return
  }
  if (typeof value !== 'object' || value === null) {
    yield* ofLines(linesOf(value, '', 0))
    return
  }
  const large: [string, unknown][] = []
  const small: string[] = []
  for (const [name, part] of Object.entries(value)) {
    const lines =
      typeof part === 'object' && part !== null && level < MOST_LEVELS ? linesOf(part, name, level) : undefined
    if (lines !== undefined && (holdsObjects(part) || lengthOf(lines) > MOST_OF_BLOCK)) large.push([name, part])
    else small.push(...(lines ?? linesOf(part, name, level)))
  }
  yield* ofLines(small)
  for (const [name, part] of large) {
    yield { kind: 'heading', level: Math.min(6, level) as 1, text: name }
    yield* toBlocks(part, level + 1)
  }
}

function* ofList(list: readonly unknown[], level: number): Generator<Block> {
  const plain: string[] = []
  for (const part of list) {
    if (typeof part !== 'object' || part === null) {
      plain.push(textOf(part))
      continue
    }
    if (plain.length > 0) yield* ofLines(plain.splice(0))
    yield* ofLines(linesOf(part, '', level))
  }
  yield* ofLines(plain)
}

/** One object with what is in it, as a block; more than one only where it is long. */
function* ofLines(lines: readonly string[]): Generator<Block> {
  let part: string[] = []
  let length = 0
  for (const line of lines) {
    if (length + line.length > MOST_OF_BLOCK && part.length > 0) {
      yield { kind: 'text', text: part.join('\n') }
      part = []
      length = 0
    }
    part.push(line)
    length += line.length + 1
  }
  if (part.length > 0) yield { kind: 'text', text: part.join('\n') }
}

/** A value as lines `path: value`. */
function linesOf(value: unknown, path: string, level: number): string[] {
  const lines: string[] = []
  addLines(lines, value, path, level)
  return lines
}

function addLines(lines: string[], value: unknown, path: string, level: number): void {
  if (typeof value !== 'object' || value === null) {
    if (value !== null && value !== '') lines.push(path === '' ? textOf(value) : `${path}: ${textOf(value)}`)
    return
  }
  if (level > MOST_LEVELS) return void lines.push(`${path}: …`)
  if (!Array.isArray(value)) {
    for (const [name, part] of Object.entries(value))
      addLines(lines, part, path === '' ? name : `${path}.${name}`, level + 1)
    return
  }
  const plain = value.filter(part => typeof part !== 'object' || part === null)
  if (plain.length > 0) lines.push(`${path === '' ? '' : `${path}: `}${plain.map(textOf).join(', ')}`)
  for (const [at, part] of value.entries())
    if (typeof part === 'object' && part !== null) addLines(lines, part, `${path}[${at}]`, level + 1)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MOST_OF_VALUE) : String(value)
}

function holdsObjects(value: unknown): boolean {
  return Array.isArray(value) && value.length > 1 && value.every(part => typeof part === 'object' && part !== null)
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0)
}
