// What people do with a run, and what becomes of it when the run is taken up elsewhere in between.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { SpellDocument } from './document.ts'
import type { Entry, TerminalEntry } from './journal.ts'
import { createKit, execute, host, playSpell as play, spell } from './kit.suite.ts'
import { compile } from './plan.ts'
import { settledSpells } from './random.suite.ts'
import { recall } from './recall.ts'
import { replay } from './replay.ts'
import type { Run } from './run.ts'
import { startRun } from './run.ts'
import { createTimeline } from './timeline.ts'

const outcome = (terminal: TerminalEntry) =>
  terminal.kind === 'run.completed' ? terminal.outputs : terminal.kind === 'run.failed' ? terminal.error.code : {}
const stopsOf = (entries: readonly Entry[]) =>
  entries.flatMap(entry => (entry.kind === 'run.paused' ? [entry.before ?? 'somewhere'] : []))

const idsOf = (waits: readonly { activation: string }[]) => waits.map(({ activation }) => activation).toSorted()

/** a → b → c → d → out */
const chain = spell(
  {
    start: { type: 'flow/start' },
    a: { type: 'test/step', values: { a: 1 } },
    b: { type: 'test/call' },
    c: { type: 'test/step' },
    d: { type: 'test/step' },
    out: { type: 'flow/output' },
  },
  [
    ['start.out', 'a.in'],
    ['a.out', 'b.in'],
    ['b.out', 'c.in'],
    ['c.out', 'd.in'],
    ['d.out', 'out.in'],
    ['a.value', 'b.a'],
    ['b.value', 'c.a'],
    ['c.value', 'd.a'],
    ['d.value', 'out.value'],
  ],
)

describe('breakpoints and steps', () => {
  test('breakpoints set while it is paused hold after it was taken up elsewhere', async () => {
    const whole = await play(chain, {
      also: { breakpoints: ['a'] },
      onEntry(entry, run) {
        if (entry.kind !== 'run.paused') return
        if (entry.before === 'a') run.setBreakpoints(['d'])
        run.play()
      },
    })
    expect(stopsOf(whole.entries)).toEqual(['a', 'd'])
    const played = whole.entries.findIndex(({ kind }) => kind === 'run.resumed') + 1
    expect(whole.entries[played - 1]).toMatchObject({ breakpoints: ['d'] })
    for (let length = played; length < whole.entries.length; length++) {
      const { entries, terminal } = await play(chain, {
        journal: whole.entries.slice(0, length),
        also: { breakpoints: ['a'] },
        async onStart(run) {
          await run.live
          if (run.paused) run.play()
        },
        onEntry: (entry, run) => void (entry.kind === 'run.paused' && run.play()),
      })
      expect(stopsOf(entries)).toEqual(['a', 'd'])
      expect(outcome(terminal)).toEqual({ out: 5 })
    }
  })

  test('breakpoints set while it runs are in its journal', async () => {
    const { entries } = await play(chain, {
      onStart: run => run.setBreakpoints(['c']),
      onEntry: (entry, run) => void (entry.kind === 'run.paused' && run.play()),
    })
    expect(entries.find(({ kind }) => kind === 'run.resumed')).toMatchObject({ breakpoints: ['c'] })
    expect(stopsOf(entries)).toEqual(['c'])
    expect(createTimeline(entries).at(entries.length).status).toBe('completed')
  })

  test('a step that was interrupted is still one step', async () => {
    const whole = await play(chain, {
      also: { breakpoints: ['b'] },
      onEntry: (entry, run) => void (entry.kind === 'run.paused' && run.play(entry.before === 'b')),
    })
    expect(stopsOf(whole.entries)).toEqual(['b', 'c'])
    const stepped = whole.entries.findIndex(entry => entry.kind === 'run.resumed' && entry.step) + 1
    for (let length = stepped; length < whole.entries.length; length++) {
      const { entries } = await play(chain, {
        journal: whole.entries.slice(0, length),
        async onStart(run) {
          await run.live
          if (run.paused) run.play()
        },
        onEntry: (entry, run) => void (entry.kind === 'run.paused' && run.play()),
      })
      expect(stopsOf(entries)).toEqual(['b', 'c'])
    }
  })

  test('a step runs one node also where the run was paused between two', async () => {
    const { entries, terminal } = await play(chain, {
      onStart: run => run.pause(),
      onEntry(entry, run) {
        if (entry.kind === 'node.ended' && entry.node === 'b') run.play(true)
        if (entry.kind === 'run.paused' && entry.before === 'd') run.play()
      },
    })
    expect(stopsOf(entries)).toEqual(['somewhere', 'd'])
    const resumed = entries.findIndex(({ kind }) => kind === 'run.resumed')
    expect(entries[resumed + 1]).toMatchObject({ kind: 'node.ended', node: 'c' })
    expect(outcome(terminal)).toEqual({ out: 5 })
  })
})

const asking = spell(
  {
    start: { type: 'flow/start' },
    ask: { type: 'test/ask', config: { ms: 30 } },
    other: { type: 'test/step' },
    late: { type: 'flow/output', values: { value: 'too late' } },
  },
  [
    ['start.out', 'ask.in'],
    ['start.out', 'other.in'],
    ['ask.late', 'late.in'],
  ],
)

describe('deadlines', () => {
  test('a deadline passes for a paused run that is taken up, too', async () => {
    const entries: Entry[] = []
    const plan = compile(asking, createKit({ made: [] }))
    const first = await execute(plan, {
      also: { breakpoints: ['other'] },
      onEntry: (entry, run) => void (entry.kind === 'run.paused' && run.cancel('enough')),
    })
    const journal = first.entries.slice(0, -1)
    expect(journal.map(({ kind }) => kind)).toEqual([
      'run.started',
      'node.ended',
      'node.started',
      'run.waiting',
      'run.paused',
    ])
    const expired = Promise.withResolvers<void>()
    const run = startRun({
      run: 'run-1',
      spell: 'spell-1',
      revision: 1,
      user: 'user-1',
      plan,
      inputs: {},
      seed: 7,
      host,
      journal,
      append(entry) {
        entries.push(entry)
        if (entry.kind === 'run.answered') expired.resolve()
      },
    })
    await run.live
    expect(run.standing).toBe('paused')
    await expired.promise
    expect(run.paused).toBe(true)
    expect(run.wakesAt).toBeUndefined()
    run.play()
    expect(outcome(await run.done)).toEqual({ late: 'too late' })
    expect(await replay(plan, [...journal, ...entries])).toEqual({ entries: journal.length + entries.length })
  })
})

test('nobody is asked any more when what was around the question has failed', async () => {
  const document = spell(
    {
      start: { type: 'flow/start' },
      each: { type: 'flow/for-each', config: { concurrency: 2 }, values: { list: [1, 2] } },
      ask: { type: 'test/ask' },
      fail: { type: 'test/fail', config: { later: true } },
      again: { type: 'test/ask' },
    },
    [
      ['start.out', 'each.in'],
      ['each.each', 'ask.in'],
      ['each.each', 'fail.in'],
      ['each.error', 'again.in'],
    ],
  )
  const { entries } = await play(document, {
    onEntry(entry, run) {
      if (entry.kind !== 'run.waiting' || entry.node !== 'again') return
      expect(run.waits.map(({ node }) => node)).toEqual(['again'])
      run.answer(entry.activation, { choice: 'answer', value: { n: 1 } })
    },
  })
  expect(entries.filter(entry => entry.kind === 'run.answered').map(entry => entry.choice)).toEqual([
    'dropped',
    'dropped',
    'answer',
  ])
  const asked = entries.find(entry => entry.kind === 'run.waiting' && entry.node === 'again')
  expect(createTimeline(entries).at(asked?.seq ?? 0).waits).toMatchObject([{ node: 'again' }])
  for (let length = 1; length < entries.length; length++)
    await play(document, {
      journal: entries.slice(0, length),
      async onStart(run) {
        await run.live
        for (const { node, activation } of run.waits)
          if (node === 'again') run.answer(activation, { choice: 'answer', value: { n: 1 } })
      },
      onEntry: (entry, run) =>
        void (
          entry.kind === 'run.waiting' &&
          entry.node === 'again' &&
          run.answer(entry.activation, { choice: 'answer', value: { n: 1 } })
        ),
    })
})

test('a run that is given up, or does not fit its journal, is live: nobody waits for it for ever', async () => {
  const plan = compile(chain, createKit({ made: [] }))
  const { entries } = await execute(plan)
  let turned = () => {}
  let now = 0
  const options = {
    ...{ run: 'run-1', spell: 'spell-1', revision: 1, user: 'user-1', plan, inputs: {}, seed: 7 },
    append: () => undefined,
  }
  const slow = startRun({
    ...options,
    journal: entries.slice(0, 2),
    host: { ...host, now: () => (now += 10), turn: () => new Promise(resolve => void (turned = resolve)) },
  })
  const live = slow.live
  slow.abandon()
  turned()
  await live
  expect(() => slow.play()).toThrow('has ended')
  const other = startRun({ ...options, host, journal: [entries[0], entries[2]].filter(entry => entry !== undefined) })
  await other.live
  await expect(other.done).rejects.toThrow('diverges')
})

test('a journal that is longer than a run may be now is followed to its end, and counts', async () => {
  const { entries } = await play(chain)
  for (let length = 2; length < entries.length - 1; length++) {
    const again = await play(chain, { journal: entries.slice(0, length), limits: { activations: 1 } })
    expect(again.terminal).toMatchObject({ kind: 'run.failed', error: { code: 'BUDGET' } })
    expect(again.entries.slice(0, length)).toEqual(entries.slice(0, length))
    expect(again.entries.some(entry => entry.kind === 'node.ended' && entry.node === 'out')).toBe(false)
  }
})

test('an answer is taken over into a branch: nobody is asked twice for the same', async () => {
  const document = spell(
    {
      start: { type: 'flow/start' },
      ask: { type: 'test/ask' },
      call: { type: 'test/call' },
      out: { type: 'flow/output' },
    },
    [
      ['start.out', 'ask.in'],
      ['ask.out', 'call.in'],
      ['call.out', 'out.in'],
      ['ask.answer', 'out.value'],
    ],
  )
  const base = await play(document, {
    onStart: run => run.answer(run.waits[0]?.activation ?? '', { choice: 'answer', value: { n: 5 } }),
  })
  const branch = async (except: readonly string[]) =>
    play(document, {
      also: { recall: await recall(base.plan, base.entries, { except: new Set(except) }) },
      onEntry: (entry, run) =>
        void (entry.kind === 'run.waiting' && run.answer(entry.activation, { choice: 'answer', value: { n: 6 } })),
    })
  const same = await branch(['call'])
  expect(same.entries.some(({ kind }) => kind === 'run.waiting')).toBe(false)
  expect(same.calls).toEqual(['call'])
  expect(outcome(same.terminal)).toEqual({ out: { n: 5 } })
  expect(outcome((await branch(['ask', 'call'])).terminal)).toEqual({ out: { n: 6 } })
})

/** Some of the calls of a random spell ask a person instead. */
function withQuestions(document: SpellDocument): SpellDocument {
  const asks = new Set(
    Object.entries(document.nodes).flatMap(([id, { type, config }]) =>
      type === 'test/call' && config?.['ms'] === 2 ? [id] : [],
    ),
  )
  return {
    ...document,
    nodes: Object.fromEntries(
      Object.entries(document.nodes).map(([id, node]) => [id, asks.has(id) ? { type: 'test/ask' } : node]),
    ),
    wires: document.wires.filter(
      ends => !ends.some(end => asks.has(end.split('.')[0] ?? '') && /\.(value|a)$/.test(end)),
    ),
  }
}

/** Does something with a run after an entry: what, the numbers say. Whoever waits is answered, and what is paused is played. */
function meddle(acts: Iterator<number>, document: SpellDocument) {
  const nodes = Object.keys(document.nodes)
  const isOver = (run: Run) => run.standing === 'ended'
  const goOn = (run: Run) => {
    for (const { activation } of run.waits)
      if (!isOver(run)) run.answer(activation, { choice: 'answer', value: { n: 1 } })
    if (!isOver(run) && run.paused) run.play((acts.next().value ?? 0) % 2 === 0)
  }
  return (_entry: Entry, run: Run) => {
    const act: number = acts.next().value ?? 0
    if (isOver(run)) return
    if (act % 7 === 1) run.pause()
    if (act % 7 === 2) run.setBreakpoints([nodes[act % nodes.length] ?? ''])
    if (act % 3 === 0) goOn(run)
    else void host.turn().then(() => goOn(run))
  }
}

test('whatever people do with it, wherever it is interrupted: a run ends the same, and its journal is followed', async () => {
  await fc.assert(
    fc.asyncProperty(
      settledSpells.map(withQuestions),
      fc.infiniteStream(fc.nat({ max: 100 })),
      fc.nat(),
      async (document, acts, cut) => {
        const plain = await play(document, { onEntry: meddle([].values(), document) })
        const whole = await play(document, { onEntry: meddle(acts, document) })
        expect(outcome(whole.terminal)).toEqual(outcome(plain.terminal))
        const journal = whole.entries.slice(0, 1 + (cut % (whole.entries.length - 1)))
        const act = meddle(acts, document)
        // Frames may still close, and leave entries, before it can be asked anything.
        let isLive = false
        const again = await play(document, {
          journal,
          async onStart(run) {
            await run.live
            isLive = true
            // A view of the journal shows what the run is about, where it has nothing to do.
            const isStill = run.seq === journal.length && run.standing !== 'working'
            const shown = isStill ? createTimeline(journal).at(journal.length) : undefined
            expect(shown?.status ?? run.standing).toBe(run.standing)
            expect(idsOf(shown?.waits ?? run.waits)).toEqual(idsOf(run.waits))
            for (const entry of journal.slice(-1)) act(entry, run)
          },
          onEntry: (entry, run) => isLive && act(entry, run),
        })
        expect(outcome(again.terminal)).toEqual(outcome(plain.terminal))
        expect(again.entries.slice(0, journal.length)).toEqual(journal)
      },
    ),
    { numRuns: 3 * Number(process.env['PROPERTY_RUNS'] ?? 40) },
  )
}, 120_000)
