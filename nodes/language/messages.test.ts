import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { argumentsOf, latest, openCalls } from './messages.ts'
import type { Message } from './messages.ts'

const said = (role: string, content: string): Message => ({ role, content })
const call = (id: string): Message => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id, name: 'look', arguments: '{}' }],
})
const answered = (toolCallId: string): Message => ({ role: 'tool', content: 'found', toolCallId })
const words = ({ content }: Message) => content.split(' ').length

describe('the latest messages', () => {
  const talk = [
    said('system', 'be brief'),
    said('user', 'one two three'),
    said('assistant', 'four'),
    said('user', 'five six'),
    said('assistant', 'seven'),
  ]

  test('are all of them where nothing bounds them', () => {
    expect(latest(talk, { messages: 0, tokens: 0 }, words)).toEqual(talk)
    expect(latest(talk, { messages: 4, tokens: 9 }, words)).toEqual(talk)
  })

  test('instructions stay, and what is left begins with what a person said', () => {
    const kept = [talk[0], talk[3], talk[4]]
    expect(latest(talk, { messages: 3, tokens: 0 }, words)).toEqual(kept)
    expect(latest(talk, { messages: 2, tokens: 0 }, words)).toEqual(kept)
    expect(latest(talk, { messages: 0, tokens: 8 }, words)).toEqual(kept)
    expect(latest(talk, { messages: 0, tokens: 5 }, words)).toEqual(kept)
  })

  test('the last one stays, however long it is', () => {
    const long = said('user', 'a b c d e f g')
    expect(latest([...talk, long], { messages: 0, tokens: 4 }, words)).toEqual([talk[0], long])
    expect(latest([...talk, long], { messages: 1, tokens: 0 }, words)).toEqual([talk[0], long])
  })

  test('no tool answers a call that is forgotten', () => {
    const used = [said('user', 'look'), call('1'), answered('1'), said('assistant', 'there'), said('user', 'thanks')]
    for (const messages of [1, 2, 3, 4]) expect(latest(used, { messages, tokens: 0 }, words)).toEqual([used[4]])
    expect(latest(used, { messages: 5, tokens: 0 }, words)).toEqual(used)
  })

  test('are never more than wanted, never none, and in order', () => {
    const message = fc.record({
      role: fc.constantFrom('system', 'user', 'assistant'),
      content: fc.constantFrom('a', 'b c', 'd e f'),
    })
    fc.assert(
      fc.property(fc.array(message, { minLength: 1 }), fc.nat(8), fc.nat(20), (all, most, tokens) => {
        const kept = latest(all, { messages: most, tokens }, words)
        const others = (list: readonly Message[]) => list.filter(({ role }) => role !== 'system')
        const end = others(all)
        expect(kept.filter(({ role }) => role === 'system')).toEqual(all.filter(({ role }) => role === 'system'))
        expect(others(kept)).toEqual(end.slice(end.length - others(kept).length))
        expect(others(kept).length > 0 || end.length === 0).toBe(true)
        expect(others(kept).length).toBeLessThanOrEqual(most > 0 ? most : end.length)
      }),
    )
  })
})

test('open calls are those of the last answer that no tool has answered', () => {
  expect(openCalls([])).toEqual([])
  expect(openCalls([said('user', 'look'), call('1')])).toEqual([{ id: '1', name: 'look', arguments: '{}' }])
  expect(openCalls([call('1'), answered('1')])).toEqual([])
  expect(openCalls([call('1'), answered('1'), said('assistant', 'there')])).toEqual([])
  expect(openCalls([call('1'), answered('1'), call('1')])).toHaveLength(1)
})

test('arguments are an object, none at all an empty one', () => {
  const given = (written: string) => argumentsOf({ id: '1', name: 'look', arguments: written })
  expect(given('{"at":"sea"}')).toEqual({ at: 'sea' })
  expect(given('')).toEqual({})
  expect(given('[1]')).toBeUndefined()
  expect(given('{"at":')).toBeUndefined()
})
