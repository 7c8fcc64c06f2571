import { createHash } from 'node:crypto'

/** What the standard security handler makes of a password (PDF 1.7, 7.6.3: revision 3, RC4 with 128 bits). */
export interface PdfKeys {
  readonly key: Uint8Array
  /** For the trailer's `/Encrypt`. */
  readonly dictionary: string
}

const PADDING = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex')
const PERMISSIONS = -4
const OWNER = 'the owner knows another one'

export function keysOf(password: string, fileId: Uint8Array): PdfKeys {
  const owner = rounds(digests(md5(padded(OWNER)), 50), padded(password))
  const permissions = Buffer.alloc(4)
  permissions.writeInt32LE(PERMISSIONS)
  const key = digests(md5(padded(password), owner, permissions, fileId), 50)
  const user = Buffer.concat([rounds(key, md5(PADDING, fileId)), Buffer.alloc(16)])
  const values = `/O <${Buffer.from(owner).toString('hex')}> /U <${user.toString('hex')}> /P ${PERMISSIONS}`
  return { key, dictionary: `<< /Filter /Standard /V 2 /R 3 /Length 128 ${values} >>` }
}

/** RC4, which today's OpenSSL has no more. */
export function rc4(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index)
  const at = (index: number): number => state[index & 255] ?? 0
  const swap = (a: number, b: number): void => {
    ;[state[a & 255], state[b & 255]] = [at(b), at(a)]
  }
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + at(i) + (key[i % key.length] ?? 0)) & 255
    swap(i, j)
  }
  let j = 0
  return bytes.map((byte, index) => {
    const i = (index + 1) & 255
    j = (j + at(i)) & 255
    swap(i, j)
    return byte ^ at(at(i) + at(j))
  })
}

function padded(password: string): Buffer {
  return Buffer.concat([Buffer.from(password, 'latin1'), PADDING]).subarray(0, 32)
}

function md5(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function digests(first: Uint8Array, times: number): Uint8Array {
  return Array.from({ length: times }).reduce<Uint8Array>(digest => md5(digest), first)
}

function rounds(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return Array.from({ length: 20 }).reduce<Uint8Array>(
    (sealed, _, round) =>
      rc4(
        key.map(byte => byte ^ round),
        sealed,
      ),
    bytes,
  )
}
