import { describe, expect, test } from '@jest/globals'
import type { SpellDocument } from './document.ts'
import type { KnownEnd } from './known.ts'
import { resultKey } from './known.ts'
import { playSpell as play, spell } from './kit.suite.ts'
import { downstreamOf, recall } from './recall.ts'

const line = (a: number, add = 0): SpellDocument =>
  spell(
    {
      start: { type: 'flow/start' },
      a: { type: 'test/call', values: { a } },
      b: { type: 'test/call' },
      add: { type: 'test/add', values: { b: add } },
      c: { type: 'test/call' },
      out: { type: 'flow/output' },
    },
    [
      ['start.out', 'a.in'],
      ['a.out', 'b.in'],
      ['a.value', 'b.a'],
      ['b.out', 'c.in'],
      ['b.value', 'add.a'],
      ['add.sum', 'c.a'],
      ['c.out', 'out.in'],
      ['c.value', 'out.value'],
    ],
  )

describe('taking over results of an earlier run', () => {
  test('nothing changed: nothing runs, and the outputs are the same', async () => {
    const base = await play(line(1))
    const again = await play(line(1), { also: { recall: await recall(base.plan, base.entries) } })
    expect(again.calls).toEqual([])
    expect(again.terminal).toMatchObject({ outputs: { out: 4 } })
    expect(again.entries.filter(entry => entry.kind === 'node.ended' && entry.cached).length).toBe(3)
  })

  test('after an edit what is not concerned is taken over, and what reads something new runs', async () => {
    const base = await play(line(1))
    const edited = await play(line(1, 10), { also: { recall: await recall(base.plan, base.entries) } })
    expect(edited.calls).toEqual(['c'])
    expect(edited.terminal).toMatchObject({ outputs: { out: 14 } })
    const other = await play(line(5), { also: { recall: await recall(base.plan, base.entries) } })
    expect(other.calls).toEqual(['a', 'b', 'c'])
  })

  test('from a node on: that one and all that depends on it run anew', async () => {
    const base = await play(line(1))
    expect([...downstreamOf(base.plan, 'b')].sort()).toEqual(['add', 'b', 'c', 'out'])
    const again = await play(line(1), {
      also: { recall: await recall(base.plan, base.entries, { except: downstreamOf(base.plan, 'b') }) },
    })
    expect(again.calls).toEqual(['b', 'c'])
  })

  test('a part of a journal is enough: what had not ended runs', async () => {
    const base = await play(line(1))
    for (let length = 1; length <= base.entries.length; length++) {
      const known = await recall(base.plan, base.entries.slice(0, length))
      const again = await play(line(1), { also: { recall: known } })
      expect(again.terminal).toMatchObject({ outputs: { out: 4 } })
      const ended = base.entries
        .slice(0, length)
        .filter(entry => entry.kind === 'node.ended' && /^[abc]$/.test(entry.node))
      expect(again.calls.length).toBe(3 - ended.length)
    }
  })

  test('emissions and changes of state are taken over too', async () => {
    const document = spell(
      {
        start: { type: 'flow/start' },
        count: { type: 'test/count' },
        write: { type: 'test/write' },
        out: { type: 'flow/output' },
      },
      [
        ['start.out', 'count.in'],
        ['count.done', 'write.in'],
        ['count.i', 'write.value'],
        ['write.out', 'out.in'],
        ['count.i', 'out.value'],
      ],
      { list: { initial: [] } },
    )
    const base = await play(document)
    const again = await play(document, { also: { recall: await recall(base.plan, base.entries) } })
    expect(again.terminal).toMatchObject({ outputs: { out: 2 }, state: { list: [2] } })
    expect(again.entries.filter(({ kind }) => kind === 'node.emitted').length).toBe(3)
    expect(again.entries.filter(entry => entry.kind === 'node.ended' && entry.cached).length).toBe(2)
  })
})

describe('a branch of a run', () => {
  test('follows the journal up to any entry of it, then goes on for real', async () => {
    const base = await play(line(1))
    for (let seq = 1; seq < base.entries.length; seq++) {
      const journal = base.entries.slice(0, seq)
      const { entries, terminal, calls } = await play(line(1), { journal, also: { fork: { run: 'run-1', seq } } })
      expect(terminal).toMatchObject({ outputs: { out: 4 } })
      expect(entries.slice(0, seq)).toEqual(journal)
      const ended = journal.filter(entry => entry.kind === 'node.ended' && /^[abc]$/.test(entry.node))
      expect(calls.length).toBe(3 - ended.length)
    }
  })

  test('an unsafe node that was at work there runs without a question: here it has not run yet', async () => {
    const document = spell(
      { start: { type: 'flow/start' }, pay: { type: 'test/unsafe' }, out: { type: 'flow/output' } },
      [
        ['start.out', 'pay.in'],
        ['pay.out', 'out.in'],
        ['pay.value', 'out.value'],
      ],
    )
    const base = await play(document)
    const seq = base.entries.findIndex(({ kind }) => kind === 'node.started') + 1
    const journal = base.entries.slice(0, seq)
    const { terminal, calls } = await play(document, { journal, also: { fork: { run: 'run-1', seq } } })
    expect(terminal).toMatchObject({ kind: 'run.completed', outputs: { out: 100 } })
    expect(calls).toEqual(['pay'])
  })
})

describe('pins', () => {
  test('a pinned node does not run, whatever its inputs; what follows reads what was set', async () => {
    const { terminal, calls, entries } = await play(line(1), { also: { pins: { b: { outputs: { value: 50 } } } } })
    expect(calls).toEqual(['a', 'c'])
    expect(terminal).toMatchObject({ outputs: { out: 51 } })
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'b')).toMatchObject({
      cached: true,
      pinned: true,
    })
  })

  test('a pinned pure node gives what was set; scope nodes and branches can be pinned', async () => {
    expect((await play(line(1), { also: { pins: { add: { outputs: { sum: 7 } } } } })).terminal).toMatchObject({
      outputs: { out: 8 },
    })
    const looped = spell(
      {
        start: { type: 'flow/start' },
        each: { type: 'flow/for-each', values: { list: [1, 2] } },
        call: { type: 'test/call' },
        choose: { type: 'flow/branch', values: { condition: false } },
        out: { type: 'flow/output' },
      },
      [
        ['start.out', 'each.in'],
        ['each.each', 'call.in'],
        ['each.done', 'choose.in'],
        ['choose.yes', 'out.in'],
        ['each.items', 'out.value'],
      ],
    )
    const pins = { each: { outputs: { items: ['set'] } }, choose: { outputs: {}, pulses: ['yes'] } }
    const { terminal, calls } = await play(looped, { also: { pins } })
    expect(calls).toEqual([])
    expect(terminal).toMatchObject({ outputs: { out: ['set'] } })
  })

  test('a pin of a node that is gone changes nothing', async () => {
    const { terminal } = await play(line(1), { also: { pins: { gone: { outputs: { value: 1 } } } } })
    expect(terminal).toMatchObject({ outputs: { out: 4 } })
  })

  test('a pinned run can be taken up at every point of its journal', async () => {
    const pins = { b: { outputs: { value: 50 } } }
    const whole = await play(line(1), { also: { pins } })
    for (let length = 1; length < whole.entries.length; length++) {
      const { terminal } = await play(line(1), { journal: whole.entries.slice(0, length), also: { pins } })
      expect(terminal).toMatchObject({ outputs: { out: 51 } })
    }
  })
})

describe('results kept between runs', () => {
  const document = (reuse: boolean, a = 1) => {
    const made = line(a)
    return { ...made, nodes: { ...made.nodes, b: { ...made.nodes['b'], type: 'test/call', reuse } } }
  }
  const createResults = () => {
    const kept = new Map<string, KnownEnd>()
    return {
      kept,
      get: (key: string) => Promise.resolve(kept.get(key)),
      put: (key: string, end: KnownEnd) => void kept.set(key, end),
    }
  }

  test('a node that says so does not run twice for the same inputs; one that does not, does', async () => {
    const results = createResults()
    expect((await play(document(true), { host: { results } })).calls).toEqual(['a', 'b', 'c'])
    const again = await play(document(true), { host: { results } })
    expect(again.calls).toEqual(['a', 'c'])
    expect(again.terminal).toMatchObject({ outputs: { out: 4 } })
    expect(again.entries.find(entry => entry.kind === 'node.ended' && entry.node === 'b')).toMatchObject({
      cached: true,
    })
    expect((await play(document(true, 2), { host: { results } })).calls).toEqual(['a', 'b', 'c'])
    expect((await play(document(false), { host: { results } })).calls).toEqual(['a', 'b', 'c'])
    expect(results.kept.size).toBe(2)
  })

  test('what other branches do while it is asked comes where it came', async () => {
    const forking = spell(
      {
        start: { type: 'flow/start' },
        kept: { type: 'test/step', values: { a: 1 }, reuse: true },
        other: { type: 'test/step', values: { a: 2 } },
        join: { type: 'flow/join' },
        out: { type: 'flow/output' },
      },
      [
        ['start.out', 'kept.in'],
        ['start.out', 'other.in'],
        ['kept.out', 'join.in'],
        ['other.out', 'join.in'],
        ['join.out', 'out.in'],
        ['kept.value', 'out.value'],
      ],
    )
    const results = createResults()
    for (const cached of [undefined, true]) {
      const { entries, terminal } = await play(forking, { host: { results } })
      expect(terminal).toMatchObject({ outputs: { out: 2 } })
      const ended = entries.find(entry => entry.kind === 'node.ended' && entry.node === 'kept')
      expect(ended).toEqual(expect.objectContaining({ outputs: { value: 2 } }))
      expect(ended && 'cached' in ended ? ended.cached : undefined).toBe(cached)
      for (let length = 1; length < entries.length; length++)
        expect((await play(forking, { host: { results }, journal: entries.slice(0, length) })).terminal).toMatchObject({
          outputs: { out: 2 },
        })
    }
  })

  test('a store that fails is as good as an empty one', async () => {
    const results = { get: () => Promise.reject(new Error('away')), put: () => undefined }
    expect((await play(document(true), { host: { results } })).terminal).toMatchObject({ outputs: { out: 4 } })
  })

  test('the key tells type, version, config and inputs apart', () => {
    const key = (config: object, inputs: object) =>
      resultKey({ node: { type: { type: 't' }, config }, inputs } as never)
    expect(new Set([key({}, {}), key({ a: 1 }, {}), key({}, { a: 1 })]).size).toBe(3)
  })
})

describe('budgets of what is used', () => {
  test('a run that starts at a named start begins there alone, and replays', async () => {
    const two = spell(
      {
        one: { type: 'flow/start' },
        two: { type: 'flow/start' },
        a: { type: 'test/call', values: { a: 1 } },
        b: { type: 'test/call', values: { a: 2 } },
      },
      [
        ['one.out', 'a.in'],
        ['two.out', 'b.in'],
      ],
    )
    expect((await play(two, { also: { startAt: 'two' } })).calls).toEqual(['b'])
    expect((await play(two, { also: { startAt: 'one' } })).calls).toEqual(['a'])
  })
})
