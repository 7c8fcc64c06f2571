import { expect, test } from '@jest/globals'
import { composeGrounded } from './local-grounded.ts'

const user = (content: string) => ({ role: 'user' as const, content })
const DEMO = '\n\nThis is the built-in demo model: it quotes the sentence that has most words of the question.'
const PASSAGES = `[1] Garden, page 2
Roses want water. Cut roses back in March, above an eye.

Ivy wants neither.

[2] Kitchen
Bread rises overnight.`

test('the sentence with most words of the question is quoted, with the number of its passage', () => {
  expect(composeGrounded({ messages: [user(`${PASSAGES}\n\nWhen are roses cut?`)] })).toBe(
    `Cut roses back in March, above an eye. [1]${DEMO}`,
  )
  expect(composeGrounded({ messages: [user(`Answer from this:\n\n${PASSAGES}\n\nHow long does bread rise?`)] })).toBe(
    `Bread rises overnight. [2]${DEMO}`,
  )
})

test('passages may stand in the instructions', () => {
  const messages = [{ role: 'system' as const, content: PASSAGES }, user('What does ivy want?')]
  expect(composeGrounded({ messages })).toBe(`Ivy wants neither. [1]${DEMO}`)
})

test('where no passage has a word of the question, it says so', () => {
  expect(composeGrounded({ messages: [user(`${PASSAGES}\n\nWho built the lighthouse?`)] })).toBe(
    `Nothing that I was given answers this.${DEMO}`,
  )
})

test('without passages it says nothing', () => {
  expect(composeGrounded({ messages: [user('When are roses cut? See [1] below.')] })).toBeUndefined()
})

test('long passages are looked at in bounded time', () => {
  const long = `[1] Long\n${'word. '.repeat(300_000)}`
  expect(composeGrounded({ messages: [user(`${long}\n\nwhich word?`)] })).toBe(`word. [1]${DEMO}`)
})
