import { expect, test } from '@jest/globals'
import { checkOutcome } from './contender.ts'
import type { Contender, Shape } from './contender.ts'
import { contender as byHand } from './contenders/by-hand.ts'
import { contender as ours } from './contenders/ours.ts'
import { contender as rivet } from './contenders/rivet.ts'

// The other peers are installed by the benchmark alone; every one of their runs is checked there in the same way.
const shapes: readonly Shape[] = [
  { kind: 'chain', count: 20 },
  { kind: 'fan', count: 20 },
  { kind: 'loop', count: 3, times: 7 },
]

test.each([ours, byHand, rivet])('$name does all the work of every shape, each time', async contender => {
  for (const shape of shapes) {
    const job = await contender.open(shape)
    for (let i = 0; i < 3; i++) checkOutcome(shape, await job())
  }
  expect(await (await contender.open({ kind: 'loop', count: 3, times: 7 }))()).toEqual({ steps: 21, last: 9 })
})

test.each([ours, byHand, rivet])('$name keeps runs apart that wait at the same time', async (contender: Contender) => {
  const waiting: (() => void)[] = []
  const job = await contender.open({ kind: 'chain', count: 3 }, value =>
    value === 1 ? new Promise(resolve => waiting.push(resolve)) : Promise.resolve(),
  )
  const runs = [job(), job()]
  while (waiting.length < 2) await new Promise(resolve => setImmediate(resolve))
  for (const resolve of waiting) resolve()
  expect(await Promise.all(runs.map(async run => run))).toEqual([
    { steps: 3, last: 3 },
    { steps: 3, last: 3 },
  ])
})

test('a run that left a step out is refused', () => {
  expect(() => checkOutcome({ kind: 'chain', count: 3 }, { steps: 2, last: 3 })).toThrow(
    'expected 3 steps and 3 from the last; got 2 and 3',
  )
})
