import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { keysSetting, newKeyBytes, readKeys, rewrap, seal, toInstanceKey, unseal } from './envelope.ts'

const [key, other] = [toInstanceKey(newKeyBytes()), toInstanceKey(newKeyBytes())]
const whose = { account: 'u_ada', name: 'OPENAI_API_KEY' }

test('every text comes back as it was, under another key too', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string(), fc.string(), (value, account, name) => {
      const envelope = seal(value, key, { account, name })
      expect(unseal(envelope, key, { account, name })).toBe(value)
      const renewed = rewrap(envelope, key, other, { account, name })
      expect(renewed && unseal(renewed, other, { account, name })).toBe(value)
      expect(renewed && unseal(renewed, key, { account, name })).toBeUndefined()
    }),
    { seed: 20_261_121, numRuns: 200 },
  )
})

test('the same value is stored otherwise each time', () => {
  const [one, two] = [seal('sk-1', key, whose), seal('sk-1', key, whose)]
  expect(one.value.equals(two.value)).toBe(false)
  expect(one.wrappedKey.equals(two.wrappedKey)).toBe(false)
  // Nonce and tag: 28 bytes.
  expect([one.value.length, one.wrappedKey.length]).toEqual([4 + 28, 32 + 28])
})

test('an envelope opens for its owner, its name and its key only', () => {
  const envelope = seal('sk-1', key, whose)
  expect(unseal(envelope, other, whose)).toBeUndefined()
  expect(unseal(envelope, { ...key, id: other.id }, whose)).toBeUndefined()
  expect(unseal(envelope, key, { ...whose, account: 'u_bob' })).toBeUndefined()
  expect(unseal(envelope, key, { ...whose, name: 'OPENAI_API_KEY2' })).toBeUndefined()
  expect(rewrap(envelope, other, key, whose)).toBeUndefined()
})

test('an envelope of which any bit was changed, or any byte is missing, does not open', () => {
  const envelope = seal('sk-1', key, whose)
  for (const part of ['wrappedKey', 'value'] as const) {
    const bytes = envelope[part]
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(unseal({ ...envelope, [part]: changed }, key, whose)).toBeUndefined()
    }
    for (let length = 0; length < bytes.length; length++)
      expect(unseal({ ...envelope, [part]: bytes.subarray(0, length) }, key, whose)).toBeUndefined()
  }
})

test('parts of two envelopes do not make a third', () => {
  const [one, two] = [seal('sk-1', key, whose), seal('sk-2', key, whose)]
  expect(unseal({ ...one, value: two.value }, key, whose)).toBeUndefined()
})

test('SECRETS_KEY holds one key or several, in either alphabet of base64', () => {
  const setting = keysSetting('')
  const [first, second] = [randomBytes(32), randomBytes(32)]
  const given = `${first.toString('base64')}, ${second.toString('base64url')},`
  expect(setting.parse(given)).toEqual({ value: given })
  expect(readKeys(given).map(({ bytes }) => bytes)).toEqual([first, second])
  expect(readKeys('')).toEqual([])
})

test('what is no key is refused by its place, without being quoted', () => {
  const right = randomBytes(32).toString('base64')
  const expected = 'expected base64 of 32 bytes, or several with commas between; wrong'
  const given: [string, string][] = [
    ['password', `${expected}: 1`],
    [
      `${right},${randomBytes(31).toString('base64')},${right},${randomBytes(33).toString('base64')}`,
      `${expected}: 2, 4`,
    ],
    [`${right}!`, `${expected}: 1`],
    [',', `${expected}: all`],
  ]
  for (const [text, problem] of given) expect(keysSetting('').parse(text)).toEqual({ problem })
})

test('the id of a key tells nothing of it', () => {
  expect(key.id).toMatch(/^[A-Za-z0-9_-]{16}$/)
  expect(toInstanceKey(key.bytes).id).toBe(key.id)
  for (const encoding of ['base64', 'base64url', 'hex'] as const)
    expect(key.bytes.toString(encoding)).not.toContain(key.id.slice(0, 8))
})
