// Budgets as people set them, with the service whole.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Budget, CompleteRequest, CompleteResponse, Finish } from '#gen/spellmesh/completion/v1/completion.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['completion'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
})
afterAll(async () => system?.stop())

const clientOf = (user: string, service = 'edge') => system.host.client(CompletionServiceDefinition, { user, service })
const setBudget = async (user: string, budget: Partial<Budget>) => (await clientOf(user).setBudget({ budget })).budget
const budgetsOf = async (user: string) => (await clientOf(user).listBudgets({})).budgets

async function complete(user: string, request: Partial<CompleteRequest> = {}) {
  const messages = [{ role: 'user', content: 'Ten names for a boat, and what each of them stands for' }]
  let text = ''
  let finish: Finish | undefined
  const answer: AsyncIterable<CompleteResponse> = clientOf(user, 'spell-runner').complete({ messages, ...request })
  for await (const { part } of answer) {
    if (part?.$case === 'text') text += part.value
    if (part?.$case === 'finish') finish = part.value
  }
  return { text, finish }
}
const origin = { agentId: '', spellId: 'spell_1', runId: 'run_1', nodeId: 'ask' }

test('a budget stops an answer in the middle, keeps what was said, and is told in the list', async () => {
  const whole = await complete('ada', { origin })
  expect(whole.finish?.reason).toBe('stop')
  await setBudget('ada', { scope: 'node', target: 'spell_1/ask', tokens: 40 })
  const { text, finish } = await complete('ada', { origin })
  expect(finish).toMatchObject({
    reason: 'budget',
    model: 'local/demo',
    budget: '40 tokens of this call',
    usage: { cost: 0 },
  })
  expect(whole.text.startsWith(text)).toBe(true)
  expect(text.length).toBeGreaterThan(10)
  const taken = (finish?.usage?.inputTokens ?? 0) + (finish?.usage?.outputTokens ?? 0)
  expect(taken).toBeGreaterThanOrEqual(40)
  expect(await budgetsOf('ada')).toMatchObject([
    { scope: 'node', target: 'spell_1/ask', period: 'total', tokens: 40, usedTokens: taken },
  ])
  // Elsewhere it stops nothing.
  expect((await complete('ada')).finish?.reason).toBe('stop')
  expect((await complete('ada', { origin: { ...origin, nodeId: 'other' } })).finish?.reason).toBe('stop')
})

test('a budget that is used up refuses the call with the reason BUDGET', async () => {
  await setBudget('bob', { scope: 'user', period: 'day', tokens: 30 })
  expect((await complete('bob')).finish).toMatchObject({ reason: 'budget', budget: '30 tokens a day of this user' })
  await expect(complete('bob')).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'BUDGET',
    message: expect.stringMatching(
      /^the budget of 30 tokens a day of this user is used up \(\d+ used\); it begins anew at \d{4}-\d\d-\d\d 00:00 UTC$/,
    ),
  })
  expect((await complete('carol')).finish?.reason).toBe('stop')
})

test('what was spent before a budget was set counts, and one set again has its new limit and its old id', async () => {
  const { finish } = await complete('dave', { origin })
  const taken = (finish?.usage?.inputTokens ?? 0) + (finish?.usage?.outputTokens ?? 0)
  const first = await setBudget('dave', { scope: 'spell', target: 'spell_1', period: 'month', tokens: 5, cost: 0 })
  expect(first).toMatchObject({ usedTokens: taken, usedCost: 0 })
  await expect(complete('dave', { origin })).rejects.toMatchObject({ reason: 'BUDGET' })
  const second = await setBudget('dave', { scope: 'spell', target: 'spell_1', period: 'month', tokens: 0, cost: 2 })
  expect(second).toEqual({ ...first, tokens: 0, cost: 2 })
  expect(await budgetsOf('dave')).toEqual([second])
  expect((await complete('dave', { origin })).finish?.reason).toBe('stop')
})

test('of runs, the latest is told', async () => {
  await setBudget('eve', { scope: 'run', target: 'spell_1', cost: 1 })
  await complete('eve', { origin })
  const { finish } = await complete('eve', { origin: { ...origin, runId: 'run_2' } })
  const taken = (finish?.usage?.inputTokens ?? 0) + (finish?.usage?.outputTokens ?? 0)
  expect(await budgetsOf('eve')).toMatchObject([{ scope: 'run', period: 'total', usedTokens: taken }])
})

test('a budget is its owner’s: nobody else sees or deletes it', async () => {
  const id = (await setBudget('fay', { scope: 'user', period: 'total', cost: 1 }))?.id ?? ''
  expect(await budgetsOf('gus')).toEqual([])
  await expect(clientOf('gus').deleteBudget({ budgetId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await clientOf('fay').deleteBudget({ budgetId: id })
  expect(await budgetsOf('fay')).toEqual([])
  await expect(clientOf('fay').deleteBudget({ budgetId: id })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: `there is no budget "${id}"`,
  })
})

test('of one user there are so many budgets and no more', async () => {
  const all = Array.from({ length: 200 }, (_, index) =>
    setBudget('hal', { scope: 'spell', target: `s${index}`, period: 'day', tokens: 1 }),
  )
  await Promise.all(all)
  await expect(setBudget('hal', { scope: 'user', period: 'day', tokens: 1 })).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: 'there are 200 budgets already: delete one',
  })
  expect(await setBudget('hal', { scope: 'spell', target: 's7', period: 'day', tokens: 2 })).toMatchObject({
    tokens: 2,
  })
})

test.each<[string, Partial<Budget>, readonly string[]]>([
  [
    'nothing',
    {},
    [
      'budget.scope: "" is none of user, agent, spell, run, node',
      'budget.period: "" is none of day, month, total',
      'budget.tokens: expected tokens, a cost or both',
    ],
  ],
  [
    'a user of another name',
    { scope: 'user', target: 'bob', period: 'week', cost: -1 },
    [
      'budget.period: "week" is none of day, month, total',
      'budget.target: "bob": a budget of a user is the caller\'s own: leave it empty',
      'budget.cost: -1 is not from 0 to 1000000000000',
    ],
  ],
  [
    'a spell without a name',
    { scope: 'spell', period: 'day', tokens: 1 },
    ['budget.target: expected the id of a spell'],
  ],
  [
    'runs by day',
    { scope: 'run', target: 's', period: 'day', tokens: 1 },
    ['budget.period: "day": a budget of a run is always "total"'],
  ],
  [
    'a node without its spell',
    { scope: 'node', target: 'ask', tokens: 1 },
    ['budget.target: "ask" is not "<spell>/<node>"'],
  ],
  [
    'no number',
    { scope: 'user', period: 'day', tokens: 1, cost: NaN },
    ['budget.cost: NaN is not from 0 to 1000000000000'],
  ],
  ['a NUL', { scope: 'agent', target: 'a\0', period: 'day', tokens: 1 }, ['budget.target: expected an id']],
])('a budget of %s is refused with every problem', async (_, budget, problems) => {
  const error = await setBudget('ida', budget).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
  const told = (error as { problems: readonly { path: string; message: string }[] }).problems
  expect(told.map(({ path, message }) => `${path}: ${message}`)).toEqual(problems)
  expect(await budgetsOf('ida')).toEqual([])
})

test('usage is asked for by what there is', async () => {
  await expect(clientOf('ida').setBudget({})).rejects.toMatchObject({ message: 'budget: expected a budget' })
  await expect(clientOf('ida').listUsage({ by: 'week', from: 5, to: 5 })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [
      { path: 'by', message: '"week" is none of day, model, spell, run, node' },
      { path: 'to', message: '5 is not after "from", 5' },
    ],
  })
  await expect(clientOf('ida').listUsage({ from: 2 ** 52 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})
