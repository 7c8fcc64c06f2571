import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '#graph/json.ts'
import type { Given } from '../kit.suite.ts'
import { runSpell, spell } from '../kit.suite.ts'
import type { Models } from './model.suite.ts'
import { openModels, says, SCRIPTED } from './model.suite.ts'

let models: Models
beforeAll(async () => {
  models = await openModels()
})
afterAll(async () => models[Symbol.asyncDispose]())

/** Two questions, one after the other. */
const chatSpell = (config: JsonObject) =>
  spell(
    {
      start: { type: 'flow/start' },
      one: { type: 'ai/chat', config: { model: SCRIPTED, ...config }, values: { prompt: 'first' } },
      two: { type: 'ai/chat', config: { model: SCRIPTED, ...config }, values: { prompt: 'second' } },
      talk: { type: 'flow/output', config: { name: 'talk' } },
    },
    [
      ['start.out', 'one.in'],
      ['one.out', 'two.in'],
      ...(config['key'] === undefined ? [['one.messages', 'two.messages'] as const] : []),
      ['two.out', 'talk.in'],
      ['two.messages', 'talk.value'],
    ],
  )
const user = (content: string) => ({ role: 'user', content })
const model = (content: string) => ({ role: 'assistant', content })
const run = async (name: string, config: JsonObject, given: Given = {}) => {
  models.server.replyWith(says('one'), says('two'))
  return runSpell(chatSpell(config), { run: name, services: { completion: models.completion }, ...given })
}

test('what was said before goes along, the instructions in front of it each time', async () => {
  const { outputs } = await run('plain', { system: 'be kind' })
  expect(outputs['talk']).toEqual([user('first'), model('one'), user('second'), model('two')])
  expect(models.asked()['messages']).toEqual([
    { role: 'system', content: 'be kind' },
    user('first'),
    model('one'),
    user('second'),
  ])
})

test('old messages leave it', async () => {
  const { outputs } = await run('short', { system: 'be kind', mostMessages: 2 })
  expect(outputs['talk']).toEqual([user('second'), model('two')])
  expect(models.asked()['messages']).toEqual([{ role: 'system', content: 'be kind' }, user('second')])
})

test('so many tokens of it stay, counted as the model does', async () => {
  const { outputs } = await run('counted', { mostTokens: 12 })
  expect(outputs['talk']).toEqual([user('second'), model('two')])
  expect((await run('all counted', { mostTokens: 20 })).outputs['talk']).toHaveLength(4)
})

test('is remembered in the spell’s state, and goes on in the next run', async () => {
  const first = await run('kept 1', { key: 'talk' })
  const talk: Json = [user('first'), model('one'), user('second'), model('two')]
  expect(first.state).toEqual({ talk })
  const { state } = await run('kept 2', { key: 'talk', mostMessages: 6 }, { state: first.state })
  expect(state['talk']).toEqual([...talk.slice(2), user('first'), model('one'), user('second'), model('two')])
})

test('what is no message is refused', async () => {
  const { error } = await run('bad', { key: 'talk' }, { state: { talk: ['hello'] } })
  expect(error).toMatchObject({ code: 'BAD_INPUT', node: 'one' })
})
