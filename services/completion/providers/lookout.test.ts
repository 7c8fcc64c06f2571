import { expect, test } from '@jest/globals'
import { openOpenAiServer } from '../openai-server.suite.ts'
import { createLookout } from './lookout.ts'

test('a server is there when it listens: looked for again after two seconds, believed for a minute', async () => {
  let now = 0
  const first = await openOpenAiServer()
  const lookout = createLookout(first.url, () => now)
  expect(await Promise.all([lookout.missing(), lookout.missing()])).toEqual([undefined, undefined])
  await first[Symbol.asyncDispose]()
  now += 59_000
  expect(await lookout.missing()).toBeUndefined()
  now += 2_000
  expect(await lookout.missing()).toBe(`nothing listens at ${first.url}`)
  const second = await openOpenAiServer(Number(new URL(first.url).port))
  now += 1_000
  expect(await lookout.missing()).toBe(`nothing listens at ${first.url}`)
  now += 2_000
  expect(await lookout.missing()).toBeUndefined()
  await second[Symbol.asyncDispose]()
})
