import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import type { Database } from '#mesh/database.ts'
import { openTestDatabase } from '#mesh/testing.ts'
import { digestOf } from './check.ts'
import type { Outcome } from './crash.ts'
import { interruptAt } from './crash.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(async () => database?.[Symbol.asyncDispose]())

/** Here the model has been asked, and its answer is not stored: only here it may be asked again. */
const UNKNOWN_ANSWER = /^(completion (has come|was answered)|after insert into completion|before update completion)/

function expectWhole({ interrupted = 'nowhere', run, texts, before, count, effects: all }: Outcome): void {
  const entries = texts.map(text => JSON.parse(text) as Entry)
  expect({
    interrupted,
    status: run.status,
    outputs: JSON.parse(Buffer.from(run.outputs).toString()) as unknown,
  }).toEqual({
    interrupted,
    status: 'completed',
    outputs: { said: 'well', model: 'Once upon a time …' },
  })
  // One journal without a gap, which keeps what was committed.
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
  expect(texts.slice(0, before.length)).toEqual(before)
  expect(run.digest).toBe(digestOf(texts))
  // Every activation ends once, and none begins again.
  const ends = entries.filter(entry => entry.kind === 'node.ended').map(({ activation }) => activation)
  expect(new Set(ends).size).toBe(ends.length)
  // What a run changes, it changes once.
  expect({ interrupted, count }).toEqual({ interrupted, count: 1 })
  const effects = (kind: string) => all.filter(one => one.kind === kind)
  expect({ interrupted, sent: effects('send').length }).toEqual({ interrupted, sent: 1 })
  const asked = effects('completion').length
  const most = UNKNOWN_ANSWER.test(interrupted) ? 2 : 1
  expect({ interrupted, asked, isRight: asked >= 1 && asked <= most }).toEqual({ interrupted, asked, isRight: true })
  // One key stands for one request, though the clock was read again.
  for (const same of Map.groupBy(all, ({ key }) => key).values())
    expect(new Set(same.map(({ request }) => request)).size).toBe(1)
}

test('a run that is interrupted at any point between effects and commits ends as if it had not been', async () => {
  const points: string[] = []
  for (let point = 1; ; point++) {
    const outcome = await interruptAt(database, point)
    expectWhole(outcome)
    if (outcome.interrupted === undefined) break
    points.push(outcome.interrupted)
  }
  // That many at least; more where entries come in more batches.
  expect(points.length).toBeGreaterThanOrEqual(18)
  for (const kind of [
    /^before select id from spell_runner.commit_batches/,
    /^after select id/,
    /^send has come/,
    UNKNOWN_ANSWER,
  ])
    expect(points.some(one => kind.test(one))).toBe(true)
}, 180_000)
