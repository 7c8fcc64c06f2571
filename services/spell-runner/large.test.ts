// What is too large for one answer.
import { expect, test } from '@jest/globals'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { JsonObject } from '#graph/json.ts'
import type { RunView } from '#graph/view.ts'
import { embedded } from '#mesh/testing.ts'
import { spellOf } from '#nodes/examples.suite.ts'

const MESSAGE_BYTES = 4 * 1024 * 1024
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const read = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString() || 'null') as unknown

async function begin() {
  const running = await embedded({ services: ['spell-runner'], settings: { RUNS_PER_USER: '200' } })
  const runner = running.as('ada').client(SpellRunnerServiceDefinition)
  return {
    runner,
    async run(spell: object, inputs: object, more: object = {}) {
      const { spell: made } = await runner.createSpell({ document: json(spell) })
      const spellId = made?.id ?? ''
      const { run } = await runner.startRun({ spellId, inputs: json(inputs), ...more })
      return { spellId, run, runId: run?.id ?? '' }
    },
    [Symbol.asyncDispose]: () => running.stop(),
  }
}

const names = ['a', 'b', 'c', 'd', 'e']
/** Gives its input in five outputs. */
const five = spellOf(
  {
    start: { type: 'flow/start' },
    text: { type: 'flow/input', config: { name: 'text', type: 'string' } },
    ...Object.fromEntries(names.map(name => [name, { type: 'flow/output', config: { name } }])),
  },
  names.flatMap((name, index) => [
    [`${names[index - 1] ?? 'start'}.out`, `${name}.in`],
    ['text.value', `${name}.value`],
  ]),
)

test('where outputs are too large for an answer, references stand for them; a list leaves them out', async () => {
  await using system = await begin()
  const text = '語'.repeat(300_000)
  const { run, runId, spellId } = await system.run(five, { text })
  const outputs = read(run?.outputs) as Record<string, { $blob: string; size: number; type: string }>
  expect(Object.keys(outputs)).toEqual(names)
  expect(outputs['e']).toMatchObject({ size: text.length + 2, type: 'string' })
  const { value } = await system.runner.getBlob({ runId, hash: outputs['e']?.$blob ?? '' })
  expect(read(value)).toBe(text)
  expect((await system.runner.getRun({ runId })).run).toEqual(run)
  const { runs } = await system.runner.listRuns({ spellId })
  expect(runs.map(one => [read(one.inputs), read(one.outputs), one.status])).toEqual([[{}, {}, 'completed']])
  const small = await system.run(five, { text: 'x'.repeat(100_000) })
  expect(read(small.run?.outputs)).toMatchObject({ e: 'x'.repeat(100_000) })
})

test('a page of entries, and a state with a long console, fit a message', async () => {
  await using system = await begin()
  const spell = spellOf(
    {
      start: { type: 'flow/start' },
      list: { type: 'data/range', config: { from: 1, to: 600 } },
      each: { type: 'flow/for-each' },
      text: { type: 'flow/input', config: { name: 'text', type: 'string' } },
      log: { type: 'debug/log' },
    },
    [
      ['start.out', 'each.in'],
      ['list.list', 'each.list'],
      ['each.each', 'log.in'],
      ['text.value', 'log.value'],
    ],
  )
  const { runId, run } = await system.run(spell, { text: '語'.repeat(2_000) })
  const answer = await system.runner.getRunState({ runId })
  expect(answer.state.length).toBeLessThan(MESSAGE_BYTES)
  const { console: lines, status } = read(answer.state) as RunView
  expect([lines.length, status]).toEqual([200, 'completed'])
  expect(lines.at(-1)?.seq).toBe((run?.lastSeq ?? 0) - 3)
  let after = 0
  while (after < (run?.lastSeq ?? 0)) {
    const { entries } = await system.runner.listEntries({ runId, after, limit: 2_000 })
    expect(entries.length).toBeLessThan(MESSAGE_BYTES)
    after += (read(entries) as JsonObject[]).length
  }
  expect(after).toBe(run?.lastSeq)
})
