import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { idsOf, object, storeOf } from '../kit.suite.ts'
import type { Store } from '../kit.suite.ts'

let system: TestSystem
let store: Store
beforeAll(async () => {
  system = await embedded({ services: ['weaviate'] })
  store = storeOf('ada', system)
  await store.ensureCollection({ collection: 'things', dimensions: 0 })
  await store.upsert({
    collection: 'things',
    objects: [
      object('run', 'She runs every morning', { language: 'en' }),
      object('runner', 'A study of runners and of running', { language: 'en' }),
      object('house', 'Die Häuser am Hafen waren alt', { language: 'de' }),
      object('cafe', 'Un café près de la gare', { language: 'fr' }),
      object('tokyo', '東京都庁は新宿にあります', { language: 'ja' }),
      object('plain', 'Ships sail to the islands'),
      object('what', 'What is it that they are', { language: 'en' }),
      ...Array.from({ length: 30 }, (_, index) => object(`other${index}`, `a filler of no interest ${index}`)),
    ],
  })
})
afterAll(async () => system.stop())

const ask = async (text: string, language = '') =>
  idsOf((await store.query({ collection: 'things', mode: 'keyword', text, language })).found)

/** As many different words as fit: of letters from a place in Unicode on. */
function differentWords(first: number, letters: number, length: number): string {
  let [text, index] = ['', 0]
  for (; text.length < 100_000 - length - 1; index++) {
    let rest = index
    for (let at = 0; at < length; at++) {
      text += String.fromCodePoint(first + (rest % letters))
      rest = Math.floor(rest / letters)
    }
    text += ' '
  }
  return text
}

test('texts as long as the contract lets them are taken, whatever words they have', async () => {
  const texts = {
    latin: ['en', differentWords(0x61, 26, 4)],
    russian: ['ru', differentWords(0x430, 32, 4)],
    tamil: ['ta', differentWords(0xb95, 8, 6)],
    han: ['zh', differentWords(0x4e00, 10_000, 1).replaceAll(' ', '')],
    outside: ['', differentWords(0x10400, 40, 3)],
    one: ['en', 'running '.repeat(12_500)],
  } as const
  const objects = Object.entries(texts).map(([id, [language, text]]) => object(`long ${id}`, text, { language }))
  await store.ensureCollection({ collection: 'long' })
  const call = { deadlineMs: 60_000 }
  expect(await store.upsert({ collection: 'long', objects }, call)).toEqual({ stored: 6, problems: [], waiting: 0 })
  const { found } = await store.query({ collection: 'long', mode: 'keyword', text: 'runs' }, call)
  expect(idsOf(found)).toEqual(['long one'])
})

describe('forms of words', () => {
  test.each([
    ['running', 'en', ['runner', 'run']],
    ['run', '', ['run', 'runner']],
    ['Haus', 'de', ['house']],
    ['hauser', 'de', ['house']],
    ['CAFE', '', ['cafe']],
    ['cafés', 'fr', ['cafe']],
    ['東京', '', ['tokyo']],
    ['新宿に', 'ja', ['tokyo']],
    ['ships', '', ['plain']],
    ['boats', '', []],
  ])('%s (%s) finds %j', async (text, language, ids) => {
    expect(await ask(text, language)).toEqual(ids)
  })

  test('words that say nothing in their language do not count, unless there is no other', async () => {
    expect(await ask('what is a runner')).toEqual(expect.not.arrayContaining(['what']))
    expect(await ask('what is it', 'en')).toEqual(['what'])
  })

  test('what is exactly the word comes before its other forms', async () => {
    expect((await ask('runs', 'en'))[0]).toBe('run')
  })

  test('signs of the database’s own language of queries are nothing', async () => {
    expect(await ask("run' | !morning:* & <-> \\ ' (")).toEqual(expect.arrayContaining(['run']))
    expect(await ask('&|!():*<->')).toEqual([])
  })
})
