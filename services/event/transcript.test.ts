import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { countTokens } from 'gpt-tokenizer/encoding/cl100k_base'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { contents, eventsOf, PATIENT, say } from './kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['event'] })
}, 60_000)
afterAll(async () => system?.stop(), 30_000)

const as = (user: string) => eventsOf(system, user)
const tokensOf = (...lines: readonly string[]) => lines.reduce((sum, line) => sum + countTokens(line) + 4, 0)

test('a transcript has the last messages that fit, whole ones, oldest first', async () => {
  const events = as('ada')
  const lines = ['I lost my umbrella at the harbour.', 'Which colour was it?', 'Green, with a wooden handle.']
  await say(events, 'lobby', ...lines.map((content, n) => ({ content, sender: n === 1 ? 'Bot' : 'Ada' })))
  await say(events, 'lobby', { content: 'opened the door', type: 'action' })
  await say(events, 'attic', 'Somewhere else.')
  const shown = [
    'Ada: I lost my umbrella at the harbour.',
    'Bot: Which colour was it?',
    'Ada: Green, with a wooden handle.',
  ]
  await expect(events.transcript({ channel: 'lobby' })).resolves.toMatchObject({
    text: shown.join('\n'),
    tokens: tokensOf(...shown),
    more: false,
    events: lines.map(content => ({ content })),
  })
  const tokens = tokensOf(...shown.slice(1))
  await expect(events.transcript({ channel: 'lobby', tokens })).resolves.toMatchObject({
    text: shown.slice(1).join('\n'),
    tokens,
    more: true,
  })
  await expect(events.transcript({ channel: 'lobby', tokens: tokens - 1 })).resolves.toMatchObject({
    text: shown[2],
    more: true,
  })
  await expect(events.transcript({ channel: 'lobby', tokens: 3 })).resolves.toMatchObject({
    text: '',
    events: [],
    tokens: 0,
    more: true,
  })
  await expect(events.transcript({ channel: 'lobby', limit: 1 })).resolves.toMatchObject({ text: shown[2], more: true })
  await expect(events.transcript({ channel: 'cellar' })).resolves.toMatchObject({ text: '', more: false })
  const { text } = await events.transcript({ channel: 'lobby', type: 'action' })
  expect(text).toBe('opened the door')
})

test('a transcript of before a moment, of one agent, of one client', async () => {
  const events = as('bo')
  const said = [
    { content: 'one', at: 1_000, agentId: 'guide', client: 'chat' },
    { content: 'two', at: 2_000, agentId: 'guide', client: 'discord' },
    { content: 'three', at: 3_000, client: 'chat' },
  ]
  await say(events, 'lobby', ...said)
  const shown = async (asked: object) => contents((await events.transcript(asked)).events)
  expect(await shown({ before: 3_000 })).toEqual(['one', 'two'])
  expect(await shown({ agentId: 'guide' })).toEqual(['one', 'two'])
  expect(await shown({ client: 'chat' })).toEqual(['one', 'three'])
  await expect(
    events.transcript({ tokens: 1_000_001, limit: 1_001, channel: 'x'.repeat(300), before: 8.7e15 }),
  ).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: ['channel', 'before', 'tokens', 'limit'].map(path => expect.objectContaining({ path })),
  })
})

test('a transcript is never larger than an answer may be', async () => {
  const events = as('large')
  const content = 'привет '.repeat(14_000)
  for (let n = 0; n < 10; n++) await say(events, 'sea', content)
  const { events: shown, text, more } = await events.transcript({ channel: 'sea', tokens: 1_000_000 }, PATIENT)
  expect(shown).toHaveLength(8)
  expect(text.length).toBe(8 * content.length + 7)
  expect(more).toBe(true)
})
