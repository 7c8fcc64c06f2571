import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ignoringCase, problemsOfRegex, regexOf, replaceMatches, replaceTexts } from './regex.ts'

const of = (pattern: string, ignoreCase = false, multiline = false) => ({ pattern, ignoreCase, multiline })

// Patterns on which RE2 and JavaScript agree: no empty alternatives, no repeated groups.
const atom = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\d', '\\w', '(a)', '(b|c)')
const piece = fc
  .tuple(atom, fc.constantFrom('', '', '?', '+', '*?', '{1,2}'))
  .map(([one, times]) => (one.startsWith('(') ? one : one + times))
const pattern = fc.array(piece, { minLength: 1, maxLength: 5 }).map(all => all.join(''))
const text = fc.array(fc.constantFrom(...'abcAB01 \n'.split('')), { maxLength: 20 }).map(all => all.join(''))

describe('agrees with JavaScript', () => {
  test('on what matches', () => {
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        const matcher = regexOf(of(source)).matcher(given)
        const found: string[] = []
        while (matcher.find()) found.push(matcher.group(0) ?? '')
        expect(found).toEqual(Array.from(given.matchAll(new RegExp(source, 'g')), ([whole]) => whole))
      }),
      { numRuns: 1000 },
    )
  })

  test('on what a replacement makes of it', () => {
    const filling = fc.array(fc.constantFrom('x', '$1', '$2', '$$', '$', '-', '$0a', '\\', '$12'), { maxLength: 4 })
    fc.assert(
      fc.property(pattern, text, filling, fc.boolean(), (source, given, parts, all) => {
        const groups = new RegExp(`${source}|`).exec('')?.length ?? 1
        // In JavaScript $0 is a text; here it is the whole match.
        const by = parts.join('')
        fc.pre(!by.includes('$0') && groups >= 1)
        expect(replaceMatches(regexOf(of(source)), given, by, all)).toBe(
          given.replace(new RegExp(source, all ? 'g' : ''), by),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('on plain texts', () => {
    fc.assert(
      fc.property(
        text,
        fc.string({ minLength: 1, maxLength: 2 }),
        fc.string(),
        fc.boolean(),
        (given, find, by, all) => {
          expect(replaceTexts(find, given, by, all)).toBe(
            all ? given.replaceAll(find, () => by) : given.replace(find, () => by),
          )
        },
      ),
    )
    fc.assert(
      fc.property(text, fc.constantFrom('a', 'AB', 'b\n', '0'), (given, find) => {
        expect(replaceMatches(ignoringCase(find), given, '<>', true)).toBe(given.replace(new RegExp(find, 'gi'), '<>'))
      }),
    )
  })
})

test('a text that is searched for in small and capital letters holds no pattern', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), find => {
      expect(replaceMatches(ignoringCase(find), `${find}${find}`, 'x', true)).toBe('xx')
    }),
  )
})

test('a hostile pattern takes linear time', () => {
  // With back-tracking, 40 letters would take hours: this test would not end.
  expect(
    regexOf(of('^(a+)+$'))
      .matcher(`${'a'.repeat(100_000)}!`)
      .find(),
  ).toBe(false)
  expect(replaceMatches(regexOf(of('(a|a)*b')), 'a'.repeat(1000), 'x', true)).toBe('a'.repeat(1000))
})

test('any text is a pattern or has a problem', () => {
  const signs = fc
    .array(fc.constantFrom(...'ab()[]{}*+?|^$.\\-,:<>=!P1'.split('')), { maxLength: 12 })
    .map(all => all.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), signs), source => {
      const [problem] = problemsOfRegex(of(source))
      const answer = problem ? problem.message : regexOf(of(source)).matcher('aab').find()
      expect(typeof answer === 'boolean' || answer.startsWith('is not a regular expression (RE2): ')).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('a pattern that would take too much memory is a problem', () => {
  expect(problemsOfRegex(of('((a{1000}){1000}){1000}'))).toMatchObject([{ path: 'pattern' }])
  expect(problemsOfRegex(of('('.repeat(20_000) + ')'.repeat(20_000)))).toMatchObject([{ path: 'pattern' }])
})
