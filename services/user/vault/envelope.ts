import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import type { Setting } from '#mesh/settings.ts'
import { secret } from '#mesh/settings.ts'

/** A key of the instance, and the name by which rows tell it from others. */
export interface InstanceKey {
  readonly id: string
  readonly bytes: Buffer
}

/** What is stored of a value: it is encrypted with a key of its own, and that one with the instance's. */
export interface Envelope {
  readonly keyId: string
  readonly wrappedKey: Buffer
  readonly value: Buffer
}

/** Whose value it is. Envelopes open for the same owner and name only. */
export interface Belonging {
  readonly account: string
  readonly name: string
}

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/** Encrypts by AES-256-GCM. */
export function seal(value: string, key: InstanceKey, whose: Belonging): Envelope {
  const own = randomBytes(KEY_BYTES)
  return {
    keyId: key.id,
    wrappedKey: encrypt(own, key.bytes, describe('key', whose, key.id)),
    value: encrypt(Buffer.from(value), own, describe('value', whose)),
  }
}

/** Decrypts. Undefined: this is not the key, or what is stored was changed. */
export function unseal(envelope: Envelope, key: InstanceKey, whose: Belonging): string | undefined {
  const own = decrypt(envelope.wrappedKey, key.bytes, describe('key', whose, key.id))
  return own && decrypt(envelope.value, own, describe('value', whose))?.toString()
}

/** The same value under another key of the instance. */
export function rewrap(envelope: Envelope, from: InstanceKey, to: InstanceKey, whose: Belonging): Envelope | undefined {
  const own = decrypt(envelope.wrappedKey, from.bytes, describe('key', whose, from.id))
  return own && { ...envelope, keyId: to.id, wrappedKey: encrypt(own, to.bytes, describe('key', whose, to.id)) }
}

/** A key from its bytes. Its id tells nothing of it. */
export function toInstanceKey(bytes: Uint8Array): InstanceKey {
  const id = createHash('sha256').update('spellmesh instance key').update(bytes).digest('base64url').slice(0, 16)
  return { id, bytes: Buffer.from(bytes) }
}

/** A new key's bytes. */
export function newKeyBytes(): Buffer {
  return randomBytes(KEY_BYTES)
}

/** The setting that holds keys of the instance: base64 of 32 bytes each, with commas between. */
export function keysSetting(about: string): Setting<string> {
  return {
    ...secret(about),
    parse: given => {
      const texts = splitKeys(given)
      const wrong = texts.flatMap((text, index) => (readKey(text) ? [] : [index + 1]))
      if (texts.length > 0 && wrong.length === 0) return { value: given }
      return {
        problem: `expected base64 of ${KEY_BYTES} bytes, or several with commas between; wrong: ${wrong.join(', ') || 'all'}`,
      }
    },
  }
}

/** The keys of such a setting, the one that encrypts first. */
export function readKeys(setting: string): InstanceKey[] {
  return splitKeys(setting).flatMap(text => {
    const bytes = readKey(text)
    return bytes ? [toInstanceKey(bytes)] : []
  })
}

function splitKeys(setting: string): string[] {
  return setting
    .split(',')
    .map(text => text.trim())
    .filter(text => text !== '')
}

function readKey(text: string): Buffer | undefined {
  const bytes = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
  return bytes.length === KEY_BYTES ? bytes : undefined
}

/** What is authenticated beside the bytes: an envelope in another row, or under another key's id, does not open. */
function describe(part: 'key' | 'value', { account, name }: Belonging, keyId = ''): Buffer {
  return Buffer.from(JSON.stringify(['spellmesh secret 1', part, account, name, keyId]))
}

/** Nonce, ciphertext, tag. */
function encrypt(plain: Buffer, key: Buffer, also: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(also)
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function decrypt(sealed: Uint8Array, key: Buffer, also: Buffer): Buffer | undefined {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined
  const iv = sealed.subarray(0, IV_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(also)
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
  } catch {
    // Another key, or another row's.
    return undefined
  }
}
