import { expect, test } from '@jest/globals'
import type { EventRecord } from '../knowledge/records.ts'
import { dayInWords, daysOf, valuesOf, withNewest } from './days.ts'

const event = (id: string, at: number, channel = 'hall') => ({ id, at, channel }) as EventRecord
const ids = (events: readonly EventRecord[]) => events.map(({ id }) => id).join(' ')
const noon = new Date(2026, 10, 21, 12).getTime()
const HOUR = 3_600_000

test('events go by their day', () => {
  const days = daysOf([event('c', noon), event('b', noon - 11 * HOUR), event('a', noon - 13 * HOUR)])
  expect(days.map(day => ids(day.events))).toEqual(['c b', 'a'])
  expect(days.map(({ at }) => dayInWords(at, noon))).toEqual(['Today', 'Yesterday'])
  expect(dayInWords(new Date(2026, 10, 6).getTime(), noon)).toBe('Friday, 6 November 2026')
})

test('the newest page brings what came and takes what is gone; older ones stay', () => {
  const shown = [event('d', 4), event('c', 3), event('b', 2), event('a', 1)]
  const fresh = withNewest(shown, [event('e', 5), event('d', 4), event('b', 2)], false)
  expect(ids(fresh.events)).toBe('e d b a')
  expect(fresh.isWhole).toBe(false)
})

test('a page that does not meet what was shown replaces it', () => {
  expect(withNewest([event('a', 1)], [event('z', 9), event('y', 8)], false)).toMatchObject({ isWhole: true })
  expect(withNewest([event('a', 1)], [], true)).toEqual({ events: [], isWhole: true })
})

test('filters offer what there is, each once', () => {
  expect(valuesOf([event('a', 1, 'hall'), event('b', 2, ''), event('c', 3, 'hall')], 'channel')).toEqual(['hall'])
})
