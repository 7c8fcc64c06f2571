import { expect, test } from '@jest/globals'
import { entryMessage } from '#edge/feed.ts'
import { answerText, notificationText } from '#edge/rpc.ts'
import { attemptOf, eachStamp, kindOf, runOf, seqOf, stampOf } from './frames.ts'

const run = 'r_0123456789abcdefghijkl'
const stampsIn = (bytes: Buffer, from = 0, to = bytes.length) => {
  const found: number[] = []
  eachStamp(bytes, from, to, stamp => found.push(stamp))
  return found
}

test('frames as the edge makes them are read where they stand among others', () => {
  const text = `{"seq":1234,"at":1,"kind":"node.log","text":"${stampOf(42)}"}`
  const frame = entryMessage(run, 3, 1234, text, 65_536)
  const bytes = Buffer.from(`xx${frame}yy9`)
  const [from, to] = [2, 2 + frame.length]
  expect(kindOf(bytes, from)).toBe('entry')
  expect([runOf(bytes, from), attemptOf(bytes, from), seqOf(bytes, from)]).toEqual([run, 3, 1234])
  expect(stampsIn(bytes, from, to)).toEqual([42])
})

test('tokens that the publisher has put together are told apart', () => {
  const chunk = { run, node: 'say', activation: '0123456789abcdef', offset: 7, text: stampOf(8) + stampOf(9) }
  const bytes = Buffer.from(notificationText('run.chunk', JSON.stringify(chunk)))
  expect(kindOf(bytes, 0)).toBe('chunk')
  expect(stampsIn(bytes)).toEqual([8, 9])
})

test('answers, resyncs and signs of life are not taken for entries', () => {
  const kinds = [
    answerText(1, { result: {} }),
    notificationText('run.resync', JSON.stringify({ run, reason: 'too far' })),
    notificationText('run.head', JSON.stringify({ run, spell: 's', attempt: 1, seq: 1 })),
  ].map(text => kindOf(Buffer.from(text), 0))
  expect(kinds).toEqual(['answer', 'resync', 'other'])
})
