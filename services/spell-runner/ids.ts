import { randomUUID } from 'node:crypto'

/** A new id that nobody can guess: the prefix and 122 random bits, within `^[A-Za-z0-9_-]{1,64}$`. Node draws those of UUIDs in advance. */
export function newId(prefix: 's' | 'r'): string {
  return `${prefix}_${Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')}`
}

/** Whether this can be an id at all: another text is no row's, and the database may not even take it. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}
