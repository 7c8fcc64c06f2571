import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Identity } from '#mesh/identity.ts'

/** Where a value is kept: whose it is, and under what. */
export interface Key {
  /** A user's id; `:` and the name of a service that calls for nobody. */
  readonly owner: string
  readonly namespace: string
  readonly key: string
}

const NAMESPACE = /^[a-z0-9.-]{1,64}$/
const MOST_CHARACTERS = 512
/** Years later nobody knows what it was. */
const MOST_TTL_MS = 366 * 86_400_000

/** What calls for nobody keeps its own. */
export function ownerOf({ user, service }: Identity): string {
  return user === '' ? `:${service}` : user
}

/** Throws INVALID_ARGUMENT with everything that is wrong with it. */
export function readKey(caller: Identity, { namespace, key }: { namespace: string; key: string }): Key {
  const problems = [...namespaceProblems(namespace), ...keyProblems(key)]
  if (problems.length > 0) throw invalid(problems)
  return { owner: ownerOf(caller), namespace, key }
}

/** The same where an empty key stands for the whole namespace. */
export function readKeyOrAll(caller: Identity, given: { namespace: string; key: string }): Key {
  if (given.key !== '') return readKey(caller, given)
  const problems = namespaceProblems(given.namespace)
  if (problems.length > 0) throw invalid(problems)
  return { owner: ownerOf(caller), namespace: given.namespace, key: '' }
}

/** How long it is kept: as asked, at most a year; where nothing is asked, as usual. */
export function readTtl(ttlMs: number, usualMs: number): number {
  return Math.min(ttlMs || usualMs, MOST_TTL_MS)
}

/** Throws INVALID_ARGUMENT where the value is larger than one may be. */
export function checkValue({ byteLength }: Uint8Array, mostBytes: number): void {
  if (byteLength > mostBytes)
    throw invalid([
      { path: 'value', message: `has ${byteLength} bytes: expected at most ${mostBytes} (CACHE_VALUE_BYTES)` },
    ])
}

/** One text for one key, and for no other. */
export function toId({ owner, namespace, key }: Key): string {
  return `${owner}\n${namespace}\n${key}`
}

function namespaceProblems(namespace: string): Problem[] {
  if (NAMESPACE.test(namespace)) return []
  const shown = JSON.stringify(namespace.slice(0, 80))
  return [{ path: 'namespace', message: `expected 1 to 64 characters of a-z, 0-9, "." and "-", got ${shown}` }]
}

function keyProblems(key: string): Problem[] {
  const wrong = (message: string) => [{ path: 'key', message }]
  if (key === '') return wrong('must not be empty')
  if (key.length > MOST_CHARACTERS) {
    let characters = 0
    for (const _ of key) characters++
    if (characters > MOST_CHARACTERS) return wrong(`expected at most ${MOST_CHARACTERS} characters, got ${characters}`)
  }
  if (key.includes('\0')) return wrong('holds a NUL character: expected a text without one')
  if (!key.isWellFormed()) return wrong('is not well-formed Unicode: half of a surrogate pair is missing')
  return []
}
