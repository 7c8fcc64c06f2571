import { expect, test } from '@jest/globals'
import { inTurn } from './in-turn.ts'

const never = new AbortController().signal

test('what is ready early waits for what was begun before it, in its own queue only', async () => {
  const owner = {}
  const [first, second, other] = [1, 2, 3].map(() => Promise.withResolvers<string>())
  const order: string[] = []
  const all = [
    inTurn(owner, 'a', never, first?.promise ?? Promise.resolve('')),
    inTurn(owner, 'a', never, second?.promise ?? Promise.resolve('')),
    inTurn(owner, 'b', never, other?.promise ?? Promise.resolve('')),
  ].map(async one => order.push(await one))
  second?.resolve('second')
  other?.resolve('other')
  await all[2]
  expect(order).toEqual(['other'])
  first?.resolve('first')
  await Promise.all(all)
  expect(order).toEqual(['other', 'first', 'second'])
})

test('a failure is its own only: what comes after goes on', async () => {
  const owner = {}
  const failed = inTurn(owner, 'a', never, Promise.reject(new Error('no')))
  const next = inTurn(owner, 'a', never, Promise.resolve('next'))
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('next')
})

test('who is aborted does not wait any longer, and lets nobody overtake', async () => {
  const owner = {}
  const stuck = Promise.withResolvers<string>()
  const abort = new AbortController()
  const first = inTurn(owner, 'a', never, stuck.promise)
  const second = inTurn(owner, 'a', abort.signal, Promise.resolve('second'))
  abort.abort(new Error('given up'))
  await expect(second).rejects.toThrow('given up')
  const order: string[] = []
  const third = inTurn(owner, 'a', never, Promise.resolve('third')).then(one => order.push(one))
  void first.then(one => order.push(one))
  await new Promise(resolve => setImmediate(resolve))
  expect(order).toEqual([])
  stuck.resolve('first')
  expect(await first).toBe('first')
  await third
  expect(order).toEqual(['first', 'third'])
  await expect(inTurn(owner, 'a', abort.signal, Promise.resolve('fourth'))).rejects.toThrow('given up')
})
