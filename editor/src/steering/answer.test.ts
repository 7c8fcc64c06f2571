import { expect, test } from '@jest/globals'
import type { Schema } from '#graph/define.ts'
import { byField, decisionOf, firstAnswer, problemsOf, toAnswer, toOutputs } from './answer.ts'

const form: Schema = {
  type: 'object',
  properties: {
    who: { type: 'string', minLength: 1 },
    many: { type: 'number', default: 2 },
    note: { type: 'string' },
  },
  required: ['who'],
  additionalProperties: false,
}

test('a form begins with its defaults, and says what is wrong at each field', () => {
  expect(firstAnswer(form)).toEqual({ many: 2 })
  expect(Object.keys(problemsOf(form, { many: 'x' }))).toEqual(['who', 'many'])
  expect(problemsOf(form, { who: 'Ada' })).toEqual({})
})

test('an emptied field is not sent, a required one is', () => {
  expect(toAnswer(form, { who: '', many: 3, note: '' })).toEqual({ who: '', many: 3 })
  expect(toAnswer({ type: 'boolean' }, true)).toBe(true)
  expect(toAnswer({}, undefined)).toBeNull()
})

test('problems of a server stand at their fields, all others at the whole', () => {
  const problems = [
    { path: 'value.who', message: 'expected text' },
    { path: 'value.who', message: 'or a name' },
    { path: 'value', message: 'expected an object' },
  ]
  expect(byField(problems, form)).toEqual({ who: 'expected text; or a name', '': 'expected an object' })
})

test('outputs are a JSON object, or nothing', () => {
  expect(toOutputs('{"text": "x"}')).toEqual({ text: 'x' })
  expect(toOutputs('')).toEqual({})
  expect(toOutputs('[1]')).toBeUndefined()
  expect(toOutputs('{')).toBeUndefined()
})

test('a form with one yes or no that is needed is a decision', () => {
  const approve: Schema = {
    type: 'object',
    properties: { approved: { type: 'boolean' }, comment: { type: 'string', default: '' } },
    required: ['approved'],
  }
  expect(decisionOf(approve)).toBe('approved')
  expect(decisionOf(form)).toBeUndefined()
  expect(decisionOf({ ...approve, required: [] })).toBeUndefined()
})
