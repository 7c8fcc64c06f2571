import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createMemoryBus } from './bus-memory.ts'
import { subject } from './bus.ts'
import { createLog } from './log.ts'

const SEED = 20_261_121
const GOOD = new Set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')
const isGood = (token: string) =>
  token.length >= 1 && token.length <= 64 && Array.from(token).every(one => GOOD.has(one))
/** Tokens of which many are nearly right. */
const TOKEN = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.string({ unit: fc.constantFrom(...GOOD), maxLength: 66 }),
  fc
    .tuple(
      fc.string({ unit: fc.constantFrom(...GOOD), maxLength: 30 }),
      fc.constantFrom(
        '*',
        '>',
        '.',
        ' ',
        '\t',
        '\n',
        '\r',
        '\r\n',
        '\0',
        '\u2028',
        '\ufeff',
        'é',
        'ı',
        '\ud800',
        '😀',
        '$',
        '/',
        '',
      ),
      fc.string({ unit: fc.constantFrom(...GOOD), maxLength: 30 }),
    )
    .map(parts => parts.join('')),
)

function joined(tokens: readonly string[]): string | undefined {
  try {
    return subject('ev.v1', ...tokens)
  } catch {
    return undefined
  }
}

test('what could be read as another subject becomes none', () => {
  for (const token of [
    '',
    '*',
    '>',
    '.',
    'a.b',
    'a.*',
    'a.>',
    ' ',
    'a ',
    ' a',
    'a\tb',
    'a\n',
    '\na',
    'a\r\nPUB x 1',
    'a\0',
    'a'.repeat(65),
    'é',
    '_INBOX.x',
    '$SYS.x',
  ])
    expect([token, joined(['user', token, 'run'])]).toEqual([token, undefined])
  expect(joined(['user', 'spell-1', 'Run_2', 'a'.repeat(64)])).toBe(`ev.v1.user.spell-1.Run_2.${'a'.repeat(64)}`)
})

test('tokens make a subject exactly when each is of letters, digits, _ and -, at most 64', () => {
  fc.assert(
    fc.property(fc.array(TOKEN, { minLength: 1, maxLength: 4 }), tokens => {
      expect(joined(tokens)).toBe(tokens.every(isGood) ? `ev.v1.${tokens.join('.')}` : undefined)
    }),
    { numRuns: 2_000, seed: SEED },
  )
})

test('a subject that was made reaches whoever listens for it, and nobody else', async () => {
  const good = fc.string({ unit: fc.constantFrom(...GOOD), minLength: 1, maxLength: 64 })
  await fc.assert(
    fc.asyncProperty(good, good, good, async (user, spell, other) => {
      fc.pre(user !== other)
      await using bus = createMemoryBus(createLog('silent'))
      const heard: string[] = []
      bus.subscribe(subject('ev.v1', user, spell), () => void heard.push('exactly'))
      bus.subscribe(subject('ev.v1', other, spell), () => void heard.push('another'))
      bus.subscribe(`${subject('ev.v1', user)}.*`, () => void heard.push('one token'))
      bus.subscribe(`${subject('ev.v1', user)}.*.*`, () => void heard.push('two tokens'))
      bus.subscribe('ev.v1.>', () => void heard.push('all'))
      bus.publish(subject('ev.v1', user, spell), new Uint8Array())
      await new Promise(resolve => setImmediate(resolve))
      expect(heard.toSorted()).toEqual(['all', 'exactly', 'one token'])
    }),
    { numRuns: 200, seed: SEED },
  )
})
