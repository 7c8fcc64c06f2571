import { expect, test } from '@jest/globals'
import { createEventReader } from './event-stream.ts'

test('events are read wherever their text is cut; comments are skipped', () => {
  const text =
    ': documents\nretry: 1000\n\nevent: document\ndata: {"id":"a"}\n\n: still here\n\nevent: deleted\r\ndata: {"id":\r\ndata: "b"}\r\n\r\n'
  const whole = createEventReader()(text)
  expect(whole).toEqual([
    { name: 'document', text: '{"id":"a"}' },
    { name: 'deleted', text: '{"id":\n"b"}' },
  ])
  const read = createEventReader()
  expect(text.split('').flatMap(character => read(character))).toEqual(whole)
})

test('an event without a name is a message, and half an event is none', () => {
  const read = createEventReader()
  expect(read('data: 1\n')).toEqual([])
  expect(read('\n')).toEqual([{ name: 'message', text: '1' }])
  expect(read('event: document\n\n')).toEqual([])
})
