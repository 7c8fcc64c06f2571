import { expect, test } from '@jest/globals'
import { moved, showing, ticksOf, zoomed } from './window.ts'

const whole = { from: 1000, to: 2000 }

test('zooming keeps the moment under the pointer where it is, and never leaves the run', () => {
  expect(zoomed(whole, whole, 1500, 0.5)).toEqual({ from: 1250, to: 1750 })
  expect(zoomed(whole, whole, 1000, 0.5)).toEqual({ from: 1000, to: 1500 })
  expect(zoomed({ from: 1250, to: 1750 }, whole, 1250, 1.5)).toEqual({ from: 1250, to: 2000 })
  expect(zoomed({ from: 1250, to: 1750 }, whole, 1500, 4)).toBeUndefined()
  expect(zoomed({ from: 1500, to: 1502 }, whole, 1501, 0.1)).toEqual({ from: 1500, to: 1502 })
})

test('moving stops at both ends; a moment out of sight comes into it', () => {
  expect(moved({ from: 1100, to: 1200 }, whole, -500)).toEqual({ from: 1000, to: 1100 })
  expect(moved({ from: 1100, to: 1200 }, whole, 5000)).toEqual({ from: 1900, to: 2000 })
  expect(showing({ from: 1100, to: 1200 }, whole, 1150)).toEqual({ from: 1100, to: 1200 })
  expect(showing({ from: 1100, to: 1200 }, whole, 1500)).toEqual({ from: 1450, to: 1550 })
})

test('ticks are round, counted from the start of the run, and not too many', () => {
  expect(ticksOf({ from: 1050, to: 2000 }, 1000, 5)).toEqual([1200, 1400, 1600, 1800, 2000])
  expect(ticksOf({ from: 0, to: 86_400_000 * 30 }, 0, 10).length).toBeLessThanOrEqual(11)
})
