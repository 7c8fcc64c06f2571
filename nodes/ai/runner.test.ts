import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Entry } from '#graph/journal.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import type { NodeExample } from '../example.ts'
import { spell } from '../kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
})
afterAll(async () => system.stop())

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const read = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString() || 'null') as unknown
const clients = (user: string) => ({
  runner: system.as(user).client(SpellRunnerServiceDefinition),
  completion: system.as(user).client(CompletionServiceDefinition),
})

test('an agent’s tool that is a spell is a part of the run; what each node used is in the ledger', async () => {
  const { runner, completion } = clients('ada')
  const file = new URL('agent.example.json', import.meta.url)
  const { spell: agent, library = {}, outputs } = JSON.parse(readFileSync(file, 'utf8')) as NodeExample
  for (const document of Object.values(library)) await runner.createSpell({ document: json(document) })
  const { spell: made } = await runner.createSpell({ document: json(agent) })
  const { run } = await runner.startRun({ spellId: made?.id ?? '', inputs: json({}) })
  expect(run?.error).toBeUndefined()
  expect(read(run?.outputs)).toEqual(outputs)

  const { entries } = await runner.listEntries({ runId: run?.id ?? '', limit: 1_000 })
  const journal = read(entries) as readonly Entry[]
  const ended = journal.flatMap(entry => (entry.kind === 'node.ended' ? [entry] : []))
  expect(ended.map(({ node }) => node)).toEqual([
    ...['start', 'turn', 'weather/start', 'weather/report', 'weather'],
    ...['tools', 'turn', 'agent', 'answer', 'rounds'],
  ])
  const used = ended.filter(({ node }) => node === 'turn').map(({ usage = {} }) => usage)
  expect(used).toEqual([
    { model: 'local/demo', cost: 0, inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
    { model: 'local/demo', cost: 0, inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
  ])
  const { sums } = await completion.listUsage({ by: 'node', runId: run?.id ?? '' })
  expect(sums).toMatchObject([
    {
      key: expect.stringContaining('turn') as unknown,
      calls: 2,
      inputTokens: used.reduce((sum, { inputTokens = 0 }) => sum + inputTokens, 0),
      outputTokens: used.reduce((sum, { outputTokens = 0 }) => sum + outputTokens, 0),
    },
  ])
})

const story = spell(
  {
    start: { type: 'flow/start' },
    ask: { type: 'ai/complete', values: { prompt: 'tell me of rain' } },
    whole: { type: 'flow/output', config: { name: 'whole' } },
    cut: { type: 'flow/output', config: { name: 'cut' } },
    why: { type: 'flow/output', config: { name: 'why' } },
  },
  [
    ['start.out', 'ask.in'],
    ['ask.out', 'whole.in'],
    ['ask.text', 'whole.value'],
    ['ask.overBudget', 'cut.in'],
    ['ask.text', 'cut.value'],
    ['cut.out', 'why.in'],
    ['ask.budget', 'why.value'],
  ],
)

test('what a run may spend cuts its model off in the middle; the run goes on along `overBudget`', async () => {
  const { runner } = clients('bea')
  const { spell: made } = await runner.createSpell({ document: json(story) })
  const { run: free } = await runner.startRun({ spellId: made?.id ?? '' })
  const { whole } = read(free?.outputs) as { whole: string }
  const { run } = await runner.startRun({ spellId: made?.id ?? '', limits: { tokens: 12 } })
  expect(run).toMatchObject({ status: 'completed' })
  const { cut, why, ...others } = read(run?.outputs) as { cut: string; why: string }
  expect(others).toEqual({})
  expect(whole.startsWith(cut)).toBe(true)
  expect(cut.length).toBeLessThan(whole.length)
  expect(cut).not.toBe('')
  expect(why).toContain('12 tokens')
})

test('a budget of the node, kept for all runs, does the same', async () => {
  const { runner, completion } = clients('cleo')
  const { spell: made } = await runner.createSpell({ document: json(story) })
  const target = `${made?.id ?? ''}/ask`
  await completion.setBudget({ budget: { scope: 'node', target, period: 'total', tokens: 10 } })
  const { run } = await runner.startRun({ spellId: made?.id ?? '' })
  expect(read(run?.outputs)).toEqual({
    cut: expect.stringMatching(/^Start with rain/) as unknown,
    why: expect.stringContaining('10 tokens') as unknown,
  })
})
