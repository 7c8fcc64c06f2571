import { expect, test } from '@jest/globals'
import type { SentObject } from './objects.ts'
import { toRequests } from './writing.ts'

const MEGABYTE = 1024 * 1024
const object = (id: string, bytes: number): SentObject => ({
  ...{ uuid: id, id, vector: null },
  properties: { words: 'x'.repeat(bytes / 2), parts: ['ü'.repeat(bytes / 4)] },
})
const sizes = (objects: readonly SentObject[]) => toRequests(objects).map(({ length }) => length)
const many = (count: number, bytes: number) => Array.from({ length: count }, (_, index) => object(`${index}`, bytes))

test('few objects go each by itself, many together', () => {
  expect(sizes([])).toEqual([])
  expect(sizes(many(8, 40))).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
  expect(sizes(many(300, 40))).toEqual([128, 128, 44])
})

test('a request stays smaller than the other side takes; one that is too large goes alone', () => {
  expect(sizes(many(20, MEGABYTE))).toEqual([8, 8, 4])
  const objects = [...many(4, MEGABYTE), object('large', 20 * MEGABYTE), ...many(5, MEGABYTE)]
  const requests = toRequests(objects)
  expect(requests.map(({ length }) => length)).toEqual([4, 1, 5])
  expect(requests.flat()).toEqual(objects)
})
