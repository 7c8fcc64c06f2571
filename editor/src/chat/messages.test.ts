import { expect, test } from '@jest/globals'
import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import { isTalking, listenersOf, messagesOf, toMessage } from './messages.ts'

const document = {
  nodes: {
    mail: { type: 'source/event', config: { name: 'mail' } },
    again: { type: 'source/event', config: { name: 'mail' } },
    chat: { type: 'source/chat' },
    tick: { type: 'source/interval' },
    mic: { type: 'source/microphone' },
    reply: { type: 'chat/reply' },
  },
} as unknown as SpellDocument
const typeOf = (path: string) => document.nodes[path]?.type

test('a spell listens under each name once, to chats first', () => {
  expect(listenersOf(document)).toEqual([
    { node: 'chat', kind: 'chat', name: 'chat' },
    { node: 'mail', kind: 'event', name: 'mail' },
  ])
})

test('what was said is told in order, up to the slider', () => {
  const entries = [
    { kind: 'node.emitted', node: 'chat', outputs: { text: 'hello', message: {} } },
    { kind: 'node.emitted', node: 'tick', outputs: { index: 1 } },
    { kind: 'node.ended', node: 'reply', outputs: { text: 'hi' } },
    { kind: 'node.emitted', node: 'mail', outputs: { value: { to: 'Ada' }, name: 'mail' } },
  ].map((entry, index) => ({ seq: index + 1, at: index, activation: `${index}`, ...entry }) as unknown as Entry)
  expect(messagesOf(entries, 4, typeOf).map(({ from, name, text }) => [from, name, text])).toEqual([
    ['person', '', 'hello'],
    ['spell', '', 'hi'],
    ['event', 'mail', '{"to":"Ada"}'],
  ])
  expect(messagesOf(entries, 2, typeOf)).toHaveLength(1)
})

test('a picture in the chat is no text', () => {
  const text = 'data:image/png;base64,AAAA'
  const reply = { seq: 1, at: 1, activation: '1', kind: 'node.ended', node: 'reply', outputs: { text }, pulses: [] }
  expect(messagesOf([reply as unknown as Entry], 1, typeOf)).toMatchObject([{ text: '', media: text }])
  const audio = 'data:audio/webm;base64,AAAA'
  const said = { seq: 1, at: 1, activation: '1', kind: 'node.emitted', node: 'mic', outputs: { audio }, pulses: [] }
  expect(messagesOf([said as unknown as Entry], 1, typeOf)).toMatchObject([{ from: 'person', media: audio }])
  expect(isTalking({ nodes: { mic: document.nodes['mic'] } } as SpellDocument)).toBe(true)
  expect(isTalking({ nodes: { tick: document.nodes['tick'] } } as SpellDocument)).toBe(false)
})

test('an event is JSON where it can be read as that', () => {
  expect(toMessage('{"a": 1}')).toEqual({ a: 1 })
  expect(toMessage('plain words')).toBe('plain words')
})

test('what a reply refers to is what was found last before it', () => {
  const piece = (chunkId: string) => ({ n: 1, chunkId, documentId: 'd', title: 'Owls', page: 2, text: 'They hunt.' })
  const entries = [
    { kind: 'node.ended', node: 'find', outputs: { citations: [piece('a')] } },
    { kind: 'node.ended', node: 'reply', outputs: { text: 'At night [1].' } },
    { kind: 'node.ended', node: 'reply', outputs: { text: 'Nothing more.' } },
    { kind: 'node.ended', node: 'find', outputs: { citations: [piece('b')] } },
    { kind: 'node.ended', node: 'reply', outputs: { text: 'By ear [1].' } },
  ].map((entry, index) => ({ ...entry, seq: index + 1, at: 0 })) as unknown as Entry[]
  const cited = messagesOf(entries, 9, typeOf).map(({ citations }) => citations?.map(({ chunkId }) => chunkId))
  expect(cited).toEqual([['a'], undefined, ['b']])
})
