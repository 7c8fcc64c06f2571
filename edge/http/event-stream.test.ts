import { expect, test } from '@jest/globals'
import { createLog } from '#mesh/log.ts'
import { eventStream } from './event-stream.ts'

async function* texts() {
  yield 'data: 1\n\n'
  await new Promise(() => {})
}

test('a stream begins when somebody reads it, and ends when they leave', async () => {
  let streams = 0
  const open = () =>
    eventStream(texts(), {
      log: createLog('silent'),
      signal: new AbortController().signal,
      about: 'things',
      onStream: change => void (streams += change),
    })
  // The answer to a HEAD: nobody reads its body.
  const unread = open()
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(streams).toBe(0)
  await unread.body?.cancel()
  const reader = open().body?.getReader()
  const read = async () => Buffer.from((await reader?.read())?.value ?? []).toString()
  expect(await read()).toBe(': things\nretry: 1000\n\n')
  expect(streams).toBe(1)
  expect(await read()).toBe('data: 1\n\n')
  void reader?.cancel()
  expect(streams).toBe(0)
})
