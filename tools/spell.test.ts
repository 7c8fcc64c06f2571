// The shell's program as people start it: a process, its two outputs and its status.
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { digestOfEntries } from '#graph/digest.ts'
import { inParts, openOpenAiServer, streamOf } from '#services/completion/openai-server.suite.ts'
import { openShell } from './spell/shell.suite.ts'
import type { Shell } from './spell/shell.suite.ts'

let shell: Shell
beforeAll(async () => {
  shell = await openShell()
})
afterAll(async () => shell[Symbol.asyncDispose]())

const greeter = {
  format: 'spell/1',
  name: 'Greeter',
  nodes: {
    start: { type: 'flow/start' },
    who: { type: 'flow/input', config: { name: 'who', type: 'string' } },
    times: { type: 'flow/input', config: { name: 'times', type: 'number', default: 1 } },
    more: { type: 'flow/input', config: { name: 'more', default: null } },
    say: { type: 'text/template', config: { template: 'Hello {{who}} × {{times}}' } },
    log: { type: 'debug/log', config: { label: 'greeting' } },
    out: { type: 'flow/output', config: { name: 'greeting' } },
    rest: { type: 'flow/output', config: { name: 'more' } },
  },
  wires: [
    ['start.out', 'log.in'],
    ['who.value', 'say.who'],
    ['times.value', 'say.times'],
    ['say.text', 'log.value'],
    ['log.out', 'out.in'],
    ['say.text', 'out.value'],
    ['out.out', 'rest.in'],
    ['more.value', 'rest.value'],
  ],
}

test('a spell runs: its console on standard error, its outputs as JSON on standard output', async () => {
  await shell.write('greeter.json', greeter)
  const { status, out, err } = await shell.run(
    'run',
    'greeter.json',
    '--input',
    'who=42',
    '--input',
    'times=3',
    'more={"a":1}',
  )
  expect(err).toBe('log: greeting: Hello 42 × 3\n')
  expect(JSON.parse(out)).toEqual({ greeting: 'Hello 42 × 3', more: { a: 1 } })
  expect(status).toBe(0)
})

test('files are named from where npm was called, which leaves for the project’s folder', async () => {
  await shell.write('greeter.json', greeter)
  const name = basename(shell.folder)
  const npm = { npm_lifecycle_event: 'spell', INIT_CWD: dirname(shell.folder) }
  const { status, out } = await shell.runWith(npm, ['run', join(name, 'greeter.json'), '--input', 'who=Ada'])
  expect(JSON.parse(out)).toEqual({ greeting: 'Hello Ada × 1', more: null })
  expect(status).toBe(0)
})

test('inputs come from a file too, and what is said on the command line counts more', async () => {
  await shell.write('greeter.json', greeter)
  await shell.write('inputs.json', { who: 'Ada', times: 2, more: [1] })
  const { status, out } = await shell.run(
    'run',
    'greeter.json',
    '--inputs',
    'inputs.json',
    '--input',
    'more=no JSON',
    '--json',
  )
  expect(JSON.parse(out)).toEqual({
    status: 'completed',
    outputs: { greeting: 'Hello Ada × 2', more: 'no JSON' },
    state: {},
  })
  expect(status).toBe(0)
})

test('what is missing, wrong or unknown among the inputs is told all at once', async () => {
  await shell.write('greeter.json', greeter)
  const { status, out, err } = await shell.run(
    'run',
    'greeter.json',
    '--input',
    'times=many',
    '--input',
    'whom=Ada',
    '--record',
    'no/x.json',
  )
  expect(err.trim().split('\n')).toEqual([
    'inputs.whom: is not an input of this spell; it has who, times, more',
    'inputs.who: is required (string)',
    'inputs.times: expected number, got "many"',
    expect.stringMatching(/no\/x\.json: cannot be written: ENOENT/),
  ])
  expect({ status, out }).toEqual({ status: 2, out: '' })
})

test('a document with problems is not run: every one is told with its path', async () => {
  const wrong = { format: 'spell/1', nodes: { a: { type: 'flow/brunch' } }, wires: [['a.out', 'b.in']] }
  await shell.write('wrong.json', wrong)
  await shell.write('greeter.json', greeter)
  await shell.write('no.json', '{')
  const ran = await shell.run('run', 'wrong.json')
  expect(ran.err).toMatch(
    /^nodes\.a\.type: no node type "flow\/brunch"; known are .*\nwires\[0\]: there is no node "b"\n$/,
  )
  expect(ran).toMatchObject({ status: 2, out: '' })
  const checked = await shell.run('check', 'greeter.json', 'wrong.json', 'no.json', 'gone.json')
  expect(checked.out.replaceAll(join(shell.folder, '/'), '').trim().split('\n')).toEqual([
    'greeter.json: ok, 8 nodes',
    expect.stringMatching(/^wrong\.json: nodes\.a\.type: no node type "flow\/brunch"/),
    'wrong.json: wires[0]: there is no node "b"',
    expect.stringMatching(/^no\.json: is not JSON: /),
    expect.stringMatching(/^gone\.json: cannot be read: ENOENT/),
  ])
  expect(checked.status).toBe(1)
  expect((await shell.run('check', 'greeter.json')).status).toBe(0)
})

test.each([
  [[]],
  [['rune', 'greeter.json']],
  [['run']],
  [['run', 'greeter.json', '--input', 'who']],
  [['run', 'a', '--jason']],
  [['check']],
])('%j is not understood: the use is told', async args => {
  const { status, out, err } = await shell.run(...args)
  expect(err).toContain('usage: npm run spell -- run FILE')
  expect({ status, out }).toEqual({ status: 2, out: '' })
})

test('a node that fails fails the run, with its code and its name; user code runs in its sandbox', async () => {
  await shell.write('broken.json', {
    format: 'spell/1',
    nodes: {
      start: { type: 'flow/start' },
      code: {
        type: 'code/javascript',
        config: { code: 'console.log(typeof process)\nthrow new RangeError("too far")' },
      },
    },
    wires: [['start.out', 'code.in']],
  })
  const ran = await shell.run('run', 'broken.json')
  expect(ran).toEqual({
    status: 1,
    out: '',
    err: 'code: undefined\nfailed: CODE_ERROR in node "code": RangeError: too far (line 2)\n',
  })
  const { status, out, err } = await shell.run('run', 'broken.json', '--json')
  expect(JSON.parse(out)).toEqual({
    status: 'failed',
    error: { code: 'CODE_ERROR', message: 'RangeError: too far (line 2)', node: 'code' },
  })
  expect({ status, err }).toEqual({ status: 1, err: '' })
})

const asker = {
  format: 'spell/1',
  name: 'Asker',
  nodes: {
    start: { type: 'flow/start' },
    ask: { type: 'ai/complete', values: { prompt: 'Hello?' } },
    out: { type: 'flow/output', config: { name: 'answer' } },
  },
  wires: [
    ['start.out', 'ask.in'],
    ['ask.out', 'out.in'],
    ['ask.text', 'out.value'],
  ],
}

test('tokens stream to standard error; any server with OpenAI’s API answers', async () => {
  await shell.write('asker.json', asker)
  await using server = await openOpenAiServer()
  server.replyWith(inParts(streamOf(['Good', ' day', '!']), 10))
  const settings = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'secret-1', DEFAULT_MODEL: 'openai/tiny-1' }
  const { status, out, err } = await shell.runWith(settings, ['run', 'asker.json'])
  expect(err).toBe('ask: Good day!\n')
  expect(JSON.parse(out)).toEqual({ answer: 'Good day!' })
  expect(status).toBe(0)
  expect(server.asked.map(({ authorization, body }) => [authorization, body['model']])).toEqual([
    ['Bearer secret-1', 'tiny-1'],
  ])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s cancels the run, and what was recorded is kept', async (signal, expected) => {
  await shell.write('slow.json', {
    format: 'spell/1',
    nodes: {
      start: { type: 'flow/start' },
      log: { type: 'debug/log', values: { value: 'at work' } },
      wait: { type: 'flow/delay', config: { ms: 60_000 } },
    },
    wires: [
      ['start.out', 'log.in'],
      ['log.out', 'wait.in'],
    ],
  })
  const { status, out, err } = await shell.runWith(
    {},
    ['run', 'slow.json', '--record', 'slow.run.json'],
    (text, child) => text === 'log: at work\n' && child.kill(signal),
  )
  expect({ status, out, err }).toEqual({
    status: expected,
    out: '',
    err: `log: at work\ncancelled: stopped by ${signal}\n`,
  })
  expect((await shell.read('slow.run.json')).entries.at(-1)).toMatchObject({
    kind: 'run.cancelled',
    reason: `stopped by ${signal}`,
  })
})

test('a recording holds all that a repetition needs; its digest is right', async () => {
  await shell.write('counter.json', {
    format: 'spell/1',
    name: 'Counter',
    nodes: {
      start: { type: 'flow/start' },
      read: { type: 'state/read', config: { key: 'visits' } },
      plus: { type: 'math/calculate', config: { expression: 'visits + 1' } },
      write: { type: 'state/write', config: { key: 'visits' } },
      out: { type: 'flow/output', config: { name: 'visits' } },
    },
    wires: [
      ['start.out', 'write.in'],
      ['read.value', 'plus.visits'],
      ['plus.result', 'write.value'],
      ['write.out', 'out.in'],
      ['write.value', 'out.value'],
    ],
  })
  await shell.write('state.json', { visits: 41 })
  const { out } = await shell.run(
    'run',
    'counter.json',
    '--state',
    'state.json',
    '--record',
    'counter.run.json',
    '--json',
  )
  expect(JSON.parse(out)).toEqual({ status: 'completed', outputs: { visits: 42 }, state: { visits: 42 } })
  const recorded = await shell.read('counter.run.json')
  expect(recorded).toMatchObject({
    format: 'run/1',
    spell: { name: 'Counter' },
    library: {},
    inputs: {},
    state: { visits: 41 },
  })
  const last = recorded.entries.at(-1)
  expect(last).toMatchObject({ kind: 'run.completed', digest: digestOfEntries(recorded.entries) })
})

test('a foreign document is imported, and what became of it is told', async () => {
  const wire = (node: number, end: object) => ({ connections: [{ node, ...end, data: { pins: [] } }] })
  const nodes = {
    1: {
      id: 1,
      name: 'Module Trigger In',
      data: { name: 'default', socketKey: 'key-1' },
      position: [0, 0],
      inputs: {},
      outputs: { trigger: wire(2, { input: 'trigger' }) },
    },
    2: {
      id: 2,
      name: 'Output',
      data: { name: 'text' },
      position: [0, 1],
      inputs: { trigger: wire(1, { output: 'trigger' }), input: wire(3, { output: 'output' }) },
      outputs: {},
    },
    3: {
      id: 3,
      name: 'Universal Input',
      data: { name: 'topic' },
      position: [0, 2],
      inputs: {},
      outputs: { output: wire(2, { input: 'input' }) },
    },
  }
  await shell.write('old.json', {
    id: 'x',
    name: 'Old',
    chain: { id: 'demo@0.1.0', nodes },
    modules: [],
    gameState: {},
  })
  const { status, out, err } = await shell.run('run', 'old.json', '--input', 'topic=sea')
  expect(JSON.parse(out)).toEqual({ text: 'sea' })
  expect(err).toMatch(/^imported from thoth: 3 nodes mapped, 0 approximated, 0 missing\n/)
  expect(status).toBe(0)
})

test('sub-spells are found beside the spell, by their file or by their name, and are recorded with it', async () => {
  const outer = {
    format: 'spell/1',
    nodes: {
      start: { type: 'flow/start' },
      greet: {
        type: 'flow/sub-spell',
        config: { spell: 'Greeter', inputs: ['who'], outputs: ['greeting'] },
        values: { who: 'Ada' },
      },
      out: { type: 'flow/output', config: { name: 'said' } },
    },
    wires: [
      ['start.out', 'greet.in'],
      ['greet.out', 'out.in'],
      ['greet.greeting', 'out.value'],
    ],
  }
  await shell.write('greeter.json', greeter)
  await shell.write('outer.json', outer)
  const { status, out, err } = await shell.run('run', 'outer.json', '--record', 'outer.run.json')
  expect(JSON.parse(out)).toEqual({ said: 'Hello Ada × 1' })
  expect({ status, err }).toEqual({ status: 0, err: 'greet/log: greeting: Hello Ada × 1\n' })
  expect((await shell.read('outer.run.json')).library).toMatchObject({ Greeter: { name: 'Greeter' } })
  await shell.write('outer.json', {
    ...outer,
    nodes: { ...outer.nodes, greet: { type: 'flow/sub-spell', config: { spell: 'greter', outputs: ['greeting'] } } },
  })
  expect(await shell.run('run', 'outer.json')).toMatchObject({
    status: 2,
    err: expect.stringContaining('nodes.greet.config.spell: there is no spell "greter"'),
  })
})
