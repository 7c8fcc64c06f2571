import { expect, test } from '@jest/globals'
import { moveOfKey } from './moves.ts'

test('arrows step by entry, with Shift by node; Space plays, with Shift backwards', () => {
  expect(moveOfKey('ArrowRight', false)).toEqual({ kind: 'entry', direction: 1 })
  expect(moveOfKey('ArrowLeft', false)).toEqual({ kind: 'entry', direction: -1 })
  expect(moveOfKey('ArrowLeft', true)).toEqual({ kind: 'node', direction: -1 })
  expect(moveOfKey(' ', false)).toEqual({ kind: 'play', direction: 1 })
  expect(moveOfKey(' ', true)).toEqual({ kind: 'play', direction: -1 })
  expect(moveOfKey('e', false)).toEqual({ kind: 'error', direction: 1 })
  expect(moveOfKey('E', true)).toEqual({ kind: 'error', direction: -1 })
  expect([moveOfKey('Home', false), moveOfKey('End', false)]).toEqual([{ kind: 'start' }, { kind: 'live' }])
  expect(moveOfKey('x', false)).toBeUndefined()
})
