import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { digestOfEntries } from './digest.ts'
import type { NodeDocument, SpellDocument, Wire } from './document.ts'
import type { Entry, TerminalEntry } from './journal.ts'
import { isTerminal } from './journal.ts'
import type { Execution } from './kit.suite.ts'
import { createKit, execute, executeSpell, host, spell } from './kit.suite.ts'
import type { Plan } from './plan.ts'
import { compile } from './plan.ts'
import { DivergenceError, replay } from './replay.ts'
import { startRun } from './run.ts'
import { createTimeline } from './timeline.ts'

const essence = (terminal: TerminalEntry) =>
  terminal.kind === 'run.completed'
    ? { outputs: terminal.outputs, state: terminal.state }
    : terminal.kind === 'run.failed'
      ? terminal.error
      : terminal.reason

const documents: Record<string, SpellDocument> = {
  'a chain of calls': spell(
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
  ),
  'two branches and a join': spell(
    {
      start: { type: 'flow/start' },
      a: { type: 'test/call', values: { a: 1 } },
      b: { type: 'test/step', values: { a: 2 } },
      c: { type: 'test/call' },
      join: { type: 'flow/join' },
      sum: { type: 'test/add' },
      out: { type: 'flow/output' },
    },
    [
      ['start.out', 'a.in'],
      ['start.out', 'b.in'],
      ['b.out', 'c.in'],
      ['b.value', 'c.a'],
      ['a.out', 'join.in'],
      ['c.out', 'join.in'],
      ['join.out', 'out.in'],
      ['a.value', 'sum.a'],
      ['c.value', 'sum.b'],
      ['sum.sum', 'out.value'],
    ],
  ),
  'a concurrent loop with state': spell(
    {
      start: { type: 'flow/start' },
      each: { type: 'flow/for-each', config: { concurrency: 2 }, values: { list: [1, 2, 3, 4] } },
      call: { type: 'test/call' },
      add: { type: 'test/add', values: { b: 1000 } },
      write: { type: 'test/write', values: { value: 9 } },
      out: { type: 'flow/output' },
    },
    [
      ['start.out', 'each.in'],
      ['each.each', 'call.in'],
      ['each.item', 'call.a'],
      ['call.value', 'add.a'],
      ['add.sum', 'each.result'],
      ['each.done', 'write.in'],
      ['write.out', 'out.in'],
      ['each.items', 'out.value'],
    ],
    { list: { initial: [] } },
  ),
  'emissions into a wire': spell(
    {
      start: { type: 'flow/start' },
      count: { type: 'test/count' },
      step: { type: 'test/step' },
      done: { type: 'test/call', values: { a: 5 } },
      out: { type: 'flow/output' },
    },
    [
      ['start.out', 'count.in'],
      ['count.each', 'step.in'],
      ['count.i', 'step.a'],
      ['count.done', 'done.in'],
      ['done.out', 'out.in'],
      ['done.value', 'out.value'],
    ],
  ),
  'a failure that is caught': spell(
    {
      start: { type: 'flow/start' },
      fail: { type: 'test/fail', config: { later: true }, retry: { attempts: 2 } },
      call: { type: 'test/call' },
      out: { type: 'flow/output' },
    },
    [
      ['start.out', 'fail.in'],
      ['fail.error', 'call.in'],
      ['call.out', 'out.in'],
      ['call.value', 'out.value'],
    ],
  ),
  'a while': spell(
    {
      start: { type: 'flow/start' },
      loop: { type: 'flow/while', values: { initial: 0 } },
      less: { type: 'test/less', values: { b: 3 } },
      call: { type: 'test/call' },
      out: { type: 'flow/output' },
    },
    [
      ['start.out', 'loop.in'],
      ['loop.value', 'less.a'],
      ['less.is', 'loop.condition'],
      ['loop.each', 'call.in'],
      ['loop.value', 'call.a'],
      ['call.value', 'loop.next'],
      ['loop.done', 'out.in'],
      ['loop.last', 'out.value'],
    ],
  ),
  'a run that fails': spell(
    { start: { type: 'flow/start' }, call: { type: 'test/call' }, need: { type: 'flow/output' } },
    [
      ['start.out', 'call.in'],
      ['call.out', 'need.in'],
    ],
  ),
}

describe.each(Object.entries(documents))('%s', (_name, document) => {
  test('replay equals the run, entry for entry, and its digest', async () => {
    const { entries, plan, terminal } = await executeSpell(document)
    await expect(replay(plan, entries)).resolves.toEqual({ entries: entries.length })
    expect(terminal.digest).toBe(digestOfEntries(entries))
  })

  test('every prefix of its journal resumes to the same outputs, and no recorded end happens again', async () => {
    const whole = await executeSpell(document)
    for (let cut = 0; cut < whole.entries.length; cut++) {
      const prefix = whole.entries.slice(0, cut)
      const ended = new Set(
        prefix.flatMap(entry => (entry.kind === 'node.ended' ? [`${entry.node} run-1:${entry.activation}`] : [])),
      )
      const resumed = await executeSpell(document, { journal: prefix })
      expect(essence(resumed.terminal)).toEqual(essence(whole.terminal))
      expect(resumed.calls.filter(call => ended.has(call))).toEqual([])
      expect(resumed.entries.map(entry => entry.seq)).toEqual(resumed.entries.map((_, index) => index + 1))
      await expect(replay(whole.plan, resumed.entries)).resolves.toEqual({ entries: resumed.entries.length })
    }
  })
})

test('an interrupted unsafe node waits for a person, who may use an output, retry or let it fail', async () => {
  const document = spell(
    { start: { type: 'flow/start' }, pay: { type: 'test/unsafe' }, out: { type: 'flow/output' } },
    [
      ['start.out', 'pay.in'],
      ['pay.out', 'out.in'],
      ['pay.value', 'out.value'],
    ],
  )
  const whole = await executeSpell(document)
  const journal = whole.entries.slice(0, whole.entries.findIndex(entry => entry.kind === 'node.started') + 1)
  const answered = async (choice: 'retry' | 'use' | 'fail', outputs?: { value: number }) => {
    const calls = { made: [] as string[] }
    const plan = compile(document, createKit(calls))
    const { terminal, entries } = await execute(plan, {
      journal,
      onStart: run => {
        expect(run.standing).toBe('waiting')
        const started = journal.at(-1)
        run.answer(started && 'activation' in started ? started.activation : '', {
          choice,
          ...(outputs ? { outputs } : {}),
        })
        expect(run.waits).toEqual([])
      },
    })
    await replay(plan, entries)
    return { terminal, calls: calls.made.length }
  }
  expect(await answered('use', { value: 5 })).toMatchObject({ terminal: { outputs: { out: 5 } }, calls: 0 })
  expect(await answered('retry')).toMatchObject({ terminal: { outputs: { out: 100 } }, calls: 1 })
  expect(await answered('fail')).toMatchObject({ terminal: { error: { code: 'INTERRUPTED' } }, calls: 0 })
})

test.each(['test/unsafe', 'test/keyed'])(
  'a node of the type %s does not run before its start is durable',
  async type => {
    const calls = { made: [] as string[] }
    const plan = compile(
      spell({ start: { type: 'flow/start' }, pay: { type } }, [['start.out', 'pay.in']]),
      createKit(calls),
    )
    let durable: () => void = () => undefined
    const entries: Entry[] = []
    const run = startRun({
      run: 'r',
      spell: 's',
      revision: 1,
      user: 'u',
      plan,
      inputs: {},
      seed: 1,
      host,
      append: entry => void entries.push(entry),
      durable: () => new Promise<void>(resolve => (durable = resolve)),
    })
    await host.turn()
    expect(entries.at(-1)).toMatchObject({ kind: 'node.started', node: 'pay' })
    expect(calls.made).toEqual([])
    durable()
    expect(await run.done).toMatchObject({ kind: 'run.completed' })
    expect(calls.made).toHaveLength(1)
  },
)

test('a journal that does not follow from the spell is refused with the number of the entry', async () => {
  const { entries } = await executeSpell(documents['a chain of calls'] ?? spell({}, []))
  const other = compile(documents['a while'] ?? spell({}, []), createKit({ made: [] }))
  await expect(replay(other, entries)).rejects.toThrow(DivergenceError)
})

const pick = (type: string, sockets: Readonly<Record<string, string>>): string | undefined => sockets[type]

/** Random layered graphs: every node is fed by earlier ones; loops, branches, joins, failures and state included. */
const graphs = fc
  .array(
    fc.record({
      type: fc.constantFrom(
        'test/step',
        'test/call',
        'test/add',
        'test/count',
        'flow/join',
        'flow/for-each',
        'test/write',
        'test/fail',
        'test/read',
      ),
      flow: fc.nat(),
      data: fc.nat(),
      ms: fc.nat({ max: 2 }),
      each: fc.boolean(),
      caught: fc.boolean(),
    }),
    { minLength: 1, maxLength: 9 },
  )
  .map(parts => {
    const nodes: Record<string, NodeDocument> = { start: { type: 'flow/start' }, out: { type: 'flow/output' } }
    const wires: Wire[] = []
    const flows = ['start.out']
    const values: string[] = []
    parts.forEach(({ type, flow, data, ms, each, caught }, index) => {
      const id = `n${index}`
      nodes[id] = {
        type,
        ...(type === 'test/call' ? { config: { ms } } : {}),
        ...(type === 'test/fail' ? { config: { later: each, times: ms } } : {}),
        ...(type === 'flow/for-each' ? { config: { concurrency: ms + 1 }, values: { list: [1, 2, 3] } } : {}),
      }
      const source = values[data % Math.max(1, values.length)]
      const input = pick(type, {
        'test/step': 'a',
        'test/call': 'a',
        'test/add': 'a',
        'test/write': 'value',
        'flow/for-each': 'result',
      })
      if (source && input) wires.push([source, `${id}.${input}`])
      if (!['test/add', 'test/read'].includes(type)) wires.push([flows[flow % flows.length] ?? 'start.out', `${id}.in`])
      if (type === 'flow/for-each' || type === 'test/count') flows.push(each ? `${id}.each` : `${id}.done`)
      else if (!['test/add', 'test/read'].includes(type))
        flows.push(type === 'test/fail' && caught ? `${id}.error` : `${id}.out`)
      const output = pick(type, {
        'test/step': 'value',
        'test/call': 'value',
        'test/add': 'sum',
        'test/count': 'i',
        'flow/for-each': 'count',
      })
      if (output) values.push(`${id}.${output}`)
    })
    const last = values.at(-1)
    if (last) wires.push([last, 'out.value'])
    return spell(nodes, wires, { list: { initial: [] } })
  })

const typed = (document: SpellDocument): Plan | undefined => {
  try {
    return compile(document, createKit({ made: [] }))
  } catch {
    return undefined
  }
}

test('random graphs: replay equals the run, and every prefix can be resumed and replayed', async () => {
  const options: Execution = { limits: { activations: 400 } }
  let tried = 0
  await fc.assert(
    fc.asyncProperty(graphs, fc.nat(), async (document, cut) => {
      if (!typed(document)) return
      tried++
      const { entries, plan } = await executeSpell(document, options)
      await replay(plan, entries)
      const journal = entries.slice(0, cut % entries.length)
      const resumed = await executeSpell(document, { ...options, journal })
      expect(isTerminal(resumed.entries.at(-1) as Entry)).toBe(true)
      await replay(plan, resumed.entries)
      expect(digestOfEntries(resumed.entries)).toBe(resumed.terminal.digest)
    }),
    { numRuns: 300 },
  )
  expect(tried).toBeGreaterThan(200)
})

test('a timeline shows the same at every position, whichever way it is sought', async () => {
  const { entries } = await executeSpell(documents['a concurrent loop with state'] ?? spell({}, []))
  const timeline = createTimeline(entries)
  const forward = entries.map(entry => JSON.stringify(timeline.at(entry.seq)))
  const backward = entries
    .toReversed()
    .map(entry => JSON.stringify(createTimeline(entries.slice(0, entry.seq)).at(entry.seq)))
    .toReversed()
  expect(backward).toEqual(forward)
  expect(timeline.at(entries.length)).toMatchObject({
    status: 'completed',
    outputs: { out: [1002, 1003, 1004, 1005] },
    state: { list: [9] },
  })
  expect(timeline.at(0)).toMatchObject({ status: 'idle', nodes: {} })
})
