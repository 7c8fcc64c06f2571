import { describe, expect, test } from '@jest/globals'
import { outputsOf, playSpell as play, spell } from './kit.suite.ts'
describe('the order of what comes from outside', () => {
  test('a journal replays however slowly it was written: nothing falls between two closings', async () => {
    const document = spell(
      {
        start: { type: 'flow/start' },
        wait: { type: 'test/call', config: { ms: 2 } },
        each: { type: 'flow/for-each', values: { list: Array.from({ length: 600 }, (_, index) => index) } },
        join: { type: 'flow/join' },
        out: { type: 'flow/output' },
      },
      [
        ['start.out', 'wait.in'],
        ['start.out', 'each.in'],
        ['each.item', 'each.result'],
        ['wait.out', 'join.in'],
        ['each.done', 'join.in'],
        ['join.out', 'out.in'],
        ['each.count', 'out.value'],
      ],
    )
    // A clock that runs so fast that every look ends the slice.
    let now = 0
    for (const before of [0, 3, 9]) {
      const { entries, terminal, kinds } = await play(document, {
        host: { now: () => (now += 10), turn: () => new Promise(resolve => setTimeout(resolve, before)) },
        limits: { wallClockMs: 1e9 },
      })
      expect(outputsOf(terminal)).toEqual({ out: 600 })
      expect(kinds.filter(kind => kind === 'scope.opened').length).toBe(600)
      expect(entries.findIndex(entry => entry.kind === 'node.ended' && entry.node === 'wait')).toBeGreaterThan(1)
    }
  })

  test('of what comes together while scopes close, each comes after what the one before has closed', async () => {
    const each = (list: readonly number[]) => ({ type: 'flow/for-each', values: { list: [...list] } })
    const many = Array.from({ length: 400 }, (_, index) => index)
    // Three loops whose bodies end at the same moment, while a fourth closes one frame after the other.
    const loops = ['a', 'b', 'c'] as const
    const document = spell(
      {
        start: { type: 'flow/start' },
        soon: { type: 'test/call', config: { ms: 1 } },
        busy: each(many),
        ...Object.fromEntries(
          loops.flatMap(name => [
            [name, each([1, 2, 3])],
            [`${name}1`, { type: 'test/call', config: { ms: 20 } }],
          ]),
        ),
      },
      [
        ['start.out', 'soon.in'],
        ['soon.out', 'busy.in'],
        ['busy.item', 'busy.result'],
        ...loops.flatMap(
          name =>
            [
              ['start.out', `${name}.in`],
              [`${name}.each`, `${name}1.in`],
              [`${name}.item`, `${name}1.a`],
              [`${name}1.value`, `${name}.result`],
            ] as const,
        ),
      ],
    )
    let now = 0
    const { terminal } = await play(document, {
      host: { now: () => (now += 10), turn: () => new Promise(resolve => setTimeout(resolve, 5)) },
      limits: { wallClockMs: 1e9 },
    })
    expect(terminal.kind).toBe('run.completed')
  })

  test('cancelled between two closings it still replays', async () => {
    const document = spell(
      {
        start: { type: 'flow/start' },
        each: { type: 'flow/for-each', values: { list: Array.from({ length: 2_000 }, (_, index) => index) } },
      },
      [
        ['start.out', 'each.in'],
        ['each.item', 'each.result'],
      ],
    )
    let now = 0
    const { terminal, kinds } = await play(document, {
      host: { now: () => (now += 10) },
      limits: { wallClockMs: 1e9 },
      onStart: run => void setImmediate(() => run.cancel('enough')),
    })
    expect(kinds.length).toBeGreaterThan(10)
    expect(['run.cancelled', 'run.completed']).toContain(terminal.kind)
  })
})
