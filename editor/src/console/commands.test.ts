import { expect, test } from '@jest/globals'
import { defineNode } from '#graph/define.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { createRegistry } from '#graph/registry.ts'
import { createTimeline } from '#graph/timeline.ts'
import type { CommandHost } from './commands.ts'
import { runCommand } from './commands.ts'
import { complete } from './complete.ts'

const registry = createRegistry({
  'text/say': defineNode({
    title: 'Say',
    about: 'Says it.',
    kind: 'action',
    config: { type: 'object', properties: { words: { type: 'string' }, times: { type: 'integer', minimum: 1 } } },
    inputs: { loud: { type: 'boolean' } },
    run: () => ({}),
  }),
})
const document: SpellDocument = {
  ...{ format: 'spell/1', name: 'Talk', description: '', wires: [], state: {}, notes: [] },
  nodes: { say: { type: 'text/say' }, sage: { type: 'text/say' } },
}
const error = { code: 'HOARSE', message: 'no voice left' }
const entries: Entry[] = [
  {
    seq: 1,
    at: 0,
    kind: 'run.started',
    run: 'r',
    spell: 's',
    revision: 1,
    inputs: {},
    state: { mood: 'fine' },
    seed: 1,
  },
  { seq: 2, at: 5, kind: 'node.ended', node: 'say', activation: 'a', outputs: { text: 'Hello Ada' }, pulses: [] },
  { seq: 3, at: 9, kind: 'node.failed', node: 'sage', activation: 'b', attempt: 1, error, final: true },
  { seq: 4, at: 9, kind: 'run.failed', lastSeq: 4, error },
]

function open(change: Partial<CommandHost> = {}) {
  const done: Json[] = []
  const timeline = createTimeline(entries)
  const host: CommandHost = {
    ...{ document, registry, timeline, view: timeline.at(4), position: 4, fixed: undefined },
    run: (inputs?: JsonObject, startAt?: string) =>
      void done.push(startAt === undefined ? ['run', inputs ?? null] : ['run', inputs ?? null, startAt]),
    cancel: () => void done.push('cancel'),
    pause: () => void done.push('pause'),
    play: step => void done.push(['play', step]),
    status: undefined,
    setConfig: (node, field, value) => void done.push(['config', node, field, value]),
    setValue: (node, input, value) => void done.push(['value', node, input, value]),
    seek: position => void done.push(['seek', position]),
    clear: () => void done.push('clear'),
    ...change,
  }
  const type = (line: string) => runCommand(line, host).map(({ level, text }) => `${level}: ${text}`)
  return { host, done, type }
}

test('run takes nothing or an object of inputs', () => {
  const { done, type } = open()
  expect(type('run')).toEqual([])
  expect(type('  run {"who": "you"} ')).toEqual([])
  expect(type('run fast')).toEqual(['error: run takes its inputs as a JSON object, e.g. run {"who": "you"}'])
  expect(type('run [1]')).toEqual(['error: run takes its inputs as a JSON object, e.g. run {"who": "you"}'])
  expect(done).toEqual([
    ['run', null],
    ['run', { who: 'you' }],
  ])
})

test('trigger runs from a start, by its name or node', () => {
  const nodes = { begin: { type: 'flow/start' }, late: { type: 'flow/start', config: { name: 'evening' } } }
  const { done, type, host } = open({ document: { ...document, nodes } })
  expect(type('trigger evening')).toEqual([])
  expect(type('trigger begin')).toEqual([])
  expect(type('trigger noon')).toEqual(['error: no start "noon"; there are in, evening'])
  expect(type('trigger')).toEqual(['error: expected: trigger <start>; there are in, evening'])
  expect(done).toEqual([
    ['run', null, 'late'],
    ['run', null, 'begin'],
  ])
  expect(complete('trigger e', host).line).toBe('trigger evening ')
})

test('a run is paused, played and stepped where it stands accordingly', () => {
  const running = open({ status: 'running' })
  expect(running.type('pause')).toEqual([])
  expect(running.type('step')).toEqual(['error: expected a paused run; this one is running'])
  const paused = open({ status: 'paused' })
  expect([paused.type('step'), paused.type('play')]).toEqual([[], []])
  expect([running.done, paused.done]).toEqual([
    ['pause'],
    [
      ['play', true],
      ['play', false],
    ],
  ])
  expect(open().type('play')).toEqual(['error: expected a paused run; there is none'])
})

test('set changes settings and inputs, by their types, and says what there is', () => {
  const { done, type } = open()
  expect(type('set say words 42')).toEqual(['info: say.words = "42"'])
  expect(type('set say words "a \\"b\\""')).toEqual(['info: say.words = "a \\"b\\""'])
  expect(type('set say times 3')).toEqual(['info: say.times = 3'])
  expect(type('set say loud true')).toEqual(['info: say.loud = true'])
  expect(type('set say times 0')).toEqual(['error: times: expected at least 1, got 0'])
  expect(type('set say pitch 3')).toEqual(['error: "say" has no "pitch"; expected one of words, times, loud'])
  expect(type('set nobody words x')).toEqual(['error: no node "nobody"; there are say, sage'])
  expect(type('set say words')).toEqual(['error: expected: set <node> <field> <value>'])
  expect(done).toEqual([
    ['config', 'say', 'words', '42'],
    ['config', 'say', 'words', 'a "b"'],
    ['config', 'say', 'times', 3],
    ['value', 'say', 'loud', true],
  ])
})

test('goto moves the slider to entries, ends and errors', () => {
  const { done, type } = open({ position: 0 })
  expect(type('goto 2')).toEqual(['info: 2 / 4  say done · 5 ms'])
  expect(type('goto error')).toEqual(['info: 3 / 4  sage failed · 9 ms'])
  type('goto start')
  type('goto live')
  expect(type('goto 5')).toEqual(['error: expected: goto <entry>|start|live|error, an entry from 0 to 4'])
  expect(type('goto')).toEqual(['error: expected: goto <entry>|start|live|error, an entry from 0 to 4'])
  expect(open({ timeline: createTimeline() }).type('goto 1')).toEqual(['error: there is no run yet'])
  expect(done).toEqual([2, 3, 0, 'live'].map(at => ['seek', at]))
})

test('find goes to the next entry with the text, round the end, and counts them', () => {
  const { done, type } = open()
  expect(type('find hello ada')).toEqual(['info: 2 / 4  say done · 5 ms', 'info: 1 entry holds "hello ada"'])
  expect(open({ position: 3 }).type('find VOICE')).toEqual([
    'info: 4 / 4  run failed · 9 ms',
    'info: 2 entries hold "VOICE"',
  ])
  expect(type('find nothing of this')).toEqual(['info: no entry holds "nothing of this"'])
  expect(type('find')).toEqual(['error: expected: find <text>'])
  expect(done).toEqual([['seek', 2]])
})

test('what cannot be is refused with what can', () => {
  const { type } = open()
  expect(type('fly')).toEqual([
    'error: no command "fly"; expected one of run, trigger, pause, play, step, cancel, set, state, value, goto, find, clear, help',
  ])
  expect(type('constructor')[0]).toMatch(/^error: no command "constructor"/)
  expect(type('')).toEqual([])
  expect(type('value say')).toEqual(['info: {\n  "text": "Hello Ada"\n}'])
  expect(type('state')).toEqual(['info: {\n  "mood": "fine"\n}'])
  expect(type('help')).toHaveLength(13)
})

test('a recorded run is not run, stopped or changed', () => {
  const { done, type } = open({ fixed: 'recording' })
  const refused = 'error: this is a recorded run: it can be looked at, not run or changed; open its spell for that'
  expect(['run', 'cancel', 'set say words x'].flatMap(type)).toEqual([refused, refused, refused])
  expect(done).toEqual([])
})

test('Tab completes commands, nodes and fields as far as they are the same', () => {
  const { host } = open()
  expect(complete('se', host)).toEqual({ line: 'set ', options: [] })
  expect(complete('set sa', host)).toEqual({ line: 'set sa', options: ['say', 'sage'] })
  expect(complete('set say ', host)).toEqual({ line: 'set say ', options: ['words', 'times', 'loud'] })
  expect(complete('set say w', host)).toEqual({ line: 'set say words ', options: [] })
  expect(complete('goto l', host)).toEqual({ line: 'goto live ', options: [] })
  expect(complete('c', host)).toEqual({ line: 'c', options: ['cancel', 'clear'] })
  expect(complete('fly', host)).toEqual({ line: 'fly', options: [] })
})
