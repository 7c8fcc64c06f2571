import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { spell } from '../kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
})
afterAll(async () => system.stop())

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const letter = 'Please tell Ada Lovelace that the engine is ready.'
const reading = spell(
  {
    start: { type: 'flow/start' },
    keep: { type: 'document/store', config: { name: 'letter.txt' }, values: { content: letter } },
    find: { type: 'document/find', config: { rerank: 'completion', mode: 'keyword' }, values: { query: 'engine' } },
    recall: { type: 'memory/recall', values: { text: 'engine' } },
    read: { type: 'entity/suggest', config: { model: 'local/demo', kinds: ['person'] }, values: { text: letter } },
    names: { type: 'flow/output', config: { name: 'names' } },
  },
  [
    ['start.out', 'keep.in'],
    ['keep.out', 'find.in'],
    ['find.found', 'recall.in'],
    ['recall.missing', 'read.in'],
    ['read.out', 'names.in'],
    ['read.names', 'names.value'],
  ],
)

test('what models do for a search, a recall and a suggestion is charged to the run and its nodes, and kept within its limits', async () => {
  const runner = system.as('ada').client(SpellRunnerServiceDefinition)
  const completion = system.as('ada').client(CompletionServiceDefinition)
  const { spell: made } = await runner.createSpell({ document: json(reading) })
  const { run } = await runner.startRun({ spellId: made?.id ?? '' })
  expect(JSON.parse(Buffer.from(run?.outputs ?? []).toString())).toEqual({ names: ['Ada Lovelace'] })
  const { sums } = await completion.listUsage({ by: 'node', runId: run?.id ?? '' })
  expect(sums.map(({ key }) => key.split('/').at(-1)).toSorted()).toEqual(['find', 'read', 'recall'])

  const { run: poor } = await runner.startRun({ spellId: made?.id ?? '', limits: { tokens: 1 } })
  const { sums: spent } = await completion.listUsage({ by: 'node', runId: poor?.id ?? '' })
  const outputOf = (all: typeof sums) => all.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
  expect(outputOf(spent)).toBeLessThan(outputOf(sums))
})

test('nobody else says what a call is charged to', async () => {
  const bea = system.as('bea')
  const { suggestions } = await bea
    .client(EntityServiceDefinition)
    .suggest({ text: letter, model: 'local/demo', origin: { runId: 'r_of_another', nodeId: 'mine' } })
  expect(suggestions).toHaveLength(1)
  const { sums } = await bea.client(CompletionServiceDefinition).listUsage({ by: 'run' })
  expect(sums.map(({ key }) => key)).not.toContain('r_of_another')
})
