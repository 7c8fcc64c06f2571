import { randomUUID } from 'node:crypto'

/** A new id that nobody can guess: the prefix and 122 random bits, within `^[A-Za-z0-9_-]{1,64}$`. Node draws those of UUIDs in advance. */
export function newId(prefix: string): string {
  return `${prefix}_${Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')}`
}
