import { expect, test } from '@jest/globals'
import type { Found } from '../catalogue.ts'
import { embedLexically } from '../providers/local-embed.ts'
import { createBatches } from './batches.ts'
import type { Wish } from './batches.ts'

const never = new AbortController().signal

/** Asks the lexical model, and writes down what it was asked. */
function openBatches() {
  const asked: (readonly string[])[] = []
  const batches = createBatches(async wish => {
    asked.push(wish.texts)
    return embedLexically({ model: 'lexical', ...wish, dimensions: wish.dimensions ?? 16 }, wish)
  })
  const wish = (
    texts: readonly string[],
    { user = 'ada', key = '', ...more }: Partial<Wish> & { user?: string; key?: string } = {},
  ) => batches({ found: foundFor(user, key), texts, dimensions: undefined, signal: never, ...more })
  return { asked, wish }
}

function foundFor(user: string, key: string): Found {
  const call = { signal: never, key, options: { caller: { user, service: 'completion' } } }
  const provider = { needsKey: false, models: async () => [], async *complete() {} }
  return { id: 'local/lexical', name: 'local', model: 'lexical', provider, call, figures: undefined }
}

test('wishes of one turn go together; the same text once, on the account of who asked first', async () => {
  const { asked, wish } = openBatches()
  const granted = await Promise.all([wish(['one two', 'both', 'both']), wish(['both', 'three']), wish(['both'])])
  expect(asked).toEqual([['one two', 'both', 'three']])
  const alone = await embedLexically({ model: 'lexical', texts: ['both', 'three'], dimensions: 16 }, { signal: never })
  expect(granted[1].vectors).toEqual(alone.vectors)
  expect(granted[0].vectors[2]).toEqual(alone.vectors[0])
  // Four words: shared out by lengths, 13 of 19 to the first, 6 to the second, none to the third.
  expect(granted.map(({ usage }) => usage.inputTokens)).toEqual([3, 1, 0])
})

test('wishes of another user, key, size or turn go alone', async () => {
  const { asked, wish } = openBatches()
  await Promise.all([
    wish(['a']),
    wish(['a'], { user: 'bob' }),
    wish(['a'], { key: 'sk' }),
    wish(['a'], { dimensions: 8 }),
  ])
  await wish(['a'])
  expect(asked).toEqual([['a'], ['a'], ['a'], ['a'], ['a']])
})

test('a batch has room for 256 texts', async () => {
  const { asked, wish } = openBatches()
  const texts = (from: number, count: number) => Array.from({ length: count }, (_, index) => String(from + index))
  await Promise.all([wish(texts(0, 200)), wish(texts(200, 56)), wish(texts(300, 1))])
  expect(asked.map(({ length }) => length)).toEqual([256, 1])
})

test('all of a batch are told of its failure, and who leaves is told at once', async () => {
  const batches = createBatches(async ({ signal }) => {
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    throw new Error('left by all')
  })
  const leave = [new AbortController(), new AbortController()]
  const wishes = leave.map(({ signal }) =>
    batches({ found: foundFor('ada', ''), texts: ['a'], dimensions: undefined, signal }).catch(
      (error: unknown) => error,
    ),
  )
  leave[0]?.abort()
  expect(await wishes[0]).toMatchObject({ code: 'CANCELLED' })
  leave[1]?.abort()
  expect(await wishes[1]).toMatchObject({ code: 'CANCELLED' })
  const failing = createBatches(async () => {
    throw new Error('broken')
  })
  const both = ['a', 'b'].map(text =>
    failing({ found: foundFor('ada', ''), texts: [text], dimensions: undefined, signal: never }).catch(String),
  )
  expect(await Promise.all(both)).toEqual(['Error: broken', 'Error: broken'])
})
