import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { highlight } from './highlight.ts'
import { readWords } from './words.ts'

/** The text with its highlights in brackets, and the words found. */
function mark(text: string, query: string) {
  const found = highlight(text, readWords(query))
  let marked = ''
  let at = 0
  for (const { from, to } of found.highlights) {
    marked += `${found.text.slice(at, from)}[${found.text.slice(from, to)}]`
    at = to
  }
  return { marked: marked + found.text.slice(at), words: found.words }
}

test.each([
  ['words of the query, in any case', 'The Bridge over the bridge.', 'bridge', 'The [Bridge] over the [bridge].'],
  [
    'their forms',
    'It runs, ran and was running: a runner’s stories.',
    'run story',
    'It [runs], ran and was [running]: a [runner]’s [stories].',
  ],
  ['accents or none', 'Un café à Orléans, et le cafe.', 'cafe orleans', 'Un [café] à [Orléans], et le [cafe].'],
  ['composed and not', 'Cafe\u0301 noir', 'café', '[Cafe\u0301] noir'],
  ['German forms', 'Häuser und ein Haus in der Straße', 'haus strasse', '[Häuser] und ein [Haus] in der [Straße]'],
  [
    'French forms',
    'Les chevaux mangent; le cheval mangeait.',
    'manger cheval',
    'Les [chevaux] [mangent]; le [cheval] [mangeait].',
  ],
  [
    'long common beginnings',
    'Photosynthetic cells do photosynthesis.',
    'photosynthesis',
    '[Photosynthetic] cells do [photosynthesis].',
  ],
  ['no small words', 'The art of the deal is an art.', 'what is the art of it', 'The [art] of the deal is an [art].'],
  [
    'what is small in another language only',
    'The war for fur: a hat, a dove',
    'war and fur hat dove',
    'The [war] for [fur]: a [hat], a [dove]',
  ],
  [
    'no small words of the query’s own language',
    'Der Krieg war lang, und wo war er?',
    'Wie lang war der Krieg?',
    'Der [Krieg] war [lang], und wo war er?',
  ],
  ['small words where there are no others', 'To be or not to be', 'to be', '[To] [be] or not [to] [be]'],
  [
    'no words that only begin alike',
    'The statue at the station has a statute.',
    'station',
    'The statue at the [station] has a statute.',
  ],
  ['numbers as they are', 'In 1984, not 1985 nor 19840.', '1984', 'In [1984], not 1985 nor 19840.'],
  ['scripts without spaces', '東京駅は東京にあります。', '東京の駅', '[東京]駅は[東京]にあります。'],
  ['one sign alone', '水は大切です。', '水', '[水]は大切です。'],
  ['Kana with and without marks', 'ガラスの靴', 'ガラス', '[ガラス]の靴'],
  ['Cyrillic and Greek', 'Москва и москва; Ἀθῆναι', 'москва αθηναι', '[Москва] и [москва]; [Ἀθῆναι]'],
])('highlights %s', (_, text, query, expected) => {
  expect(mark(text, query).marked).toBe(expected)
})

test.each([
  ['How do bees dance?', ''],
  ['waggle dance', ''],
  ['Wie tanzen die Bienen?', 'de'],
  ['Comment est la danse des abeilles ?', 'fr'],
  ['¿Cómo es el baile de las abejas?', 'es'],
  ['Come è la danza delle api?', 'it'],
  ['Hoe dansen de bijen op het veld?', 'nl'],
  ['Como é a dança das abelhas no campo?', 'pt'],
  ['die hard', ''],
  ['war, fur, hat', ''],
  ['', ''],
])('takes “%s” to be in “%s”', (query, language) => {
  expect(readWords(query).language).toBe(language)
})

test('tells the query’s words that are there, as they were typed', () => {
  expect(mark('Bridges of stone', 'Which bridge is of Stone or steel?').words).toEqual(['bridge', 'Stone'])
})

test('of a long text the piece with most different words is shown', () => {
  const filler = 'nothing to see here at all '.repeat(400)
  const { marked, words } = mark(`rome rome rome ${filler} rome built an aqueduct ${filler}`, 'rome aqueduct')
  expect(marked.length).toBeLessThan(2_100)
  expect(marked).toContain('[rome] built an [aqueduct]')
  expect(words).toEqual(['rome', 'aqueduct'])
})

test('any text and query: in order, inside, none over another, and quickly', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 60 }),
      (text, query) => {
        const found = highlight(text, readWords(query))
        let at = 0
        for (const { from, to } of found.highlights) {
          expect(from).toBeGreaterThanOrEqual(at)
          expect(to).toBeGreaterThan(from)
          at = to
        }
        expect(at).toBeLessThanOrEqual(found.text.length)
      },
    ),
    { numRuns: 300 },
  )
})

test('a long text of nothing but the query’s words takes no longer than its length', () => {
  const text = 'abcdefgh abcdefgi '.repeat(5_500)
  const query = Array.from({ length: 1_000 }, (_, index) => `abcdefgh${index}x`).join(' ')
  const found = highlight(text, readWords(`abcdefgh ${query}`.slice(0, 8_000)))
  expect(found.highlights).toHaveLength(200)
})
