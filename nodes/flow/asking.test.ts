import { describe, expect, test } from '@jest/globals'
import type { Entry, RunWaiting } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { RunRefusal } from '#graph/refusal.ts'
import { replay } from '#graph/replay.ts'
import { socketsOf } from '#graph/registry.ts'
import type { Given, Single } from '../kit.suite.ts'
import { around, problemsOf, registry, runNode, runSpell } from '../kit.suite.ts'

const waitIn = (entries: readonly Entry[]) => entries.find((one): one is RunWaiting => one.kind === 'run.waiting')

async function ask(type: string, single: Single, value?: Json) {
  const document = around(type, single)
  const given: Given = { ...single, inputs: single.inputs ?? {} }
  const outcome = await runSpell(document, {
    ...given,
    ...(value === undefined ? {} : { answers: [{ node: 'it', value }] }),
  })
  expect(await replay(compile(document, registry), outcome.entries)).toEqual({ entries: outcome.entries.length })
  return { ...outcome, waits: waitIn(outcome.entries) }
}

const form: Json = [
  { name: 'who', title: 'Your name', required: true },
  { name: 'why', type: 'multiline' },
  { name: 'age', type: 'number' },
  { name: 'member', type: 'boolean', default: true },
  { name: 'size', type: 'choice', options: ['S', 'M', 'L'], default: 'M' },
]

describe('ask', () => {
  test('shows its question and its form', async () => {
    const config = { prompt: 'Dear **{{name}}**{{#if again}}, again{{/if}}:', form }
    const inputs = { name: 'Ada', again: false }
    const { waits } = await ask('flow/ask', { config, inputs }, { who: 'Ada' })
    expect(waits).toMatchObject({ node: 'it', reason: 'question', prompt: 'Dear **Ada**:' })
    expect(waits?.until).toBeUndefined()
    expect(waits?.form).toEqual({
      type: 'object',
      properties: {
        who: { type: 'string', title: 'Your name', minLength: 1 },
        why: { type: 'string', title: 'why', format: 'multiline' },
        age: { type: 'number', title: 'age' },
        member: { type: 'boolean', title: 'member', default: true },
        size: { type: 'string', title: 'size', default: 'M', enum: ['S', 'M', 'L'] },
      },
      required: ['who'],
      additionalProperties: false,
    })
  })

  test('every field is an output; what was left out has its default, or is empty', async () => {
    const { outputs, pulses } = await ask('flow/ask', { config: { form } }, { who: 'Ada' })
    const answer = { who: 'Ada', member: true, size: 'M' }
    expect(outputs).toEqual({ answer, ...answer, why: '', age: null })
    expect(pulses('it')).toEqual(['answered'])
    const given = { who: 'B', why: '', age: 0, member: false, size: 'S' }
    expect((await ask('flow/ask', { config: { form } }, given)).outputs).toEqual({ answer: given, ...given })
  })

  test('an answer that does not fit is refused with every problem, and the question stays open', async () => {
    const document = around('flow/ask', { config: { form } })
    let refusal: unknown
    const { outputs } = await runSpell(document, {
      onEntry(entry, run) {
        if (entry.kind !== 'run.waiting') return
        setImmediate(() => {
          const say = (value: Json) => run.answer(entry.activation, { choice: 'answer', value })
          try {
            say({ who: '', age: 'old', size: 'XL', other: 1 })
          } catch (error) {
            refusal = error
          }
          say({ who: 'C' })
        })
      },
    })
    expect((refusal as RunRefusal).problems).toEqual([
      { path: 'value.who', message: 'must not be empty' },
      { path: 'value.age', message: 'expected a number, got "old"' },
      { path: 'value.size', message: '"XL" is none of "S", "M", "L"' },
      { path: 'value.other', message: 'is not known; expected who, why, age, member, size' },
    ])
    expect(outputs['who']).toBe('C')
  })

  test('without a form it asks for a text', async () => {
    const { outputs } = await ask('flow/ask', { config: { prompt: 'Well?' } }, { text: 'fine' })
    expect(outputs).toEqual({ text: 'fine', answer: { text: 'fine' } })
  })

  test('nobody answers: it fails, or goes on', async () => {
    const late = await ask('flow/ask', { config: { deadlineMs: 10 } })
    expect(late.error).toEqual({ code: 'TIMEOUT', message: 'nobody answered within 10 ms', node: 'it' })
    expect((late.waits?.until ?? 0) - (late.waits?.at ?? 0)).toBeGreaterThanOrEqual(8)
    const { status, pulses, entries } = await ask('flow/ask', {
      config: { deadlineMs: 10, onExpire: 'continue' },
      outputs: [],
    })
    expect([status, pulses('it')]).toEqual(['completed', ['expired']])
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      outputs: { text: '', answer: {} },
    })
  })

  test('a question that nobody would read is refused', async () => {
    const { error } = await ask('flow/ask', { config: { prompt: '{{text}}' }, inputs: { text: 'x'.repeat(20_001) } })
    expect(error).toMatchObject({ code: 'TOO_LONG', node: 'it' })
  })

  test('its sockets follow from its settings', () => {
    const sockets = (config: JsonObject) => socketsOf(registry, { type: 'flow/ask', config })
    const { inputs, outputs, flow } = sockets({ prompt: '{{a}} {{b}}', form, onExpire: 'continue' }) ?? {}
    expect(Object.keys(inputs ?? {})).toEqual(['a', 'b'])
    expect(Object.entries(outputs ?? {}).map(([name, { type }]) => [name, type])).toEqual([
      ['answer', 'object'],
      ['who', 'string'],
      ['why', 'string'],
      ['age', 'any'],
      ['member', 'boolean'],
      ['size', 'string'],
      ['failure', 'object'],
    ])
    expect(flow).toEqual({ in: ['in'], out: ['answered', 'expired', 'error'] })
    expect(sockets({})?.flow.out).toEqual(['answered', 'error'])
  })

  test('tells all that is wrong with its settings', () => {
    const wrong: Json = [
      { name: 'answered' },
      { name: 'a', type: 'choice' },
      { name: 'a', options: ['x'] },
      { name: 'b', type: 'number', default: 'many' },
      { name: 'c', type: 'choice', options: ['x'], default: 'y' },
      { name: 'd', required: true, default: '' },
    ]
    expect(problemsOf('flow/ask', { prompt: '{{#if a}}', form: wrong })).toEqual([
      { path: 'config.prompt', message: expect.stringContaining('parse error') as unknown },
      { path: 'config.form[0].name', message: '"answered" is the name of another output' },
      { path: 'config.form[1].options', message: 'expected at least one option to choose' },
      { path: 'config.form[2].name', message: '"a" is there twice' },
      { path: 'config.form[2].options', message: 'only a choice has options, and this is text' },
      { path: 'config.form[3].default', message: 'expected a number, got "many"' },
      { path: 'config.form[4].default', message: '"y" is none of "x"' },
    ])
    expect(problemsOf('flow/ask', { prompt: '{{in}}' })).toEqual([
      { path: 'config.prompt', message: '"in" is the name of the flow input: call the variable otherwise' },
    ])
    expect(problemsOf('flow/ask', { form: [], deadlineMs: -1, onExpire: 'wait' })).toEqual([
      { path: 'config.form', message: 'expected at least 1 items' },
      { path: 'config.deadlineMs', message: 'expected at least 0, got -1' },
      { path: 'config.onExpire', message: '"wait" is none of "fail", "continue"' },
    ])
    expect(problemsOf('flow/ask', { form: [{ title: 'x' }, 'y', { name: '', kind: 1 }] })).toEqual([
      { path: 'config.form[0].name', message: 'is required' },
      { path: 'config.form[1]', message: 'expected an object, got "y"' },
      { path: 'config.form[2].name', message: 'must not be empty' },
      {
        path: 'config.form[2].kind',
        message: 'is not known; expected name, title, type, options, required, default',
      },
    ])
  })

  test('the answer or the deadline counts from every point of the record', async () => {
    // Where an answer is given, no pause of the machine may be longer than the question stands.
    const cases = [
      { pulse: 'answered', deadlineMs: 600_000, given: { answers: [{ node: 'it', value: { who: 'Ada' } }] } },
      { pulse: 'expired', deadlineMs: 15, given: {} },
    ]
    for (const { pulse, deadlineMs, given } of cases) {
      const document = around('flow/ask', { config: { form, onExpire: 'continue', deadlineMs } })
      const { entries, outputs, pulses } = await runSpell(document, given)
      expect(pulses('it')).toEqual([pulse])
      for (let length = 1; length < entries.length; length++)
        expect((await runSpell(document, { journal: entries.slice(0, length), ...given })).outputs).toEqual(outputs)
    }
  })
})

describe('approve', () => {
  test('goes on along approved or rejected, with a comment', async () => {
    const config = { prompt: 'Send to {{who}}?' }
    const yes = await ask('flow/approve', { config, inputs: { who: 'all' }, outputs: [] }, { approved: true })
    expect([yes.waits?.prompt, yes.pulses('it')]).toEqual(['Send to all?', ['approved']])
    const said = { approved: false, comment: 'not yet' }
    const no = await ask('flow/approve', { config, inputs: { who: '' }, outputs: [] }, said)
    expect([no.waits?.prompt, no.pulses('it')]).toEqual(['Send to ?', ['rejected']])
    expect(no.entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      outputs: said,
    })
  })

  test('nobody answers: it fails, or goes on without a yes', async () => {
    expect((await ask('flow/approve', { config: { deadlineMs: 5 } })).error).toMatchObject({ code: 'TIMEOUT' })
    const config = { deadlineMs: 5, onExpire: 'continue' }
    const { pulses, entries } = await ask('flow/approve', { config, outputs: [] })
    expect(pulses('it')).toEqual(['expired'])
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      outputs: { approved: false, comment: '' },
    })
  })

  test('a yes or a no is needed', async () => {
    const document = around('flow/approve', {})
    await runSpell(document, {
      onEntry(entry, run) {
        if (entry.kind !== 'run.waiting') return
        setImmediate(() => {
          const wrong: readonly Json[] = [null, 'yes', {}, { approved: 'yes' }, { comment: 'hm' }]
          for (const value of wrong)
            expect(() => run.answer(entry.activation, { choice: 'answer', value })).toThrow(RunRefusal)
          run.cancel('asked')
        })
      },
    })
    expect((await runNode('flow/approve', { answers: [{ node: 'it', value: { approved: false } }] })).status).toBe(
      'completed',
    )
  })
})
