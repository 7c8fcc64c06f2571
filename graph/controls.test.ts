import { describe, expect, test } from '@jest/globals'
import type { Entry, RunWaiting } from './journal.ts'
import { host, outputsOf, playSpell as play, spell } from './kit.suite.ts'
import { RunRefusal } from './refusal.ts'
import type { Run } from './run.ts'
import { createTimeline } from './timeline.ts'

const chain = spell(
  {
    start: { type: 'flow/start' },
    a: { type: 'test/call', values: { a: 1 } },
    b: { type: 'test/call' },
    out: { type: 'flow/output' },
  },
  [
    ['start.out', 'a.in'],
    ['a.out', 'b.in'],
    ['a.value', 'b.a'],
    ['b.out', 'out.in'],
    ['b.value', 'out.value'],
  ],
)

const asks = (config: { ms?: number } = {}) =>
  spell(
    {
      start: { type: 'flow/start' },
      ask: { type: 'test/ask', config },
      out: { type: 'flow/output' },
      late: { type: 'flow/output', values: { value: 'too late' } },
    },
    [
      ['start.out', 'ask.in'],
      ['ask.out', 'out.in'],
      ['ask.late', 'late.in'],
      ['ask.answer', 'out.value'],
    ],
  )

describe('pause and play', () => {
  test('nothing starts while a run is paused; what is at work ends and is recorded', async () => {
    let seen: Entry[] = []
    const { entries, terminal, kinds } = await play(chain, {
      onStart: run => run.pause(),
      onEntry(entry, run) {
        seen.push(entry)
        if (entry.kind !== 'node.ended' || entry.node !== 'a') return
        expect(run.standing).toBe('paused')
        setTimeout(() => {
          expect(seen.at(-1)).toBe(entry)
          run.play()
        }, 20)
      },
    })
    expect(kinds.indexOf('run.paused')).toBeLessThan(kinds.indexOf('run.resumed'))
    const between = entries.slice(kinds.indexOf('run.paused') + 1, kinds.indexOf('run.resumed'))
    expect(between.map(entry => ('node' in entry ? `${entry.kind} ${entry.node}` : entry.kind))).toEqual([
      'node.ended a',
    ])
    expect(outputsOf(terminal)).toEqual({ out: 3 })
    seen = []
  })

  test('pausing twice and playing what is not paused change nothing', async () => {
    const { kinds } = await play(chain, {
      onStart: run => {
        run.play()
        run.pause()
        run.pause()
        run.play()
        run.play()
      },
    })
    expect(kinds.filter(kind => kind === 'run.paused' || kind === 'run.resumed')).toEqual(['run.paused', 'run.resumed'])
  })

  test('a breakpoint pauses before its node, each time it is about to run; a step goes one further', async () => {
    const stops: (string | undefined)[] = []
    const { entries, terminal } = await play(chain, {
      also: { breakpoints: ['a'] },
      onEntry(entry, run) {
        if (entry.kind !== 'run.paused') return
        stops.push(entry.before)
        run.play(entry.before !== 'out')
      },
    })
    expect(stops).toEqual(['a', 'b', 'out'])
    expect(entries.flatMap(entry => (entry.kind === 'run.paused' ? [entry.reason] : []))).toEqual([
      'breakpoint',
      'step',
      'step',
    ])
    expect(outputsOf(terminal)).toEqual({ out: 3 })
  })

  test('a paused run that is taken up elsewhere stays paused, and goes on from every point of its journal', async () => {
    const whole = await play(chain, {
      also: { breakpoints: ['b'] },
      onEntry: (entry, run) => void (entry.kind === 'run.paused' && run.play()),
    })
    for (let length = 1; length < whole.entries.length; length++) {
      const journal = whole.entries.slice(0, length)
      const { terminal, entries } = await play(chain, {
        journal,
        async onStart(run) {
          await run.live
          if (!run.paused) return
          expect(run.standing).toBe('paused')
          run.play()
        },
      })
      expect(outputsOf(terminal)).toEqual({ out: 3 })
      expect(entries.slice(0, length)).toEqual(journal)
    }
  })

  test('a cancelled pause is an end like any other', async () => {
    const { terminal } = await play(chain, {
      onStart(run) {
        run.pause()
        run.cancel('enough')
      },
    })
    expect(terminal).toMatchObject({ kind: 'run.cancelled', reason: 'enough' })
  })

  test('a view says that the run is paused, and where', async () => {
    const { entries } = await play(chain, {
      also: { breakpoints: ['b'] },
      onEntry: (entry, run) => void (entry.kind === 'run.paused' && run.play()),
    })
    const timeline = createTimeline(entries)
    const paused = entries.find(({ kind }) => kind === 'run.paused')?.seq ?? 0
    expect(timeline.at(paused)).toMatchObject({ status: 'paused', pausedAt: 'b' })
    expect(timeline.at(paused + 1).status).toBe('running')
    expect(timeline.at(paused + 1).pausedAt).toBeUndefined()
  })
})

describe('waiting for a person', () => {
  const answer = (run: Run, value: unknown) =>
    run.answer(run.waits[0]?.activation ?? '', { choice: 'answer', value: value as never })

  test('a question parks the run until a fitting answer comes', async () => {
    const { entries, terminal } = await play(asks(), {
      onStart(run) {
        expect(run.standing).toBe('waiting')
        expect(run.waits).toMatchObject([{ node: 'ask', reason: 'question', prompt: 'How many?' }])
        expect(() => answer(run, { n: 0 })).toThrow(RunRefusal)
        expect(() => answer(run, 'many')).toThrow('expected an object')
        expect(() => run.answer('0123456789abcdef', { choice: 'answer' })).toThrow('does not wait')
        expect(() => run.answer(run.waits[0]?.activation ?? '', { choice: 'retry' })).toThrow('expected answer')
        answer(run, { n: 3 })
        expect(() => answer(run, { n: 4 })).toThrow(RunRefusal)
      },
    })
    expect(outputsOf(terminal)).toEqual({ out: { n: 3 } })
    const waiting = entries.find((entry): entry is RunWaiting => entry.kind === 'run.waiting')
    const timeline = createTimeline(entries)
    expect(timeline.at(waiting?.seq ?? 0)).toMatchObject({ status: 'waiting', waits: [{ node: 'ask' }] })
    expect(timeline.at((waiting?.seq ?? 0) + 1)).toMatchObject({ status: 'running', waits: [] })
  })

  test('a deadline that passes is an answer of its own', async () => {
    const { terminal, entries } = await play(asks({ ms: 5 }))
    expect(outputsOf(terminal)).toEqual({ late: 'too late' })
    expect(entries.find(({ kind }) => kind === 'run.answered')).toMatchObject({ choice: 'expired' })
  })

  test('it survives: from every point of the journal the answer or the deadline still counts', async () => {
    const answered = await play(asks(), { onStart: run => answer(run, { n: 7 }) })
    const expired = await play(asks({ ms: 1 }))
    for (const { entries, terminal } of [answered, expired])
      for (let length = 1; length < entries.length; length++) {
        const again = await play(asks(entries === expired.entries ? { ms: 1 } : {}), {
          journal: entries.slice(0, length),
          async onStart(run) {
            await run.live
            if (entries === answered.entries && run.waits.length > 0) answer(run, { n: 7 })
          },
        })
        expect(outputsOf(again.terminal)).toEqual(outputsOf(terminal))
      }
  })

  test('time that is spent waiting is not counted', async () => {
    const { terminal } = await play(asks(), {
      limits: { wallClockMs: 30 },
      onStart: run => void setTimeout(() => answer(run, { n: 1 }), 80),
    })
    expect(terminal.kind).toBe('run.completed')
  })
})

describe('played runs', () => {
  const ticking = (config: { n: number; ms?: number }) =>
    spell(
      {
        ticks: { type: 'test/ticks', config },
        call: { type: 'test/call' },
        write: { type: 'test/write' },
        out: { type: 'flow/output' },
      },
      [
        ['ticks.each', 'call.in'],
        ['ticks.i', 'call.a'],
        ['call.out', 'write.in'],
        ['call.value', 'write.value'],
        ['ticks.done', 'out.in'],
        ['ticks.i', 'out.value'],
      ],
      { list: { initial: [] } },
    )

  test('a source starts with the run and keeps it open until it is done', async () => {
    const { terminal } = await play(ticking({ n: 3 }))
    expect(terminal).toMatchObject({ kind: 'run.completed', outputs: { out: 2 }, state: { list: [1, 2, 3] } })
  })

  test('while it is paused no source is asked for more', async () => {
    const { calls, kinds } = await play(ticking({ n: 30 }), {
      onEntry(entry, run) {
        if (entry.kind !== 'node.emitted' || entry.index !== 3) return
        run.pause()
        setTimeout(() => run.play(), 30)
      },
    })
    expect(calls.filter(call => call.startsWith('ticks')).length).toBe(30)
    const between = kinds.slice(kinds.indexOf('run.paused'), kinds.indexOf('run.resumed'))
    expect(between.filter(kind => kind === 'node.emitted').length).toBeLessThanOrEqual(1)
  })

  test('taken up elsewhere, a source that continues repeats nothing', async () => {
    const whole = await play(ticking({ n: 4 }))
    for (let length = 1; length < whole.entries.length; length++) {
      const journal = whole.entries.slice(0, length)
      const emitted = journal.filter(({ kind }) => kind === 'node.emitted').length
      const again = await play(ticking({ n: 4 }), { journal })
      expect(again.made.find(call => call.startsWith('ticks'))).toBe(emitted < 4 ? `ticks ${emitted}` : undefined)
      expect(again.terminal).toMatchObject({ outputs: { out: 3 } })
    }
  })

  const chat = spell(
    {
      inbox: { type: 'test/inbox', config: { name: 'chat' } },
      step: { type: 'test/step' },
      write: { type: 'test/append' },
      out: { type: 'flow/output' },
    },
    [
      ['inbox.out', 'step.in'],
      ['inbox.message', 'step.a'],
      ['step.out', 'write.in'],
      ['step.value', 'write.value'],
      ['write.out', 'out.in'],
      ['step.value', 'out.value'],
    ],
    { list: { initial: [] } },
  )

  test('messages from outside enter the journal in their order; the end keeps what they led to', async () => {
    const { terminal, entries } = await play(chat, {
      async onStart(run) {
        expect(run.standing).toBe('listening')
        expect(() => run.send('mail', 'x')).toThrow('those that do: chat')
        expect(() => run.send('chat', 3)).toThrow('expected a text')
        run.send('chat', 'one')
        run.send('chat', 'two')
        run.cancel('stopped')
      },
    })
    expect(terminal).toMatchObject({ kind: 'run.cancelled', outputs: { out: 'two' }, state: { list: ['one', 'two'] } })
    expect(createTimeline(entries).at(entries.length)).toMatchObject({
      outputs: { out: 'two' },
      state: { list: ['one', 'two'] },
    })
  })

  test('what is sent while the run is paused waits, up to a bound', async () => {
    const { terminal } = await play(chat, {
      async onStart(run) {
        run.pause()
        let sent = 0
        const refused = () => {
          for (; sent < 2_000; sent++) run.send('chat', String(sent))
        }
        expect(refused).toThrow(/try again/)
        expect(sent).toBeGreaterThan(900)
        run.play()
        while (run.standing === 'working') await host.turn()
        run.cancel('stopped')
      },
    })
    const { list } = (terminal as unknown as { state: { list: string[] } }).state
    expect(list).toEqual(list.map((_, index) => String(index)))
    expect(list.length).toBeGreaterThan(900)
  })

  test('a played run has no wall clock', async () => {
    const { terminal } = await play(ticking({ n: 3, ms: 20 }), { limits: { wallClockMs: 20 } })
    expect(terminal.kind).toBe('run.completed')
  })
})
