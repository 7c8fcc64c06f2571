// A checker that cannot fail is worth nothing: each check is shown a history that it must refuse, beside one that all accept.
import { expect, test } from '@jest/globals'
import { CHECKS, checkHistory, digestOf } from './check.ts'
import type { ClientEvent, Effect, History, Said, Sample, StoredRun } from './history.ts'

const entry = (seq: number, more: object) => JSON.stringify({ seq, at: 1_000 + seq, ...more })
const activated = { node: 'work', activation: 'a1' }
const LINES = [
  entry(1, { kind: 'run.started', run: 'r1', spell: 's1', inputs: {} }),
  entry(2, { kind: 'node.started', ...activated }),
  entry(3, { kind: 'run.waiting', ...activated, reason: 'interrupted' }),
  entry(4, { kind: 'run.answered', ...activated, choice: 'retry' }),
  entry(5, { kind: 'node.ended', ...activated, outputs: {}, pulses: [] }),
]
/** A journal with its end, and the digest in it. */
function whole(lines: readonly string[]): { texts: readonly string[]; digest: string } {
  const seq = lines.length + 1
  const end = { kind: 'run.completed', outputs: {}, state: {}, lastSeq: seq }
  const digest = digestOf([...lines, entry(seq, end)])
  return { texts: [...lines, entry(seq, { ...end, digest })], digest }
}
const { texts: TEXTS, digest: DIGEST } = whole(LINES)

const stored = (more: Partial<StoredRun> = {}): StoredRun => ({
  ...{ id: 'r1', owner: 'u1', spell: 's1', status: 'completed', attempt: 2 },
  ...{ lastSeq: 6, digest: DIGEST, ended: true, texts: TEXTS },
  ...more,
})
const sample = (at: number, run: StoredRun, orphans: readonly string[] = []): Sample => ({
  at,
  runs: new Map([[run.id, run]]),
  orphans,
})
const early = stored({
  ...{ status: 'running', attempt: 1, lastSeq: 2, digest: '', ended: false },
  texts: TEXTS.slice(0, 2),
})

const told = (seq: number, text = TEXTS[seq - 1] ?? ''): ClientEvent => ({ kind: 'told', run: 'r1', seq, text })
const frame = (connection: number, seq: number, attempt = 2, text = TEXTS[seq - 1]): ClientEvent => ({
  ...{ kind: 'frame', run: 'r1' },
  ...{ connection, seq, attempt, text },
})
const completed: ClientEvent = { kind: 'completed', run: 'r1', lastSeq: 6, digest: DIGEST }
const EVENTS: readonly ClientEvent[] = [
  { kind: 'connected', connection: 1 },
  { kind: 'confirmed', run: 'r1', command: 'start' },
  ...[frame(1, 1, 1), told(1), frame(1, 2, 1), told(2)],
  { kind: 'connected', connection: 2 },
  ...[frame(2, 3), told(3)],
  { kind: 'confirmed', run: 'r1', command: 'answer', activation: 'a1' },
  { kind: 'anew', connection: 2, run: 'r1' },
  ...[told(4), frame(2, 5), told(5), frame(2, 6), told(6), completed],
]
const sent = (request = 'pay 1', kind: Effect['kind'] = 'send', answered = true): Effect => ({
  ...{ kind, key: 'r1:a1' },
  ...{ request, answered },
})

function history(more: Partial<Omit<History, 'clients'>> & { events?: readonly ClientEvent[] } = {}): History {
  const { events = EVENTS, ...rest } = more
  return {
    clients: [{ client: 'c1', user: 'ada', events }],
    samples: [sample(0, early, ['r1']), sample(10_000, stored())],
    effects: [sent(), sent()],
    said: [{ process: 'runner', line: '{"level":"warn","message":"NATS disconnect"}' }],
    users: new Map([['ada', 'u1']]),
    counters: new Map([['s1', { expected: 3, found: 3 }]]),
    ...rest,
  }
}
const without = (...gone: readonly ClientEvent[]) => EVENTS.filter(event => !gone.some(one => same(one, event)))
const instead = (from: ClientEvent, ...to: readonly ClientEvent[]) =>
  EVENTS.flatMap(event => (same(event, from) ? to : [event]))
const same = (one: ClientEvent, other: ClientEvent) => JSON.stringify(one) === JSON.stringify(other)
const ending = (run: StoredRun) => [sample(0, early), sample(1, run)]
const says = (line: string): readonly Said[] => [{ process: 'edge', line }]
const withLine = (index: number, line: string) => ending(stored(rewrite(index, line)))
const rewrite = (index: number, line: string) => {
  const made = whole(LINES.with(index, line))
  return { texts: made.texts, digest: made.digest }
}

test('a history in which all is well passes every check', () => {
  expect(checkHistory(history())).toEqual([])
})

const VIOLATIONS: readonly (readonly [check: string, what: string, broken: History, problem: string])[] = [
  ['told in order, once, without gaps', 'a gap', history({ events: without(told(3)) }), 'told of r1 4 after 2'],
  [
    'told in order, once, without gaps',
    'a repeat',
    history({ events: instead(told(3), told(3), told(3)) }),
    '3 after 3',
  ],
  ['told in order, once, without gaps', 'a swap', history({ events: instead(told(2), told(3), told(2)) }), '3 after 1'],
  ['sent in order on each connection', 'a gap', history({ events: without(frame(1, 1, 1), told(1)) }), 'began at 2'],
  [
    'sent in order on each connection',
    'a repeat',
    history({ events: instead(frame(2, 6), frame(2, 5)) }),
    '5 was sent after 5',
  ],
  [
    'sent in order on each connection',
    'a gap in the middle',
    history({ events: instead(frame(1, 2, 1), frame(1, 3, 1)) }),
    '3 was sent after 1',
  ],
  [
    'attempts never go back',
    'an older attempt',
    history({ events: instead(frame(2, 6), frame(2, 6, 1)) }),
    'attempt 1 after 2',
  ],
  [
    'completed after everything, with its digest',
    'too early',
    history({ events: instead(told(5), completed, told(5)) }),
    'ended at 6, and 4 entries',
  ],
  [
    'completed after everything, with its digest',
    'something after it',
    history({ events: [...EVENTS, told(6)] }),
    'after its end',
  ],
  ['completed after everything, with its digest', 'twice', history({ events: [...EVENTS, completed] }), 'told twice'],
  [
    'completed after everything, with its digest',
    'another digest',
    history({ events: instead(completed, { ...completed, digest: '0' }) }),
    'ended with 0',
  ],
  ['what was seen is stored', 'another text', history({ events: instead(told(2), told(2, LINES[0])) }), 'saw r1 2 as'],
  [
    'what was seen is stored',
    'on the wire only',
    history({ events: [...EVENTS, frame(2, 7, 2, 'x')] }),
    'stored is nothing',
  ],
  ['own runs only', 'a run of somebody else', history({ users: new Map([['ada', 'u2']]) }), 'which is of u1'],
  [
    'nothing committed changes',
    'another text',
    history({ samples: [sample(0, { ...early, texts: ['{}'] }), sample(1, stored())] }),
    'r1 1 was {}',
  ],
  [
    'nothing committed changes',
    'a lost entry',
    history({ samples: [sample(0, stored()), sample(1, stored({ texts: LINES }))] }),
    'became undefined',
  ],
  [
    'nothing committed changes',
    'an attempt that goes back',
    history({ samples: ending(stored({ attempt: 0 })) }),
    'from attempt 1 to 0',
  ],
  [
    'nothing committed changes',
    'an end that is none',
    history({ samples: [sample(0, stored()), sample(1, stored({ ended: false }))] }),
    'went on after its end',
  ],
  [
    'nothing committed changes',
    'a run that is gone',
    history({ samples: [sample(0, early), sample(1, stored({ id: 'r2' }))] }),
    'r1 is gone',
  ],
  [
    'journals are whole',
    'a gap',
    history({ samples: ending(stored({ texts: TEXTS.toSpliced(2, 1), lastSeq: 5 })) }),
    'entry 3 is stored as number 4',
  ],
  [
    'journals are whole',
    'a missing end',
    history({ samples: ending(stored({ texts: LINES, lastSeq: 5 })) }),
    'whether it has ended differs',
  ],
  ['journals are whole', 'another length', history({ samples: ending(stored({ lastSeq: 9 })) }), 'the run says 9'],
  ['journals are whole', 'another digest', history({ samples: ending(stored({ digest: 'f' })) }), 'its digest is f'],
  [
    'journals are whole',
    'two ends',
    history({ samples: ending(stored({ texts: [...TEXTS, TEXTS[5] ?? ''], lastSeq: 7 })) }),
    'is number 6 of 7',
  ],
  [
    'nodes end once',
    'a second start',
    history({
      samples: withLine(4, entry(5, { kind: 'node.ended', ...activated, activation: 'a2' })).with(
        1,
        sample(1, stored({ texts: [...TEXTS, LINES[1] ?? '', ...LINES.slice(4), LINES[1] ?? ''] })),
      ),
    }),
    'node.started 2 of work, which had ended at 5',
  ],
  [
    'nodes end once',
    'a second end',
    history({ samples: withLine(2, entry(3, { kind: 'node.ended', ...activated })) }),
    'node.ended 5 of work, which had ended at 3',
  ],
  [
    'one effect for each key',
    'one too many',
    history({ effects: [sent(), sent(), sent()] }),
    'happened 3 times; at most 2',
  ],
  [
    'one effect for each key',
    'without a choice',
    history({
      effects: [sent(), sent()],
      samples: withLine(3, entry(4, { kind: 'run.answered', ...activated, choice: 'fail' })),
    }),
    'happened 2 times; at most 1',
  ],
  [
    'one effect for each key',
    'another request',
    history({ effects: [sent(), sent('pay 2')] }),
    'stood for pay 1 and pay 2',
  ],
  [
    'one effect for each key',
    'an answer paid thrice',
    history({ effects: [1, 2, 3].map(() => sent('q', 'completion')) }),
    'completion r1:a1 happened 3 times',
  ],
  [
    'nobody runs without a lease for 20 s',
    'forgotten',
    history({ samples: [sample(0, early, ['r1']), sample(10_000, early, ['r1']), sample(20_001, stored(), ['r1'])] }),
    'for 20001 ms',
  ],
  [
    'what was confirmed is stored',
    'a lost start',
    history({ events: [{ kind: 'confirmed', run: 'r9', command: 'start' }] }),
    'start of r9',
  ],
  [
    'what was confirmed is stored',
    'a lost answer',
    history({ events: [{ kind: 'confirmed', run: 'r1', command: 'answer', activation: 'a9' }] }),
    'answer of r1',
  ],
  [
    'what was confirmed is stored',
    'a lost cancel',
    history({ events: [{ kind: 'confirmed', run: 'r1', command: 'cancel' }], samples: [sample(0, early)] }),
    'cancel of r1',
  ],
  [
    'what was confirmed is stored',
    'a lost pause',
    history({ events: [{ kind: 'confirmed', run: 'r1', command: 'pause' }], samples: [sample(0, early)] }),
    'pause of r1',
  ],
  [
    'all runs ended, and all watchers know',
    'a run that goes on',
    history({ samples: [sample(0, early)] }),
    'r1 is running at 2',
  ],
  [
    'all runs ended, and all watchers know',
    'a watcher left alone',
    history({ events: without(completed) }),
    'does not know the end of r1',
  ],
  [
    'counters add up',
    'a lost update',
    history({ counters: new Map([['s1', { expected: 3, found: 2 }]]) }),
    'the state is 2',
  ],
  ['no process broke', 'a rejection', history({ said: says('[UnhandledPromiseRejection: …]') }), 'edge: [Unhandled'],
  [
    'no process broke',
    'an error of its own',
    history({ said: says('{"level":"error","message":"a handler failed"}') }),
    'a handler failed',
  ],
  ['no process broke', 'a stack', history({ said: says('    at open (file:///x/mesh/host.ts:1:1)') }), 'mesh/host.ts'],
]

test.each(VIOLATIONS)('"%s" refuses %s', (name, _what, broken, problem) => {
  const problems = CHECKS.get(name)?.(broken) ?? []
  expect(problems.join('\n')).toContain(problem)
})

test('every check is shown something to refuse', () => {
  expect([...CHECKS.keys()].filter(name => !VIOLATIONS.some(([check]) => check === name))).toEqual([])
})

test('answers that broke off, and orphans that were taken up again, are no violation', () => {
  const broken = sent('q', 'completion', false)
  const again = [
    sample(0, early, ['r1']),
    sample(15_000, early),
    sample(16_000, early, ['r1']),
    sample(30_000, stored()),
  ]
  expect(checkHistory(history({ effects: [broken, broken, broken, sent('q', 'completion')], samples: again }))).toEqual(
    [],
  )
})
