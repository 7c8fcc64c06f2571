import { expect, test } from '@jest/globals'
import { createGate } from './gate.ts'

const never = new AbortController().signal
const settled = () => new Promise(resolve => setImmediate(resolve))

/** Notes who came in, in order. */
function watch(gate: ReturnType<typeof createGate>) {
  const inside: string[] = []
  const leave = new Map<string, () => void>()
  const enter = (user: string, name = user, signal = never) =>
    gate.enter('openai', user, signal).then(done => {
      inside.push(name)
      leave.set(name, done)
    })
  return { inside, enter, leave: (name: string) => leave.get(name)?.() }
}

test('without limits everybody comes in', async () => {
  const { inside, enter } = watch(createGate({ rate: 0, concurrency: 0, now: () => 0 }))
  await Promise.all(['a', 'b', 'c'].map(user => enter(user)))
  expect(inside).toEqual(['a', 'b', 'c'])
})

test('so many are inside at once, in each lane; leaving twice makes room once', async () => {
  const gate = createGate({ rate: 0, concurrency: 1, now: () => 0 })
  const { inside, enter, leave } = watch(gate)
  const all = [enter('a', 'a1'), enter('a', 'a2'), enter('a', 'a3')]
  await settled()
  expect(inside).toEqual(['a1'])
  const other = await gate.enter('mistral', 'a', never)
  other()
  leave('a1')
  leave('a1')
  await settled()
  expect(inside).toEqual(['a1', 'a2'])
  leave('a2')
  await Promise.all(all)
  expect(inside).toEqual(['a1', 'a2', 'a3'])
})

test('users come in by turns, however many of one of them wait', async () => {
  const { inside, enter, leave } = watch(createGate({ rate: 0, concurrency: 1, now: () => 0 }))
  await enter('a', 'a0')
  const waiting = ['a1', 'a2', 'a3'].map(name => enter('a', name))
  waiting.push(enter('b', 'b1'), enter('c', 'c1'), enter('b', 'b2'))
  for (const name of ['a0', 'a1', 'b1', 'c1', 'a2', 'b2']) {
    leave(name)
    await settled()
  }
  await Promise.all(waiting)
  expect(inside).toEqual(['a0', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
})

test('who leaves the queue makes no turn, and is told', async () => {
  const { inside, enter, leave } = watch(createGate({ rate: 0, concurrency: 1, now: () => 0 }))
  await enter('a')
  const abort = new AbortController()
  const gone = enter('b', 'b', abort.signal)
  const after = enter('c')
  abort.abort()
  await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' })
  leave('a')
  await after
  expect(inside).toEqual(['a', 'c'])
  await expect(enter('d', 'd', abort.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('so many begin in a minute; the next one waits until the first is a minute old', async () => {
  let now = 1_000_000
  const { inside, enter } = watch(createGate({ rate: 2, concurrency: 0, now: () => now }))
  await enter('a', 'a1')
  now += 30_000
  await enter('a', 'a2')
  const third = enter('b', 'b1')
  await settled()
  expect(inside).toEqual(['a1', 'a2'])
  // The clock is ours: only the wait for what is left of it is real.
  now += 29_990
  const fourth = enter('b', 'b2')
  now += 20
  await third
  expect(inside).toEqual(['a1', 'a2', 'b1'])
  now += 30_000
  const abort = new AbortController()
  const fifth = enter('c', 'c1', abort.signal)
  await fourth
  abort.abort()
  await expect(fifth).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(inside).toEqual(['a1', 'a2', 'b1', 'b2'])
})

test('more than ten thousand do not wait', async () => {
  const gate = createGate({ rate: 0, concurrency: 1, now: () => 0 })
  const abort = new AbortController()
  await gate.enter('openai', 'a', never)
  const waiting = Array.from({ length: 10_000 }, () => gate.enter('openai', 'a', abort.signal).catch(() => 'gone'))
  await expect(gate.enter('openai', 'b', never)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  abort.abort()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['gone']))
})
