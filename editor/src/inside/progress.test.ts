import { expect, test } from '@jest/globals'
import { emptyView } from '#graph/view.ts'
import type { NodeView } from '#graph/view.ts'
import { placeOf } from './place.ts'
import { progressOf } from './progress.ts'

const node = (state: NodeView['state']): NodeView => ({
  ...{ state, activations: 1, running: 0, outputs: {}, pulses: [], text: '' },
})

test('the progress of a sub-spell counts the nodes right inside of it', () => {
  const view = emptyView()
  view.nodes = {
    alone: node('done'),
    outer: node('running'),
    'outer/a': node('done'),
    'outer/b': node('cached'),
    'outer/deep': node('running'),
    'outer/deep/x': node('failed'),
  }
  const progress = progressOf(view)
  expect([...progress]).toEqual([
    ['outer', { done: 2, running: 1, failed: 0, at: 'deep' }],
    ['outer/deep', { done: 0, running: 0, failed: 1, at: '' }],
  ])
  expect(progressOf(view)).toBe(progress)
})

test('a page is a tab and the path to what is looked into', () => {
  expect(placeOf('t1')).toEqual({ tab: 't1', path: [] })
  expect(placeOf('t1/outer/deep')).toEqual({ tab: 't1', path: ['outer', 'deep'] })
})
