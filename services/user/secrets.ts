import { createHash, randomBytes } from 'node:crypto'

/** A new secret of 32 bytes, base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is stored of a secret. Its 256 random bits need no slow hash. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** A new account's id. */
export function newAccountId(): string {
  return `u_${randomBytes(12).toString('base64url')}`
}
