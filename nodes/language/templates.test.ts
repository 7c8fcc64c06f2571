import { expect, test } from '@jest/globals'
import { templateOf, variablesOf } from './templates.ts'

test('a template is parsed once for a config', () => {
  const config = {}
  expect(templateOf(config, 'a {{b}}')).toBe(templateOf(config, 'a {{b}}'))
  expect(templateOf(config, 'a {{b}}')).not.toBe(templateOf({}, 'a {{b}}'))
  expect(variablesOf(templateOf(config, 'a {{c}}'))).toEqual(['c'])
})

test('what is not a template has no variables', () => {
  const broken = templateOf({}, 'a {{b')
  expect(broken).toHaveProperty('problem')
  expect(variablesOf(broken)).toEqual([])
})
