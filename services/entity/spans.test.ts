import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { holdsAt, link, saidAt, unlink } from './spans.ts'
import type { Span } from './spans.ts'

const END = 12

test('a relation holds when a plain line of times says so, and its times never touch', () => {
  const step = fc.record({ on: fc.boolean(), at: fc.integer({ min: 0, max: END - 1 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), steps => {
      const line = new Array<boolean>(END).fill(false)
      let spans: readonly Span[] = []
      for (const { on, at } of steps) {
        // As far as nothing else was told of a later time.
        for (let each = at; each < END && line[each] !== on; each++) line[each] = on
        spans = on ? link(spans, { at }) : unlink(spans, at)
        expect(line.map((_, each) => spans.filter(span => holdsAt(span, each)).length)).toEqual(line.map(Number))
        const touching = spans.filter(({ until }) => spans.some(({ since }) => since === until))
        expect(touching).toEqual([])
      }
    }),
    { numRuns: 500 },
  )
})

test('what is said of a relation counts since it was said, also what is said later of an earlier time', () => {
  let spans = link([], { at: 10, attributes: { as: 'engineer' } })
  spans = link(spans, { at: 20, attributes: { as: 'head' } })
  spans = link(spans, { at: 15, attributes: { as: 'lead' } })
  const [span] = spans
  if (!span || spans.length !== 1) throw new Error('expected one')
  expect([10, 14, 15, 19, 20, 99].map(at => saidAt(span, at)['as'])).toEqual([
    'engineer',
    'engineer',
    'lead',
    'lead',
    'head',
    'head',
  ])
  expect(saidAt({ attributes: [] }, 5)).toEqual({})
})

test('of what is said the last hundred are kept', () => {
  let spans: readonly Span[] = []
  for (let at = 1; at <= 150; at++) spans = link(spans, { at, attributes: { at } })
  expect(spans[0]?.attributes).toHaveLength(100)
  expect(spans[0]?.attributes.at(-1)).toEqual({ at: 150, value: { at: 150 } })
})
