import { expect, test } from '@jest/globals'
import { digestOfEntries } from '#graph/digest.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { formatRecording, isRecording, parseRecording } from './recording.ts'
import type { Recording } from './recording.ts'
import { verify } from './verify.ts'

const spell: SpellDocument = {
  format: 'spell/1',
  name: 'Kept',
  description: '',
  nodes: { start: { type: 'flow/start' }, odd: { type: 'nowhere/known', config: { a: 1 } } },
  wires: [['start.out', 'odd.in']],
  state: {},
  notes: [],
}
const begun: Entry[] = [
  {
    seq: 1,
    at: 1000,
    kind: 'run.started',
    run: 'r1',
    spell: 's1',
    revision: 1,
    inputs: { who: 'Ada' },
    state: {},
    seed: 7,
  },
  { seq: 2, at: 1001, kind: 'node.ended', node: 'odd', activation: '00000000000000a1', outputs: { x: 1 }, pulses: [] },
]
const end = { seq: 3, at: 1002, kind: 'run.completed', lastSeq: 3, outputs: { said: 'hello' }, state: {} } as const
const entries: Entry[] = [...begun, { ...end, digest: digestOfEntries([...begun, end]) }]
const recording: Recording = {
  spell,
  library: { inner: { ...spell, name: 'Inner' } },
  inputs: { who: 'Ada' },
  state: {},
  entries,
  blobs: { abc: [1, 2] },
}
const reread = (change: (value: Record<string, unknown>) => void = () => undefined) => {
  const value = JSON.parse(formatRecording(recording)) as Record<string, unknown>
  change(value)
  return parseRecording(value)
}

test('a recording comes back from its text as it was, an entry a line, with a digest that fits', () => {
  const text = formatRecording(recording)
  expect(text.split('\n').filter(line => line.includes('"seq"'))).toHaveLength(3)
  const back = reread()
  expect(back.recording).toEqual(recording)
  expect(verify(back.recording?.entries ?? [])).toMatchObject({ lastSeq: 3 })
})

test('node types and kinds of entries that nobody knows are kept', () => {
  const { recording: kept } = reread(value => {
    ;(value['entries'] as JsonObject[])[1] = { seq: 2, at: 1001, kind: 'run.dreamt', of: 'sheep' }
  })
  expect(kept?.entries[1]).toEqual({ seq: 2, at: 1001, kind: 'run.dreamt', of: 'sheep' })
  expect(kept?.spell.nodes['odd']?.type).toBe('nowhere/known')
})

test('what was changed does not fit its digest, and what was cut has no end', () => {
  const changed = reread(value => {
    ;(value['entries'] as Record<string, unknown>[])[1] = { ...entries[1], outputs: { x: 2 } }
  })
  expect(verify(changed.recording?.entries ?? [])).toEqual({
    problem: expect.stringMatching(/^its digest is [0-9a-f]{16}, not [0-9a-f]{16}$/),
  })
  const cut = reread(value => void (value['entries'] = entries.slice(0, 2)))
  expect(verify(cut.recording?.entries ?? [])).toEqual({ problem: 'it has no end' })
})

test('every problem of a broken recording is told, with its path', () => {
  expect(parseRecording([])).toEqual({ problems: [{ path: 'format', message: 'expected "run/1"' }] })
  expect(isRecording({ format: 'spell/1' })).toBe(false)
  const { problems = [] } = reread(value => {
    value['library'] = []
    value['blobs'] = 3
    value['spell'] = { format: 'spell/1' }
    value['entries'] = [
      { seq: 1, at: 'soon', kind: 'node.ended', node: 4, activation: 'a', pulses: [1] },
      { seq: 2, at: 1, kind: 'node.failed', node: 'n', activation: 'a', attempt: 1, final: true, error: 'no' },
    ]
  })
  expect(problems.map(({ path }) => path)).toEqual([
    'spell.nodes',
    'library',
    'blobs',
    'entries[0].outputs',
    'entries[0].at',
    'entries[0].node',
    'entries[0].pulses[0]',
    'entries[1].error',
  ])
  expect(reread(value => void (value['entries'] = [{ seq: 2 }])).problems).toEqual([
    { path: 'entries', message: 'expected a list of entries numbered from 1 on' },
  ])
  expect(reread(value => void (value['entries'] = [{ ...end, seq: 1 }])).problems).toEqual([
    { path: 'entries[0].kind', message: 'expected "run.started"' },
  ])
})
