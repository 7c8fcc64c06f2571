import { expect, test } from '@jest/globals'
import type { Json, JsonObject } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { around, problemsOf, registry, runNode, runSpell } from '../kit.suite.ts'

test('puts the run aside for a time, and a replay does not wait', async () => {
  const document = around('time/wait', { config: { forMs: 25 } })
  const standings: string[] = []
  const { outputs, entries } = await runSpell(document, {
    onEntry(entry, run) {
      if (entry.kind === 'run.waiting') setImmediate(() => standings.push(run.standing))
    },
  })
  expect(standings).toEqual(['waiting'])
  const waiting = entries.find(({ kind }) => kind === 'run.waiting')
  expect(waiting).toMatchObject({ node: 'it', reason: 'time' })
  expect((outputs['at'] as number) - (waiting?.at ?? 0)).toBeGreaterThanOrEqual(24)
  expect(outputs['iso']).toBe(new Date(outputs['at'] as number).toISOString())
  expect(await replay(compile(document, registry), entries, { now: () => 0 })).toEqual({ entries: entries.length })
})

test('goes on with what is left of the time where the run is taken up elsewhere', async () => {
  const document = around('time/wait', { config: { forMs: 40 } })
  const whole = await runSpell(document)
  for (let length = 1; length < whole.entries.length; length++) {
    const { status } = await runSpell(document, { journal: whole.entries.slice(0, length) })
    expect(status).toBe('completed')
  }
})

/** What it waits for, and is not waited for here. */
async function untilOf(config: JsonObject, until?: Json) {
  let wakesAt: number | undefined
  await runSpell(around('time/wait', { config, ...(until === undefined ? {} : { inputs: { until } }) }), {
    ...(until === undefined ? {} : { inputs: { until } }),
    onEntry(entry, run) {
      if (entry.kind !== 'run.waiting') return
      wakesAt = run.wakesAt
      run.cancel('known')
    },
  })
  return wakesAt
}

test('a moment comes from the settings, or over the wire in their place', async () => {
  expect(await untilOf({ until: '2999-01-01' })).toBe(Date.UTC(2999, 0, 1))
  expect(await untilOf({ until: '2999-01-01', zone: 'Asia/Tokyo' })).toBe(Date.UTC(2998, 11, 31, 15))
  expect(await untilOf({ until: '2001-01-01' }, '2999-01-01T00:00Z')).toBe(Date.UTC(2999, 0, 1))
  expect(await untilOf({}, Date.UTC(2999, 0, 1))).toBe(Date.UTC(2999, 0, 1))
})

test('what has passed is no wait', async () => {
  for (const until of [0, '2001-01-01', Date.now() - 1]) {
    expect(await untilOf({}, until)).toBeUndefined()
    expect((await runNode('time/wait', { inputs: { until } })).pulses('it')).toEqual(['out'])
  }
})

test('what is no moment is refused', async () => {
  expect((await runNode('time/wait', { inputs: { until: 'tomorrow' } })).error).toMatchObject({
    code: 'NOT_A_TIME',
    node: 'it',
  })
  expect(problemsOf('time/wait', { until: 'tomorrow' })).toEqual([
    { path: 'config.until', message: '"tomorrow" is no time such as 2026-12-24T18:00' },
  ])
  expect(problemsOf('time/wait', { forMs: -1, zone: 1 })).toEqual([
    { path: 'config.forMs', message: 'expected at least 0, got -1' },
    { path: 'config.zone', message: 'expected a string, got 1' },
  ])
})
