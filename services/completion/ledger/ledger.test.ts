// Two openings on one database are two processes of a mesh.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createLog } from '#mesh/log.ts'
import type { Database } from '#mesh/database.ts'
import { migrate } from '#mesh/migrate.ts'
import { migrations } from '#mesh/service.ts'
import { openTestDatabase } from '#mesh/testing.ts'
import type { Charge, Price } from './charge.ts'
import { openLedger } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { createLedgerStore } from './store.ts'

const PRICES: Readonly<Record<string, Price>> = {
  'local/demo': { input: 0, output: 0 },
  'openai/dear': { input: 1_000, output: 10_000, cached: 100 },
}
let database: Database
let clock = 0
const stops: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  database = await openTestDatabase()
  await migrate(database, 'completion', migrations(new URL('../service.ts', import.meta.url).href))
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
  clock = 0
  await database.transaction(session =>
    session.run('delete from completion.usage; delete from completion.spent; delete from completion.budgets'),
  )
})
afterAll(async () => database?.[Symbol.asyncDispose]())

/** One process of the service. */
const open = (): Ledger =>
  openLedger(
    {
      settings: { USAGE_RETENTION_DAYS: 30 },
      database: database.kysely,
      log: createLog('silent'),
      onStop: stop => void stops.push(stop),
    },
    model => PRICES[model],
    () => clock || Date.now(),
  )

const never = new AbortController().signal
const as = (user: string) => ({ caller: { user, service: 'edge' }, signal: never, metadata: new Map<string, string>() })
const charge = (more: Partial<Charge> = {}): Charge => ({
  caller: { user: 'ada', service: 'spell-runner' },
  model: 'local/demo',
  inputTokensEstimate: 10,
  ...more,
})
const ofRun = { agentId: 'agent-1', spellId: 'spell-1', runId: 'run-1', nodeId: 'ask' }
const budget = (scope: string, target: string, period: string, limits: { tokens?: number; cost?: number }) => ({
  budget: { id: '', scope, target, period, tokens: 0, cost: 0, usedTokens: 0, usedCost: 0, ...limits },
})
const usage = async (ledger: Ledger, by = 'day', more: object = {}) =>
  (await ledger.handlers.listUsage({ by, from: 0, to: 0, spellId: '', runId: '', ...more }, as('ada'))).sums

/** A call, whole. */
async function spend(ledger: Ledger, inputTokens: number, outputTokens: number, more: Partial<Charge> = {}) {
  await using meter = await ledger.begin(charge({ inputTokensEstimate: inputTokens, ...more }))
  return meter.end({ inputTokens, outputTokens })
}

/** Says text until it is stopped; answers why, and how many characters it said. */
function sayUntilStopped(meter: Awaited<ReturnType<Ledger['begin']>>, most = 10_000) {
  for (let said = 40; said <= most; said += 40) {
    const over = meter.spent('x'.repeat(40))
    if (over !== undefined) return { over, said }
  }
  return { over: undefined, said: most }
}

test('what calls took is summed up by day, model, spell, run and node, each user’s own', async () => {
  const ledger = open()
  clock = Date.UTC(2026, 10, 20, 23)
  await spend(ledger, 100, 50, { model: 'openai/dear', origin: ofRun })
  clock = Date.UTC(2026, 10, 21, 1)
  await spend(ledger, 10, 5, { origin: { ...ofRun, runId: 'run-2', nodeId: 'check' } })
  await spend(ledger, 7, 3, { model: 'unknown/model' })
  await spend(ledger, 1_000, 1_000, { caller: { user: 'bob', service: 'edge' } })
  const sum = (key: string, calls: number, inputTokens: number, outputTokens: number, cost = 0, unpriced = 0) => ({
    key,
    calls,
    inputTokens,
    outputTokens,
    cost,
    unpriced,
  })
  // 100 tokens at $1,000 and 50 at $10,000 for a million.
  expect(await usage(ledger)).toEqual([sum('2026-11-20', 1, 100, 50, 0.6), sum('2026-11-21', 2, 17, 8, 0, 1)])
  expect(await usage(ledger, 'model')).toEqual([
    sum('openai/dear', 1, 100, 50, 0.6),
    sum('local/demo', 1, 10, 5),
    sum('unknown/model', 1, 7, 3, 0, 1),
  ])
  expect(await usage(ledger, 'spell')).toEqual([sum('spell-1', 2, 110, 55, 0.6), sum('', 1, 7, 3, 0, 1)])
  expect(await usage(ledger, 'run', { spellId: 'spell-1' })).toEqual([
    sum('run-1', 1, 100, 50, 0.6),
    sum('run-2', 1, 10, 5),
  ])
  expect(await usage(ledger, 'node', { runId: 'run-1' })).toEqual([sum('ask', 1, 100, 50, 0.6)])
  expect(await usage(ledger, 'node')).toEqual([
    sum('spell-1/ask', 1, 100, 50, 0.6),
    sum('spell-1/check', 1, 10, 5),
    sum('', 1, 7, 3, 0, 1),
  ])
  const day = { from: Date.UTC(2026, 10, 21), to: Date.UTC(2026, 10, 22) }
  expect(await usage(ledger, 'day', day)).toEqual([sum('2026-11-21', 2, 17, 8, 0, 1)])
  expect(await usage(ledger, 'day', { ...day, to: day.from + 1 })).toEqual([])
})

test('the cost is what the provider says it took: cached input is cheaper, and of what nobody knows there is none', async () => {
  const ledger = open()
  await using meter = await ledger.begin(charge({ model: 'openai/dear' }))
  meter.spent('hello')
  expect(await meter.end({ inputTokens: 1_000, outputTokens: 10, cachedTokens: 1_000, reasoningTokens: 4 })).toEqual({
    inputTokens: 1_000,
    outputTokens: 10,
    cachedTokens: 1_000,
    reasoningTokens: 4,
    cost: 0.2,
  })
  expect(await spend(ledger, 1, 1, { model: 'unknown/model' })).not.toHaveProperty('cost')
})

test('a call that ends twice is charged once; one that breaks off is charged what it said; one that said nothing, nothing', async () => {
  const ledger = open()
  const meter = await ledger.begin(charge())
  const first = meter.end({ inputTokens: 5, outputTokens: 5 })
  expect(await meter.end({ inputTokens: 500, outputTokens: 500 })).toEqual(await first)
  await meter[Symbol.asyncDispose]()
  const broken = await ledger.begin(charge({ model: 'openai/broken' }))
  broken.spent('x'.repeat(400))
  await broken[Symbol.asyncDispose]()
  const silent = await ledger.begin(charge({ model: 'openai/silent' }))
  await silent[Symbol.asyncDispose]()
  expect(await usage(ledger, 'model')).toMatchObject([
    { key: 'openai/broken', inputTokens: 10, outputTokens: 100, calls: 1 },
    { key: 'local/demo', inputTokens: 5, outputTokens: 5, calls: 1 },
  ])
})

test('what a vendor counts wrongly spoils neither the ledger nor the calls beside it', async () => {
  const ledger = open()
  const one = await ledger.begin(charge({ model: 'openai/\0dear\ud800', origin: { ...ofRun, nodeId: 'n\0' } }))
  const [, spent] = await Promise.all([
    spend(ledger, 1, 1),
    one.end({ inputTokens: -5, outputTokens: 1.6, cachedTokens: NaN, reasoningTokens: 1e300 }),
    spend(ledger, 2, 2),
  ])
  expect(spent).toEqual({ inputTokens: 0, outputTokens: 2, cachedTokens: 0, reasoningTokens: 4_294_967_295 })
  expect(await usage(ledger, 'model')).toMatchObject([
    { key: 'local/demo', calls: 2, inputTokens: 3, outputTokens: 3 },
    { key: 'openai/dear\ufffd', calls: 1, inputTokens: 0, outputTokens: 2, unpriced: 1 },
  ])
})

test.each([
  ['user', '', 'day', '400 tokens a day of this user'],
  ['user', '', 'total', '400 tokens of this user'],
  ['agent', 'agent-1', 'month', '400 tokens a month of this agent'],
  ['spell', 'spell-1', 'total', '400 tokens of this spell'],
  ['run', 'spell-1', 'total', '400 tokens of this run'],
  ['node', 'spell-1/ask', '', '400 tokens of this call'],
])('a budget of %s %j by %s stops a call in the middle: %s', async (scope, target, period, words) => {
  const ledger = open()
  await ledger.handlers.setBudget(budget(scope, target, period, { tokens: 400 }), as('ada'))
  await using meter = await ledger.begin(charge({ origin: ofRun, inputTokensEstimate: 100 }))
  // 100 are asked; the 300 left are 1,200 characters.
  expect(sayUntilStopped(meter)).toEqual({ over: words, said: 1_200 })
})

test.each([
  ['of another agent', 'agent', 'agent-2', 'day'],
  ['of another spell', 'spell', 'spell-2', 'total'],
  ['of runs of another spell', 'run', 'spell-2', 'total'],
  ['of another node', 'node', 'spell-1/other', 'total'],
])('a budget %s stops nothing', async (_, scope, target, period) => {
  const ledger = open()
  await ledger.handlers.setBudget(budget(scope, target, period, { tokens: 1 }), as('ada'))
  await using meter = await ledger.begin(charge({ origin: ofRun }))
  expect(sayUntilStopped(meter).over).toBeUndefined()
})

test('a budget is its owner’s alone', async () => {
  const ledger = open()
  await ledger.handlers.setBudget(budget('user', '', 'day', { tokens: 1 }), as('bob'))
  await using meter = await ledger.begin(charge())
  expect(sayUntilStopped(meter).over).toBeUndefined()
})

test('what is used up at the beginning is refused, with the numbers and when it begins anew', async () => {
  const ledger = open()
  clock = Date.UTC(2026, 10, 21, 12)
  await ledger.handlers.setBudget(budget('user', '', 'day', { tokens: 1_000 }), as('ada'))
  await spend(ledger, 700, 450)
  await expect(ledger.begin(charge())).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'BUDGET',
    message:
      'the budget of 1,000 tokens a day of this user is used up (1,150 used); it begins anew at 2026-11-22 00:00 UTC',
    details: { scope: 'user', period: 'day', tokens: 1_000, usedTokens: 1_150, renewsAt: Date.UTC(2026, 10, 22) },
  })
  clock = Date.UTC(2026, 10, 22)
  await spend(ledger, 700, 0)
  await expect(ledger.begin(charge({ inputTokensEstimate: 301 }))).rejects.toMatchObject({
    message:
      'the budget of 1,000 tokens a day of this user is used up (700 used, and what is asked takes about 301 alone); it begins anew at 2026-11-23 00:00 UTC',
  })
  await using meter = await ledger.begin(charge({ inputTokensEstimate: 299 }))
  expect(meter.spent('xxxx')).toBe('1,000 tokens a day of this user')
})

test('money bounds what costs money: not what is free, and of an unknown price the tokens only', async () => {
  const ledger = open()
  await ledger.handlers.setBudget(budget('user', '', 'month', { cost: 1 }), as('ada'))
  const meter = await ledger.begin(charge({ model: 'openai/dear', inputTokensEstimate: 0 }))
  // A token of the answer costs a cent: a hundred are 400 characters.
  expect(sayUntilStopped(meter)).toEqual({ over: '$1 a month of this user', said: 400 })
  await meter.end(undefined)
  await expect(ledger.begin(charge({ model: 'openai/dear' }))).rejects.toMatchObject({
    message: expect.stringMatching(
      /^the budget of \$1 a month of this user is used up \(\$1 used\); it begins anew at /,
    ),
  })
  await using free = await ledger.begin(charge())
  expect(sayUntilStopped(free).over).toBeUndefined()
  expect(await usage(ledger, 'model')).toMatchObject([{ key: 'openai/dear', cost: 1, unpriced: 0 }])
})

test('a limit of a call bounds that call; a limit of a run bounds all that the run does, whatever does it', async () => {
  const ledger = open()
  const ofCall = { limits: [{ scope: 'node', tokens: 50, cost: 0 }] }
  await using one = await ledger.begin(charge(ofCall))
  expect(sayUntilStopped(one)).toEqual({ over: '50 tokens of this call', said: 160 })
  const limited = { origin: ofRun, limits: [{ scope: 'run', tokens: 100, cost: 0 }] }
  await spend(ledger, 20, 20, { origin: ofRun })
  await using two = await ledger.begin(charge(limited))
  await using three = await ledger.begin(charge(limited))
  // 40 by the first call, 10 asked by each of the others, 40 left: 20 said by one, 20 by the other.
  two.spent('x'.repeat(80))
  expect(sayUntilStopped(three)).toEqual({ over: '100 tokens of this run', said: 80 })
  await expect(ledger.begin(charge(limited))).rejects.toMatchObject({ reason: 'BUDGET' })
  await using other = await ledger.begin(charge({ ...limited, origin: { ...ofRun, runId: 'run-2' } }))
  expect(sayUntilStopped(other)).toEqual({ over: '100 tokens of this run', said: 360 })
})

test('what is in flight counts, and what was counted too much is given back', async () => {
  const ledger = open()
  await ledger.handlers.setBudget(budget('user', '', 'total', { tokens: 1_000 }), as('ada'))
  const meter = await ledger.begin(charge({ inputTokensEstimate: 900 }))
  await expect(ledger.begin(charge({ inputTokensEstimate: 200 }))).rejects.toMatchObject({ reason: 'BUDGET' })
  await meter.end({ inputTokens: 100, outputTokens: 0 })
  const refused = await ledger.begin(charge({ inputTokensEstimate: 900 }))
  await refused[Symbol.asyncDispose]()
  await using again = await ledger.begin(charge({ inputTokensEstimate: 900 }))
  expect(again.spent('')).toBe('1,000 tokens of this user')
})

test('many that begin at once share what is left: not one too many, not one too few', async () => {
  const ledger = open()
  await ledger.handlers.setBudget(budget('user', '', 'day', { tokens: 1_000 }), as('ada'))
  const begun = await Promise.allSettled(
    Array.from({ length: 20 }, () => ledger.begin(charge({ inputTokensEstimate: 100 }))),
  )
  const meters = begun.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  expect(meters).toHaveLength(10)
  await Promise.all(meters.map(meter => meter.end({ inputTokens: 100, outputTokens: 0 })))
  expect(await usage(ledger)).toMatchObject([{ calls: 10, inputTokens: 1_000 }])
})

test('another process of the mesh learns within a second what is in flight here', async () => {
  const [here, there] = [open(), open()]
  await here.handlers.setBudget(budget('user', '', 'day', { tokens: 1_000 }), as('ada'))
  const mine = await here.begin(charge({ inputTokensEstimate: 500 }))
  await using theirs = await there.begin(charge({ inputTokensEstimate: 100 }))
  expect(theirs.spent('x')).toBeUndefined()
  mine.spent('x'.repeat(1_596))
  // Nobody is told: the sums are looked at each second.
  const until = Date.now() + 20_000
  while (theirs.spent('') === undefined && Date.now() < until) await new Promise(resolve => setTimeout(resolve, 20))
  expect(theirs.spent('')).toBe('1,000 tokens a day of this user')
  await expect(there.begin(charge())).rejects.toMatchObject({ reason: 'BUDGET' })
  await mine.end({ inputTokens: 1, outputTokens: 0 })
  await using again = await there.begin(charge())
  expect(again.spent('')).toBeUndefined()
})

test('of what a process leaves in flight that dies, what it last told is counted', async () => {
  const first = open()
  await first.handlers.setBudget(budget('user', '', 'day', { tokens: 1_000 }), as('ada'))
  const lost = await first.begin(charge({ inputTokensEstimate: 800 }))
  lost.spent('x'.repeat(400))
  for (const stop of stops.splice(0)) await stop()
  const { budgets } = await open().handlers.listBudgets({}, as('ada'))
  expect(budgets).toMatchObject([{ usedTokens: 900 }])
})

test('calls that end while the ledger cannot be written are answered, and written once it can', async () => {
  const ledger = open()
  await ledger.handlers.setBudget(budget('user', '', 'total', { tokens: 1_000 }), as('ada'))
  await database.transaction(session => session.run('alter table completion.usage rename to usage_away'))
  try {
    await spend(ledger, 300, 0)
    expect(await spend(ledger, 200, 100)).toMatchObject({ inputTokens: 200, outputTokens: 100 })
    // What could not be written counts here all the same.
    await expect(ledger.begin(charge({ inputTokensEstimate: 401 }))).rejects.toMatchObject({ reason: 'BUDGET' })
  } finally {
    await database.transaction(session => session.run('alter table completion.usage_away rename to usage'))
  }
  const until = Date.now() + 20_000
  let sums = await usage(ledger)
  while (!sums?.length && Date.now() < until) {
    await new Promise(resolve => setTimeout(resolve, 20))
    sums = await usage(ledger)
  }
  expect(sums).toMatchObject([{ calls: 2, inputTokens: 500, outputTokens: 100 }])
  expect((await ledger.handlers.listBudgets({}, as('ada'))).budgets).toMatchObject([{ usedTokens: 600 }])
})

test('calls are kept for their time, sums of days and months while they are looked at, totals for ever', async () => {
  const ledger = open()
  const now = Date.UTC(2026, 10, 21)
  const days = (count: number) => now - count * 86_400_000
  for (const at of [days(400), days(31), days(29)]) {
    clock = at
    await spend(ledger, 10, 0, { origin: ofRun })
  }
  clock = now
  await createLedgerStore(database.kysely).sweep(days(30), new Date(days(63)).toISOString().slice(0, 10))
  expect(await usage(ledger)).toMatchObject([{ key: '2026-10-23', calls: 1 }])
  await ledger.handlers.setBudget(budget('user', '', 'total', { tokens: 1 }), as('ada'))
  expect((await ledger.handlers.listBudgets({}, as('ada'))).budgets).toMatchObject([{ usedTokens: 30 }])
  const periods = await database.transaction(session =>
    session.query<{ period: string }>("select distinct period from completion.spent where scope = 'user' order by 1"),
  )
  expect(periods.map(({ period }) => period)).toEqual(['2026-10', '2026-10-21', '2026-10-23', 'total'])
})

test('calls one after another are all counted', async () => {
  const ledger = open()
  const limited = { origin: ofRun, limits: [{ scope: 'run', tokens: 400, cost: 0 }] }
  for (let calls = 0; calls < 100; calls++) await spend(ledger, 2, 2, limited)
  await expect(spend(ledger, 2, 2, limited)).rejects.toMatchObject({ reason: 'BUDGET' })
  expect(await usage(ledger)).toMatchObject([{ calls: 100, inputTokens: 200, outputTokens: 200 }])
})
