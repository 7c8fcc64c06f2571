import { expect, test } from '@jest/globals'
import { createGate } from './gate.ts'

test('lets so many work at once, the others in their order, whatever becomes of those before', async () => {
  const gate = createGate(3)
  const order: number[] = []
  let [working, most] = [0, 0]
  const all = Array.from({ length: 5_000 }, (_, index) =>
    gate(async () => {
      most = Math.max(most, ++working)
      order.push(index)
      await Promise.resolve()
      working--
      if (index % 7 === 0) throw new Error(`no ${index}`)
      return index
    }),
  )
  const ended = await Promise.allSettled(all)
  expect(ended.map(one => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message))).toEqual(
    ended.map((_, index) => (index % 7 === 0 ? `no ${index}` : index)),
  )
  expect(order).toEqual(ended.map((_, index) => index))
  expect(most).toBe(3)
  expect(await gate(() => Promise.resolve('again'))).toBe('again')
})
