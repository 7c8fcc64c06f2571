import { expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import { spokenIn } from './spoken.ts'

const WAV = 'data:audio/wav;base64,AAAA'
const typeOf = (path: string) => ({ say: 'speech/speak', text: 'text/template', mic: 'source/microphone' })[path]
const entries = [
  { kind: 'node.emitted', node: 'mic', activation: 'm', outputs: {} },
  { kind: 'node.started', node: 'say', activation: 'a' },
  { kind: 'node.started', node: 'say', activation: 'b' },
  { kind: 'node.ended', node: 'text', activation: 't', outputs: { audio: WAV } },
  { kind: 'node.ended', node: 'say', activation: 'a', outputs: { audio: WAV, text: 'One.' } },
  { kind: 'node.emitted', node: 'mic', activation: 'm', outputs: {} },
  { kind: 'node.ended', node: 'say', activation: 'b', outputs: { audio: WAV } },
  { kind: 'node.started', node: 'say', activation: 'c' },
  {
    kind: 'node.ended',
    node: 'say',
    activation: 'c',
    outputs: { audio: { $blob: 'h', size: 9e4, type: 'string', head: WAV } },
  },
  { kind: 'node.ended', node: 'say', activation: 'd', outputs: { audio: 'nothing' } },
].map((entry, index) => ({ seq: index + 1, at: index, ...entry }) as unknown as Entry)

test('what a spell says is told in order, from an entry on; large sounds are references', () => {
  expect(spokenIn(entries, 0, typeOf).map(({ seq, text }) => [seq, text])).toEqual([
    [5, 'One.'],
    [7, ''],
    [9, ''],
  ])
  expect(spokenIn(entries, 7, typeOf).map(({ audio }) => audio)).toMatchObject([{ $blob: 'h' }])
})

test('what was being made when somebody interrupted is not said any more', () => {
  expect(spokenIn(entries, 5, typeOf, 6).map(({ seq }) => seq)).toEqual([9])
  expect(spokenIn(entries, 5, typeOf, Number.POSITIVE_INFINITY)).toEqual([])
})
