import { expect, test } from '@jest/globals'
import { defineNode } from '#graph/define.ts'
import type { SpellDocument } from '#graph/document.ts'
import { createRegistry, socketsOf } from '#graph/registry.ts'
import { handleFor, handlesOf, isDataWire, refusal, socketOf } from './types.ts'

const registry = createRegistry({
  'flow/approve': defineNode({
    title: 'Approve',
    about: 'Asks.',
    kind: 'action',
    outputs: { approved: { type: 'boolean' } },
    flow: { in: ['in'], out: ['approved'] },
    run: () => ({}),
  }),
  'debug/log': defineNode({
    title: 'Log',
    about: 'Logs.',
    kind: 'action',
    inputs: { value: { type: 'any' } },
    flow: { in: ['in'], out: ['out'] },
    run: () => ({}),
  }),
})
const document: SpellDocument = {
  ...{ format: 'spell/1', name: '', description: '', wires: [], state: {}, notes: [] },
  nodes: { ask: { type: 'flow/approve' }, log: { type: 'debug/log' } },
}
const ask = socketsOf(registry, { type: 'flow/approve' })
const log = socketsOf(registry, { type: 'debug/log' })

test('where flow and a value go by one name, a wire goes from the one that fits its other end', () => {
  const value = ask ? handleFor(ask, 'out', 'approved', false) : ''
  expect(value).not.toBe('approved')
  expect(socketOf(value)).toBe('approved')
  expect(handlesOf(ask, log, 'approved', 'value')).toEqual([value, 'value'])
  expect(handlesOf(ask, log, 'approved', 'in')).toEqual(['approved', 'in'])
  expect(isDataWire(document, registry, ['ask.approved', 'log.value'])).toBe(true)
  expect(isDataWire(document, registry, ['ask.approved', 'log.in'])).toBe(false)
})

test('each of the two handles goes only where it fits', () => {
  const value = ask ? handleFor(ask, 'out', 'approved', false) : ''
  expect(refusal(document, registry, `ask.${value}`, 'log.value')).toBeUndefined()
  expect(refusal(document, registry, `ask.${value}`, 'log.in')).toMatch(/is a value/)
  expect(refusal(document, registry, 'ask.approved', 'log.in')).toBeUndefined()
  expect(refusal(document, registry, 'ask.approved', 'log.value')).toMatch(/is flow/)
})

test('a wire to a socket that is gone keeps its names', () => {
  expect(handlesOf(ask, undefined, 'approved', 'lost')).toEqual(['approved', 'lost'])
  expect(handlesOf(ask, log, 'gone', 'value')).toEqual(['gone', 'value'])
})
