import { expect, test } from '@jest/globals'
import { groupsOf, lockedOf } from './catalogue.ts'
import type { Choice, Choices } from './catalogue.ts'

const choice = (id: string, more: Partial<Choice> = {}): Choice => ({
  ...{ id, name: id.slice(id.indexOf('/') + 1), provider: id.slice(0, id.indexOf('/')), about: '' },
  ...{ price: '', context: '', abilities: [], asOf: '', ...more },
})
const provider = (name: string, ready: boolean) => ({ name, title: `The ${name}`, ready, secret: 'A_KEY', about: '' })
const choices: Choices = {
  list: [choice('other/big', { abilities: ['images'] }), choice('own/small'), choice('other/small')],
  standard: 'own/small',
  providers: [provider('own', true), provider('other', true), provider('locked', false)],
}

test('what can be chosen is found by words, by provider, the default’s first', () => {
  const ids = (words: string) =>
    groupsOf(choices, words).map(({ title, choices: list }) => [title, list.map(one => one.id)])
  expect(ids('')).toEqual([
    ['The own', ['own/small']],
    ['The other', ['other/big', 'other/small']],
  ])
  expect(ids('Other images')).toEqual([['The other', ['other/big']]])
  expect(ids('nothing of it')).toEqual([])
})

test('a provider that is not set up is found by its name', () => {
  expect(lockedOf(choices, '').map(({ name }) => name)).toEqual(['locked'])
  expect(lockedOf(choices, 'LOCK').map(({ name }) => name)).toEqual(['locked'])
  expect(lockedOf(choices, 'own')).toEqual([])
})
