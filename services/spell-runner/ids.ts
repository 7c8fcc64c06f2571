import { randomBytes } from 'node:crypto'

/** A new id that nobody can guess: the prefix and 120 random bits, within `^[A-Za-z0-9_-]{1,64}$`. */
export function newId(prefix: 's' | 'r'): string {
  return `${prefix}_${randomBytes(15).toString('base64url')}`
}
