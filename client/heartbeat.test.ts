import { expect, test } from '@jest/globals'
import { openWire } from './wire.suite.ts'

test('a connection that has died without a word is left for a new one', async () => {
  await using wire = await openWire()
  wire.answers['session.ping'] = () => 'silence'
  wire.client({ heartbeat: { silenceMs: 30, answerMs: 30 } })
  const back = await wire.call('session.connect', ({ connection }) => connection === 2)
  expect(back.connection).toBe(2)
  expect(wire.calls('session.ping')[0]?.connection).toBe(1)
})

test('a connection that answers, or over which anything comes, is kept', async () => {
  await using wire = await openWire()
  const client = wire.client({ heartbeat: { silenceMs: 20, answerMs: 1000 } })
  await client.openSpell('a')
  const pings = () => wire.calls('session.ping').length
  while (pings() < 3) await wire.call('session.ping', () => pings() >= 3)
  wire.answers['session.ping'] = () => 'silence'
  await wire.call('session.ping', () => pings() >= 4)
  wire.tell('spell.changed', { spell: 'a', revision: 2, by: 'u' })
  await wire.call('session.ping', () => pings() >= 5)
  expect(wire.connections).toBe(1)
  expect(client.status).toBe('open')
})
