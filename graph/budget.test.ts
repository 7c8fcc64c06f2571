// Limits of what nodes use: tokens and cost.
import { describe, expect, test } from '@jest/globals'
import { defineNode } from './define.ts'
import type { Entry } from './journal.ts'
import type { Execution } from './kit.suite.ts'
import { createKit, execute, spell } from './kit.suite.ts'
import { compile } from './plan.ts'
import { replay } from './replay.ts'

describe('what nodes use', () => {
  const spending = defineNode({
    title: 'Spend',
    about: '',
    kind: 'action',
    effect: 'idempotent',
    flow: { in: ['in'], out: ['out'] },
    run: async () => ({ usage: { inputTokens: 30, outputTokens: 20, cost: 0.25 } }),
  })
  const document = spell(
    {
      start: { type: 'flow/start' },
      a: { type: 'test/spend' },
      b: { type: 'test/spend' },
      c: { type: 'test/step' },
    },
    [
      ['start.out', 'a.in'],
      ['a.out', 'b.in'],
      ['b.out', 'c.in'],
    ],
  )
  const registry = new Map([...createKit({ made: [] }), ['test/spend', { ...spending, type: 'test/spend' }]])
  const plan = compile(document, registry)
  const endOf = async (limits: Execution['limits'], journal?: readonly Entry[]) =>
    execute(plan, { limits: { ...limits }, ...(journal ? { journal } : {}) })

  test.each([
    [{ tokens: 99 }, 'the run reached its limit of 99 tokens: it used 100'],
    [{ cost: 0.4 }, 'the run reached its limit of $0.4: it spent $0.5'],
  ])('a run ends at %j, also where it is taken up', async (limits, message) => {
    const whole = await endOf(limits)
    expect(whole.terminal).toMatchObject({ kind: 'run.failed', error: { code: 'BUDGET', message } })
    for (let length = 1; length < whole.entries.length; length++) {
      const again = await endOf(limits, whole.entries.slice(0, length))
      expect(again.terminal).toMatchObject({ kind: 'run.failed', error: { code: 'BUDGET', message } })
      expect(await replay(plan, again.entries)).toEqual({ entries: again.entries.length })
    }
  })

  test('what is within the limit is not ended, and what a branch follows counts', async () => {
    const whole = await endOf({ tokens: 100, cost: 0.5 })
    expect(whole.terminal.kind).toBe('run.completed')
    const journal = whole.entries.slice(
      0,
      whole.entries.findLastIndex(({ kind }) => kind === 'node.ended'),
    )
    expect((await endOf({ tokens: 99 }, journal)).terminal).toMatchObject({ error: { code: 'BUDGET' } })
  })
})
