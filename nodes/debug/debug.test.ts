import { expect, test } from '@jest/globals'
import type { Json } from '#graph/json.ts'
import { problemsOf, runNode } from '../kit.suite.ts'

async function logged(config: Record<string, Json>, value?: Json) {
  const { entries, error } = await runNode('debug/log', { config, inputs: value === undefined ? {} : { value } })
  expect(error).toBeUndefined()
  return entries.flatMap(entry =>
    entry.kind === 'node.log'
      ? [{ level: entry.level, text: entry.text, ...('value' in entry ? { value: entry.value } : {}) }]
      : [],
  )
}

test('writes a line with its label', async () => {
  expect(await logged({ label: 'here' }, 'text')).toEqual([{ level: 'info', text: 'here: text' }])
  expect(await logged({ level: 'warn' }, 'text')).toEqual([{ level: 'warn', text: 'text' }])
  expect(await logged({ label: 'only a label' })).toEqual([{ level: 'info', text: 'only a label' }])
  expect(await logged({})).toEqual([{ level: 'info', text: '' }])
})

test('shows empty values, and keeps lists and objects whole', async () => {
  expect(await logged({ label: 'x' }, 0)).toEqual([{ level: 'info', text: 'x: 0' }])
  expect(await logged({ label: 'x' }, false)).toEqual([{ level: 'info', text: 'x: false' }])
  expect(await logged({ label: 'x' }, null)).toEqual([{ level: 'info', text: 'x: null' }])
  expect(await logged({ label: 'x' }, '')).toEqual([{ level: 'info', text: 'x' }])
  expect(await logged({ label: 'x' }, { a: [1] })).toEqual([{ level: 'info', text: 'x: {"a":[1]}', value: { a: [1] } }])
})

test('of what is long the line has the beginning, and the entry all of it', async () => {
  const picture = `data:image/png;base64,${'A'.repeat(100_000)}`
  const [entry] = await logged({ label: 'drawn' }, picture)
  expect(entry).toEqual({ level: 'info', text: `drawn: ${picture.slice(0, 4_000)}…`, value: picture })
  const list = Array.from({ length: 2_000 }, (_, index) => index)
  const [listed] = await logged({}, list)
  expect(listed?.text).toHaveLength(4_001)
  expect(listed?.value).toEqual(list)
})

test('flow goes on', async () => {
  expect((await runNode('debug/log')).pulses('it')).toEqual(['out'])
})

test('tells what is wrong with its config', () => {
  expect(problemsOf('debug/log', { label: 1, level: 'fatal' })).toEqual([
    { path: 'config.label', message: 'expected a string, got 1' },
    { path: 'config.level', message: '"fatal" is none of "debug", "info", "warn", "error"' },
  ])
})
