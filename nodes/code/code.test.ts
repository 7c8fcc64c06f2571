import { afterAll, describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '#graph/json.ts'
import { socketsOf } from '#graph/registry.ts'
import { createSandbox } from '#services/spell-runner/sandbox/sandbox.ts'
import type { Single } from '../kit.suite.ts'
import { outputsOf, problemsOf, registry, runNode } from '../kit.suite.ts'

const sandbox = createSandbox({ processes: 1, timeoutMs: 5_000 })
afterAll(async () => sandbox[Symbol.asyncDispose]())

const run = async (code: string, { config = {}, ...more }: Single = {}) =>
  runNode('code/javascript', { config: { code, ...config }, sandbox, ...more })
const resultOf = async (code: string, inputs: Record<string, Json> = {}) =>
  (await outputsOf('code/javascript', { config: { code }, inputs, sandbox }))['result']

describe('what code gets and gives', () => {
  test('its inputs by name, empty ones too; what is not given is undefined', async () => {
    const code = 'return { result: [inputs.value, typeof inputs.value, Object.keys(inputs)] }'
    expect(await resultOf(code, { value: '' })).toEqual(['', 'string', ['value']])
    expect(await resultOf(code, { value: 0 })).toEqual([0, 'number', ['value']])
    expect(await resultOf(code, { value: false })).toEqual([false, 'boolean', ['value']])
    expect(await resultOf(code, { value: null })).toEqual([null, 'object', ['value']])
    expect(await resultOf(code)).toEqual([null, 'undefined', []])
  })

  test('an object with outputs is taken by name, anything else is the only output’s value', async () => {
    expect(await resultOf('return { result: 0, other: 1 }')).toBe(0)
    expect(await resultOf('return { other: 1 }')).toEqual({ other: 1 })
    expect(await resultOf('return ""')).toBe('')
    expect(await resultOf('return')).toBeNull()
    expect(await resultOf('return await Promise.resolve([1])')).toEqual([1])
    const { outputs } = await run('return { a: 1, b: false, c: 2 }', { config: { outputs: ['a', 'b'] } })
    expect(outputs).toEqual({ a: 1, b: false })
  })

  test('an output that code does not name has no value', async () => {
    const { error } = await run('return { a: 1 }', { config: { outputs: ['a', 'b'] } })
    expect(error).toMatchObject({ code: 'NO_VALUE', message: 'input "value" has no value: "it" gave no "b"' })
  })

  test('the state: what it changes is kept, the rest is left alone', async () => {
    const state: JsonObject = { count: 0, list: [1], same: { a: 1 } }
    const { state: after } = await run('state.count++; state.list.push(""); state.fresh = null', { state, outputs: [] })
    expect(after).toEqual({ count: 1, list: [1, ''], fresh: null })
  })

  test('lines of its console, with their levels', async () => {
    const { entries } = await run('console.log("a", 0, null, { b: "" }); console.error("c")', { outputs: [] })
    expect(entries.flatMap(entry => (entry.kind === 'node.log' ? [[entry.level, entry.text]] : []))).toEqual([
      ['info', 'a 0 null {"b":""}'],
      ['error', 'c'],
    ])
  })

  test('its inputs and outputs are sockets', () => {
    const config = { inputs: ['first one', 'b'], outputs: ['c'] }
    expect(socketsOf(registry, { type: 'code/javascript', config })).toMatchObject({
      inputs: { 'first one': { type: 'any' }, b: { type: 'any' } },
      outputs: { c: { type: 'any' } },
      flow: { in: ['in'], out: ['out', 'error'] },
    })
  })
})

describe('what goes wrong', () => {
  test('what it throws is told with its line; what it changed before counts for nothing', async () => {
    const { error, entries } = await run('state.x = 1\nconsole.log("so far")\nthrow new TypeError("no")')
    expect(error).toEqual({ code: 'CODE_ERROR', message: 'TypeError: no (line 3)', node: 'it' })
    expect(entries.map(({ kind }) => kind)).not.toContain('state.changed')
    expect(entries.flatMap(entry => (entry.kind === 'node.log' ? entry.text : []))).toEqual(['so far'])
    expect((await run('throw { why: 1 }')).error).toMatchObject({ message: 'threw {"why":1}' })
  })

  test('code that is none', async () => {
    expect((await run('return (')).error).toMatchObject({
      code: 'CODE_ERROR',
      message: expect.stringContaining('SyntaxError') as unknown,
    })
  })

  test('a state that is none', async () => {
    expect((await run('state = null')).error).toMatchObject({
      code: 'CODE_ERROR',
      message: '"state" must stay an object',
    })
    expect((await run('state = { x: 1 }', { outputs: [] })).state).toEqual({ x: 1 })
  })

  test('a comment on the last line does not swallow what follows', async () => {
    expect(await resultOf('return 1 // done')).toBe(1)
  })

  test('the machine cannot be reached', async () => {
    expect(await resultOf('return [typeof process, typeof require, typeof fetch]')).toEqual([
      'undefined',
      'undefined',
      'undefined',
    ])
  })

  test('the error output fires where it is wired', async () => {
    const { pulses, status } = await run('throw 1', { outputs: [] })
    expect([status, pulses('it')]).toEqual(['failed', []])
  })

  test('all that is wrong with its config', () => {
    expect(problemsOf('code/javascript', { code: 1, inputs: ['', 2], outputs: 'a' })).toEqual([
      { path: 'config.code', message: 'expected a string, got 1' },
      { path: 'config.inputs[0]', message: 'must not be empty' },
      { path: 'config.inputs[1]', message: 'expected a string, got 2' },
      { path: 'config.outputs', message: 'expected a list, got "a"' },
    ])
  })
})
