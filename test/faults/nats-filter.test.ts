import { expect, test } from '@jest/globals'
import { NO_MISCHIEF, natsFilter } from './nats-filter.ts'
import { createRandom } from './random.ts'

const message = (text: string) => `MSG ev.v1.a 1 ${text.length}\r\n${text}\r\n`
/** What comes out, where the stream comes in pieces of so many bytes. */
function through(text: string, bytes: number, mischief = NO_MISCHIEF) {
  let tricks = 0
  const filter = natsFilter(
    createRandom(7),
    () => mischief,
    () => void tricks++,
  )
  const given = Buffer.from(text)
  let out = ''
  for (let at = 0; at < given.length; at += bytes) out += filter(given.subarray(at, at + bytes)).toString()
  return { out, tricks }
}
const messages = Array.from({ length: 60 }, (_, index) => message(`m${index} MSG x 1 2\r\n`))
const stream = `INFO {"a":1}\r\nPING\r\n${messages.join('')}HMSG s 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPONG\r\n`
const texts = (out: string) => [...out.matchAll(/\r\nm(\d+) /g)].map(found => Number(found[1]))

test.each([1, 7, 100_000])('what comes in pieces of %i bytes goes through unchanged without mischief', bytes => {
  expect(through(stream, bytes)).toEqual({ out: stream, tricks: 0 })
})

test('messages come twice, late, in another order, and not at all; everything else stays', () => {
  const twice = texts(through(stream, 50, { twice: 1, late: 0, never: 0 }).out)
  expect(twice).toEqual(messages.flatMap((_, index) => [index, index]))
  const { out, tricks } = through(stream, 50, { twice: 0, late: 0.3, never: 0 })
  expect(tricks).toBeGreaterThan(5)
  expect(texts(out)).not.toEqual(texts(out).toSorted((a, b) => a - b))
  expect(new Set(texts(out)).size).toBe(texts(out).length)
  expect(texts(through(stream, 50, { twice: 0, late: 0, never: 1 }).out)).toEqual([])
  expect(out).toContain('PING\r\n')
  expect(out.endsWith('PONG\r\n')).toBe(true)
})
