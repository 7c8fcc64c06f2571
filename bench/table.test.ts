import { expect, test } from '@jest/globals'
import { atLeast, failed, noGoal, ratioAtLeast, toPartResult, toResult } from './harness.ts'
import { toSideBySide } from './table.ts'

test('what was measured against several stands side by side, with what could not do it', () => {
  const results = [
    toResult('chain', 'nodes/s', [100, 300, 200], { name: 'by hand', values: [400] }, ratioAtLeast(0.5)),
    toResult('chain', 'nodes/s', [100, 300, 200], { name: 'Peer 1.0 (no record)', values: [20] }, ratioAtLeast(1)),
    toResult(
      'chain',
      'nodes/s',
      [100, 300, 200],
      { name: 'Other 2 (slow)', values: [], failure: 'nothing within 12 s' },
      ratioAtLeast(1),
    ),
    toResult('alone', 'ms', [5], undefined, ratioAtLeast(1)),
  ]
  expect(results.map(({ met }) => met)).toEqual([true, true, true, false])
  expect(results[0]?.spread).toEqual([100, 300])
  expect(toSideBySide(results).split('\n')).toEqual([
    '       ours         by hand      Peer 1.0        Other 2',
    'chain  200 nodes/s  400 (×0.50)  20.00 (×10.00)  failed',
  ])
})

test('a goal of our own is missed whoever else failed, and nothing is met that was not measured', () => {
  const failure = { name: 'Peer', values: [], failure: 'it ended' }
  expect(toResult('rate', 'runs/s', [5], failure, atLeast(4, 'runs/s')).met).toBe(true)
  expect(toResult('rate', 'runs/s', [3], failure, atLeast(4, 'runs/s')).met).toBe(false)
  expect(toPartResult('delay', 'ms', 0.5, [], undefined, noGoal).met).toBe(false)
  expect(failed('delay', 'it ended')).toMatchObject({ met: false, against: { value: null, failure: 'it ended' } })
})
