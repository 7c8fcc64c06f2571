import { denied, invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Identity } from '#mesh/identity.ts'
import { foldName } from './names.ts'
import type { Json, JsonObject } from './state.ts'

export const ATTRIBUTES_BYTES = 65_536
export const MOST_ALIASES = 50
const MOST_LEVELS = 32
const LATEST = 8_640_000_000_000_000

const ID = /^[A-Za-z0-9_-]{1,64}$/
const KIND = /^[a-z][a-z0-9_-]{0,31}$/
const RELATION_KIND = /^[a-z][a-z0-9_-]{0,63}$/

/** Collects everything that is wrong with a request. */
export interface Checks {
  refuse(path: string, message: string): void
  id(path: string, value: string): void
  kind(path: string, value: string): void
  relationKind(path: string, value: string): void
  /** A text that can be kept, of so many characters. */
  text(path: string, value: string, limits: { least?: number; most: number }): void
  /** What people are called. */
  name(path: string, value: string): void
  /** A time, or 0. */
  time(path: string, value: number): void
  /** A JSON object; undefined: none was given, or it is none. */
  object(path: string, bytes: Uint8Array): JsonObject | undefined
  /** How many: as asked, at most `most`; where nothing is asked, `usual`. */
  limit(value: number, sizes: { usual: number; most: number }): number
  /** Throws INVALID_ARGUMENT with all of it. */
  end(): void
}

export function createChecks(): Checks {
  const problems: Problem[] = []
  const refuse: Checks['refuse'] = (path, message) => void problems.push({ path, message })
  const pattern = (expression: RegExp, expected: string) => (path: string, value: string) =>
    void (expression.test(value) || refuse(path, `expected ${expected}, got ${shown(value)}`))
  const checks: Checks = {
    refuse,
    id: pattern(ID, '1 to 64 characters of A-Z, a-z, 0-9, "_" and "-"'),
    kind: pattern(KIND, 'a word of 1 to 32 characters of a-z, 0-9, "_" and "-", a letter first'),
    relationKind: pattern(RELATION_KIND, 'a word of 1 to 64 characters of a-z, 0-9, "_" and "-", a letter first'),
    text(path, value, { least = 0, most }) {
      const length = lengthOf(value)
      if (length > most) refuse(path, `has ${length} characters: at most ${most}`)
      else if (length < least) refuse(path, 'must not be empty')
      else if (!isKeepable(value)) refuse(path, UNKEEPABLE)
    },
    name(path, value) {
      checks.text(path, value, { least: 1, most: 200 })
      if (value !== '' && lengthOf(value) <= 200 && foldName(value) === '')
        refuse(path, `nothing can be read of ${shown(value)}: expected a letter, a digit or a sign`)
    },
    time(path, value) {
      if (value > LATEST) refuse(path, `${value} is no time: expected milliseconds since 1970`)
    },
    object(path, bytes) {
      if (bytes.length === 0) return undefined
      if (bytes.length > ATTRIBUTES_BYTES)
        return void refuse(path, `has ${bytes.length} bytes: at most ${ATTRIBUTES_BYTES}`)
      const read = readObject(bytes)
      return typeof read === 'string' ? void refuse(path, read) : read
    },
    limit: (value, { usual, most }) => Math.min(value || usual, most),
    end() {
      if (problems.length > 0) throw invalid(problems)
    },
  }
  return checks
}

/** Whose entities a call is about. */
export function ownerOf({ user }: Identity): string {
  if (user === '') throw denied('entities are a user’s: this call is nobody’s')
  return user
}

const UNKEEPABLE = 'holds a NUL character or half of a surrogate pair: expected a text without'

function isKeepable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

function lengthOf(text: string): number {
  let length = 0
  for (const _ of text) length++
  return length
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 80))

/** The object, or what is wrong with it. */
function readObject(bytes: Uint8Array): JsonObject | string {
  let value: Json
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (levelsOf(text) > MOST_LEVELS) return `is nested in more than ${MOST_LEVELS} levels`
    value = JSON.parse(text) as Json
  } catch (error) {
    return `is not JSON: ${error instanceof Error ? error.message : String(error)}`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `expected a JSON object, got ${value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`}`
  return problemOf(value) ?? (value as JsonObject)
}

/** A JSON text's value; what is none, or none that can be kept, is a text itself. */
export function readJsonOrText(text: string): Json {
  if (levelsOf(text) > MOST_LEVELS) return text
  try {
    const value = JSON.parse(text) as Json
    return problemOf(value) === undefined ? value : text
  } catch {
    return text
  }
}

/** How deep its brackets go; those within texts do not count. */
function levelsOf(text: string): number {
  let level = 0
  let most = 0
  let isText = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (isText && character === '\\') index++
    else if (character === '"') isText = !isText
    else if (!isText && (character === '{' || character === '[')) most = Math.max(most, ++level)
    else if (!isText && (character === '}' || character === ']')) level--
  }
  return most
}

function problemOf(value: Json): string | undefined {
  if (typeof value === 'string') return isKeepable(value) ? undefined : UNKEEPABLE
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'holds a number that is too large'
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const problem = isKeepable(key) ? problemOf(inner) : UNKEEPABLE
    if (problem) return problem
  }
  return undefined
}
