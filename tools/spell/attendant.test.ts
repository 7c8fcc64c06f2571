// Spells that ask and listen, at the shell.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openShell } from './shell.suite.ts'
import type { Shell } from './shell.suite.ts'

let shell: Shell
beforeAll(async () => {
  shell = await openShell()
  await shell.write('asking.json', asking)
  await shell.write('chat.json', chat)
})
afterAll(async () => shell[Symbol.asyncDispose]())

const asking = {
  format: 'spell/1',
  name: 'Asking',
  nodes: {
    start: { type: 'flow/start' },
    ask: {
      type: 'flow/ask',
      config: { prompt: 'How many?', form: [{ name: 'many', type: 'number', required: true }] },
    },
    out: { type: 'flow/output', config: { name: 'many' } },
    other: { type: 'flow/start', config: { name: 'other' } },
    said: { type: 'flow/output', config: { name: 'said' }, values: { value: 'the other start' } },
  },
  wires: [
    ['start.out', 'ask.in'],
    ['ask.answered', 'out.in'],
    ['ask.many', 'out.value'],
    ['other.out', 'said.in'],
  ],
}
const chat = {
  format: 'spell/1',
  name: 'Chat',
  nodes: {
    chat: { type: 'source/chat' },
    upper: { type: 'text/case', config: { form: 'upper' } },
    out: { type: 'flow/output', config: { name: 'last' } },
  },
  wires: [
    ['chat.out', 'out.in'],
    ['chat.text', 'upper.text'],
    ['upper.text', 'out.value'],
  ],
}

test('a question is answered from the command line; what is wrong with an answer is told', async () => {
  const { status, out } = await shell.run('run', 'asking.json', '--answer', 'ask=3')
  expect([status, JSON.parse(out)]).toEqual([0, { many: 3 }])
  const wrong = await shell.run('run', 'asking.json', '--answer', 'ask={"many":"x"}')
  expect(wrong.status).toBe(2)
  expect(wrong.err).toContain('value.many: expected a number')
})

test('where nobody answers, the run ends and says what it was asked and how to answer', async () => {
  const { status, err, out } = await shell.run('run', 'asking.json')
  expect(status).toBe(2)
  expect(out).toBe('')
  expect(err).toContain('"ask" asks: How many?')
  expect(err).toContain(`--answer ask='{"many": <number>}'`)
})

test('messages are sent in their order; when there are no more, what came of them is the result', async () => {
  const { status, out } = await shell.run(
    'run',
    'chat.json',
    '--message',
    'chat=one',
    '--message',
    'chat={"text":"two"}',
  )
  expect([status, JSON.parse(out)]).toEqual([0, { last: 'TWO' }])
  const nobody = await shell.run('run', 'chat.json', '--message', 'mail=one')
  expect(nobody.status).toBe(2)
  expect(nobody.err).toContain('no source "mail" listens; those that do: chat')
})

test('a run begins at the start that is named', async () => {
  const { status, out } = await shell.run('run', 'asking.json', '--start', 'other')
  expect([status, JSON.parse(out)]).toEqual([0, { said: 'the other start' }])
  const wrong = await shell.run('run', 'asking.json', '--start', 'nowhere')
  expect([wrong.status, wrong.err]).toEqual([2, '--start: no start is called "nowhere"\n'])
})

test('a recorded answer is given again, whatever the file is called', async () => {
  await shell.write('again.json', asking)
  await shell.run('run', 'again.json', '--answer', 'ask=4', '--record', 'again.run')
  const same = await shell.run('test', '.')
  expect(same.out).toContain('ok   again.run: ')
  expect(same.out).toContain('again.json does the same')
  const changed = JSON.parse(
    JSON.stringify(asking).replace('"many","type":"number"', '"few","type":"number"'),
  ) as object
  await shell.write('again.json', changed)
  const different = await shell.run('test', '.')
  expect(different.status).toBe(1)
  expect(different.out).toContain('FAIL again.run: ')
})
