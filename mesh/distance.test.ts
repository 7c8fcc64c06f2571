import { expect, test } from '@jest/globals'
import { distanceOf } from './distance.ts'

test('counts what must change, and looks at the beginning of what is endless only', () => {
  expect(distanceOf('kitten', 'sitting')).toBe(3)
  expect(distanceOf('', 'abc')).toBe(3)
  expect(distanceOf('same', 'same')).toBe(0)
  expect(distanceOf('x'.repeat(5_000_000), 'x')).toBe(199)
})
