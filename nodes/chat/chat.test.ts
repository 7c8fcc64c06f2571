import { expect, test } from '@jest/globals'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { outputsOf, registry, runNode, runSpell, spell } from '../kit.suite.ts'

test('every message finds its reply in the journal, in order', async () => {
  const document = spell(
    {
      inbox: { type: 'source/chat' },
      shout: { type: 'text/case' },
      answer: { type: 'chat/reply' },
    },
    [
      ['inbox.out', 'answer.in'],
      ['inbox.text', 'shout.text'],
      ['shout.text', 'answer.text'],
    ],
  )
  const messages = ['hello', '', 'who are you?'].map(message => ({ name: 'chat', message }))
  const { entries, status } = await runSpell(document, { messages })
  expect(status).toBe('cancelled')
  const said = entries.flatMap(entry =>
    entry.kind === 'node.emitted' || (entry.kind === 'node.ended' && entry.node === 'answer')
      ? [`${entry.node}: ${entry.outputs['text'] as string}`]
      : [],
  )
  expect(said).toEqual([
    'inbox: hello',
    'answer: HELLO',
    'inbox: ',
    'answer: ',
    'inbox: who are you?',
    'answer: WHO ARE YOU?',
  ])
  expect(await replay(compile(document, registry), entries)).toEqual({ entries: entries.length })
})

test('a reply gives its text and nothing else; it needs one', async () => {
  expect(await outputsOf('chat/reply', { inputs: { text: '' } })).toEqual({ text: '' })
  expect((await runNode('chat/reply')).error).toMatchObject({ code: 'NO_VALUE', node: 'it' })
})
