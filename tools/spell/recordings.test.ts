// Recordings as tests: made by `spell run --record`, repeated by `spell test`.
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { digestOfEntries } from '#graph/digest.ts'
import type { Entry } from '#graph/journal.ts'
import { checkInputs } from '#graph/interface.ts'
import { inParts, openOpenAiServer, streamOf } from '#services/completion/openai-server.suite.ts'
import { root } from '../launch/state.mjs'
import { loadSpell } from './files.ts'
import { perform } from './perform.ts'
import { writeRecording } from './recording.ts'
import { openShell } from './shell.suite.ts'
import type { Shell } from './shell.suite.ts'
import { openWorkshop } from './workshop.ts'

let shell: Shell
beforeEach(async () => {
  shell = await openShell()
})
afterEach(async () => shell[Symbol.asyncDispose]())

const asker = {
  format: 'spell/1',
  name: 'Asker',
  nodes: {
    start: { type: 'flow/start' },
    topic: { type: 'flow/input', config: { name: 'topic', type: 'string' } },
    prompt: { type: 'text/template', config: { template: 'A word on {{topic}}' } },
    ask: { type: 'ai/complete' },
    say: { type: 'text/template', config: { template: 'It said: {{answer}}' } },
    out: { type: 'flow/output', config: { name: 'said' } },
  },
  wires: [
    ['start.out', 'ask.in'],
    ['topic.value', 'prompt.topic'],
    ['prompt.text', 'ask.prompt'],
    ['ask.text', 'say.answer'],
    ['ask.out', 'out.in'],
    ['say.text', 'out.value'],
  ],
}

/** The same spell with some nodes set up otherwise. */
const changed = (nodes: object) => ({ ...asker, nodes: { ...asker.nodes, ...nodes } })

async function openModel() {
  const server = await openOpenAiServer()
  const settings = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'k', DEFAULT_MODEL: 'openai/tiny-1' }
  return { server, settings, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('every demo does again what it was recorded doing', async () => {
  const demos = (await readdir(join(root, 'editor/demos'))).filter(name => name.endsWith('.json')).toSorted()
  await cp(join(root, 'editor/demos'), shell.folder, { recursive: true })
  // Those that listen end where nobody says anything; the shell does that. The others need no process each.
  for (const demo of PLAYED) {
    const { status } = await shell.run('run', demo, '--record', demo.replace(/json$/, 'run.json'))
    expect({ demo, status }).toEqual({ demo, status: 0 })
  }
  await using workshop = await openWorkshop({ LOCAL_MODEL_DELAY_MS: '0' })
  for (const demo of demos.filter(name => !PLAYED.includes(name))) {
    const { plan, document: spell, library } = await loadSpell(join(shell.folder, demo), workshop)
    const { values: inputs = {} } = checkInputs(plan.interface, {})
    const { terminal, entries } = await perform({ plan, inputs, state: {}, host: workshop.host, seed: 1 })
    expect({ demo, ended: terminal.kind }).toEqual({ demo, ended: 'run.completed' })
    const file = join(shell.folder, demo.replace(/json$/, 'run.json'))
    await writeRecording(file, { spell, library, inputs: {}, state: {}, entries })
  }
  const { status, out, err } = await shell.run('test', '.')
  const lines = out.trim().split('\n')
  const outcomeOf = (demo: string) =>
    PLAYED.includes(demo) ? `it was stopped, so ${demo} is not compared` : `${demo} does the same`
  expect(lines.map(line => line.replace(/\d+ entries/, 'n entries'))).toEqual([
    ...demos.map(demo => `ok   ${demo.replace(/json$/, 'run.json')}: n entries reproduced; ${outcomeOf(demo)}`),
    `${demos.length} as recorded, 0 not`,
  ])
  expect({ status, err }).toEqual({ status: 0, err: '' })
}, 240_000)

/** The demos that listen to a person. */
const PLAYED = ['9-assistant-that-remembers.json', '9-talk-with-a-voice.json']

test('a changed spell is told by its nodes and outputs, and its model is not asked what it was asked before', async () => {
  await using model = await openModel()
  model.server.replyWith(inParts(streamOf(['Salt', ' and', ' sky']), 20))
  await shell.write('sea.json', asker)
  await shell.runWith(model.settings, ['run', 'sea.json', '--input', 'topic=sea', '--record', 'sea.run.json'])
  expect(model.server.asked).toHaveLength(1)
  await shell.write(
    'sea.json',
    changed({ say: { type: 'text/template', config: { template: 'It says: {{answer}}' } } }),
  )
  const { status, out } = await shell.runWith(model.settings, ['test', '.'])
  expect(out.split('\n')).toEqual([
    expect.stringMatching(/^FAIL sea\.run\.json: \d+ entries reproduced; sea\.json differs$/),
    '       node "say" other: {"text":"It says: Salt and sky"} instead of {"text":"It said: Salt and sky"}',
    '       node "out" other: {"value":"It says: Salt and sky"} → out instead of {"value":"It said: Salt and sky"} → out',
    '       output "said" other: "It says: Salt and sky" instead of "It said: Salt and sky"',
    '0 as recorded, 1 not',
    '',
  ])
  expect(status).toBe(1)
  expect(model.server.asked).toHaveLength(1)
})

test('a model that is asked something else is asked, and that is told', async () => {
  await using model = await openModel()
  model.server.replyWith(inParts(streamOf(['Blue']), 20))
  await shell.write('sea.json', asker)
  await shell.runWith(model.settings, ['run', 'sea.json', '--input', 'topic=sea', '--record', 'sea.run.json'])
  for (const other of [
    { prompt: { type: 'text/template', config: { template: 'A colour of the {{topic}}' } } },
    { ask: { type: 'ai/complete', config: { temperature: 0 } } },
  ]) {
    model.server.replyWith(inParts(streamOf(['Green']), 20))
    await shell.write('sea.json', changed(other))
    const { status, out } = await shell.runWith(model.settings, ['test', '.'])
    expect(out).toMatch(/^FAIL sea\.run\.json: \d+ entries reproduced; sea\.json differs; executed anew: ask × 1\n/)
    expect(out).toContain('output "said" other: "It said: Green" instead of "It said: Blue"\n')
    expect(status).toBe(1)
    expect(model.server.asked).toHaveLength(1)
  }
})

test('nodes that are gone and nodes that are new are told; so is an input that nobody can give', async () => {
  await shell.write('sea.json', asker)
  await shell.run('run', 'sea.json', '--input', 'topic=sea', '--record', 'sea.run.json')
  const { say: _, ...nodes } = asker.nodes
  await shell.write('sea.json', {
    ...asker,
    nodes: { ...nodes, tell: { type: 'debug/log', values: { value: 'hello' } } },
    wires: [
      ['start.out', 'ask.in'],
      ['topic.value', 'prompt.topic'],
      ['prompt.text', 'ask.prompt'],
      ['ask.out', 'tell.in'],
      ['tell.out', 'out.in'],
      ['ask.text', 'out.value'],
    ],
  })
  const { status, out } = await shell.run('test', '.')
  expect(out).toMatch(/^ {7}node "say" missing: \{"text":"It said: /m)
  expect(out).toMatch(/^ {7}node "tell" extra: \{\} → out$/m)
  expect(out).not.toMatch(/node "(ask|prompt)"/)
  expect(status).toBe(1)
  await shell.write('sea.json', changed({ topic: { type: 'flow/input', config: { name: 'subject', type: 'string' } } }))
  const refused = await shell.run('test', '.')
  expect(refused.out).toContain(
    '       inputs.topic: is not an input of this spell; it has subject\n       inputs.subject: is required (string)\n',
  )
  expect(refused.status).toBe(1)
})

test('a run that failed fails again, with its model’s own refusal and without asking it', async () => {
  await using model = await openModel()
  model.server.replyWith(
    response =>
      void response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"not that"}}'),
  )
  await shell.write('sea.json', asker)
  const ran = await shell.runWith(model.settings, [
    'run',
    'sea.json',
    '--input',
    'topic=sea',
    '--record',
    'sea.run.json',
  ])
  expect(ran).toMatchObject({ status: 1, err: expect.stringMatching(/^failed: [A-Z_]+ in node "ask": .*not that/) })
  const asked = model.server.asked.length
  const { status, out } = await shell.runWith(model.settings, ['test', '.'])
  expect(out).toMatch(/^ok   sea\.run\.json: \d+ entries reproduced; sea\.json does the same\n1 as recorded, 0 not\n$/)
  expect(status).toBe(0)
  expect(model.server.asked).toHaveLength(asked)
  await shell.write('sea.json', changed({ ask: { type: 'text/template' } }))
  expect((await shell.runWith(model.settings, ['test', '.'])).status).toBe(1)
})

test('a model inside a sub-spell in a loop is not asked again either, and each answer is the one it gave there', async () => {
  await using model = await openModel()
  model.server.replyWith(...['one', 'two', 'three'].map(word => inParts(streamOf([word]), 20)))
  await shell.write('asker.json', asker)
  await shell.write('many.json', {
    format: 'spell/1',
    nodes: {
      start: { type: 'flow/start' },
      each: { type: 'flow/for-each', values: { list: [1, 2, 3] } },
      inner: {
        type: 'flow/sub-spell',
        config: { spell: 'asker', inputs: ['topic'], outputs: ['said'] },
        values: { topic: 'the same' },
      },
      out: { type: 'flow/output', config: { name: 'all' } },
    },
    wires: [
      ['start.out', 'each.in'],
      ['each.each', 'inner.in'],
      ['inner.said', 'each.result'],
      ['each.done', 'out.in'],
      ['each.items', 'out.value'],
    ],
  })
  const ran = await shell.runWith(model.settings, ['run', 'many.json', '--record', 'many.run.json'])
  expect(JSON.parse(ran.out)).toEqual({ all: ['It said: one', 'It said: two', 'It said: three'] })
  const { status, out } = await shell.runWith(model.settings, ['test', '.'])
  expect(out).toMatch(/^ok   many\.run\.json: \d+ entries reproduced; many\.json does the same\n/)
  expect(status).toBe(0)
  expect(model.server.asked).toHaveLength(3)
})

test('time and chance are those of the record, also where the way to them has become longer', async () => {
  const lots = {
    format: 'spell/1',
    nodes: {
      start: { type: 'flow/start' },
      now: { type: 'time/now' },
      lot: { type: 'random/uuid' },
      time: { type: 'flow/output', config: { name: 'time' } },
      id: { type: 'flow/output', config: { name: 'id' } },
      log: { type: 'debug/log' },
    },
    wires: [
      ['now.out', 'lot.in'],
      ['lot.out', 'time.in'],
      ['time.out', 'id.in'],
      ['now.ms', 'time.value'],
      ['lot.uuid', 'id.value'],
    ],
  }
  await shell.write('lots.json', { ...lots, wires: [['start.out', 'now.in'], ...lots.wires] })
  expect((await shell.run('run', 'lots.json', '--record', 'lots.run.json')).status).toBe(0)
  await shell.write('lots.json', { ...lots, wires: [['start.out', 'log.in'], ['log.out', 'now.in'], ...lots.wires] })
  const { status, out } = await shell.run('test', '.')
  expect(out.split('\n').slice(1)).toEqual(['       node "log" extra: {} → out', '0 as recorded, 1 not', ''])
  expect(status).toBe(1)
})

test('a recording that was changed, cut or is none is told; a folder without any is wrong use', async () => {
  await shell.write('sea.json', asker)
  await shell.run('run', 'sea.json', '--input', 'topic=sea', '--record', 'sea.run.json')
  const recorded = await shell.read('sea.run.json')
  const edit = (change: (entry: Entry) => Entry) => recorded.entries.map(entry => change(structuredClone(entry)))
  const lie = edit(entry => (entry.kind === 'node.ended' ? { ...entry, outputs: { text: 'a lie' } } : entry))
  await shell.write('changed.run.json', { ...recorded, entries: lie })
  const strange = edit(entry => (entry.kind === 'node.ended' ? { ...entry, activation: '0000000000000000' } : entry))
  const digest = digestOfEntries(strange)
  await shell.write('strange.run.json', {
    ...recorded,
    entries: strange.map(entry => ('lastSeq' in entry ? { ...entry, digest } : entry)),
  })
  await shell.write('cut.run.json', { ...recorded, entries: recorded.entries.slice(0, -1) })
  await shell.write('none.run.json', { format: 'run/1', spell: {}, library: [], entries: [{ seq: 2 }] })
  const { status, out } = await shell.run('test', '.')
  expect(out).toMatch(
    /^FAIL changed\.run\.json: cannot be repeated\n {7}entries: are not those that were recorded: the digest is [0-9a-f]{16}, expected [0-9a-f]{16}$/m,
  )
  expect(out).toMatch(/^FAIL strange\.run\.json: is not what its spell does\n {7}the journal diverges at entry \d+: /m)
  expect(out).toMatch(/^FAIL cut\.run\.json: cannot be repeated\n {7}entries: have no end$/m)
  expect(out).toContain('library: expected an object\n')
  expect(out).toContain('entries: expected a list of entries numbered from 1 on\n')
  expect(out).toMatch(/\n1 as recorded, 4 not\n$/)
  expect(status).toBe(1)
  const empty = await openShell()
  expect(await empty.run('test', '.')).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringContaining('has no recording: expected *.run.json'),
  })
  expect(await empty.run('test', 'nowhere')).toMatchObject({
    status: 2,
    err: expect.stringContaining('cannot be read: ENOENT'),
  })
  await empty[Symbol.asyncDispose]()
})
