import { describe, expect, test } from '@jest/globals'
import type { Project } from '@ironclad/rivet-core'
import { coreCreateProcessor, ExecutionRecorder } from '@ironclad/rivet-core'
import { formatRecording, parseRecording } from '#client/recording.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { digestOfEntries } from '#graph/digest.ts'
import { ImportError } from '#importers/importer.ts'
import { fileOf, ifNode, input, output, project, text } from '#importers/rivet/kit.suite.ts'
import { convertRecording } from '#importers/rivet/recording.ts'
import { embedded } from '#mesh/testing.ts'

const SETTINGS = {
  openAiKey: '',
  openAiOrganization: '',
  openAiEndpoint: '',
  recordingPlaybackLatency: 0,
  pluginEnv: {},
  pluginSettings: {},
}

/** Runs a project in Rivet, and gives what its recorder wrote. */
async function record(made: Project, inputs: Record<string, string>): Promise<unknown> {
  const { run, processor } = coreCreateProcessor(made, { inputs, ...SETTINGS } as unknown as Parameters<
    typeof coreCreateProcessor
  >[1])
  const recorder = new ExecutionRecorder()
  recorder.record(processor)
  await run().catch(() => undefined)
  return JSON.parse(recorder.serialize()) as unknown
}

const whole = project({
  main: {
    nodes: {
      who: input('who'),
      hello: text('Hello {{who}}'),
      up: [
        'code',
        {
          code: 'return { loud: { type: "string", value: inputs.soft.value.toUpperCase() } }',
          inputNames: ['soft'],
          outputNames: ['loud'],
        },
      ],
      i: ifNode,
      never: text('never {{x}}'),
      sub: ['subGraph', { graphId: 'inner' }],
      out: output('said'),
      other: output('other'),
    },
    edges: [
      ['who.data', 'hello.who'],
      ['hello.output', 'up.soft'],
      ['up.loud', 'i.value'],
      ['up.loud', 'i.if'],
      ['i.falseOutput', 'never.x'],
      ['i.output', 'sub.q'],
      ['sub.r', 'out.value'],
      ['never.output', 'other.value'],
    ],
  },
  inner: {
    nodes: { q: input('q'), t: text('<{{q}}>'), r: output('r') },
    edges: [
      ['q.data', 't.q'],
      ['t.output', 'r.value'],
    ],
  },
})

describe('a recording of Rivet', () => {
  test('becomes one of ours: nodes, values, sub-graphs and the end', async () => {
    const { recording, notes } = convertRecording(await record(whole, { who: 'Ada' }), fileOf(whole))
    const { problems } = parseRecording(JSON.parse(formatRecording(recording)))
    expect(problems).toBeUndefined()
    expect(recording).toMatchObject({ format: 'run/1', inputs: { who: 'Ada' }, spell: { name: 'A project' } })
    expect(Object.keys(recording.library)).toEqual(['A project · Graph inner'])
    const { entries } = recording
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
    expect(entries[0]).toMatchObject({ kind: 'run.started', inputs: { who: 'Ada' } })
    expect(entries.at(-1)).toMatchObject({
      kind: 'run.completed',
      outputs: { said: '<HELLO ADA>' },
      lastSeq: entries.length,
      digest: digestOfEntries(entries),
    })
    const told = entries.flatMap(entry =>
      'node' in entry ? [[entry.kind, entry.node, 'outputs' in entry ? entry.outputs : undefined]] : [],
    )
    expect(told).toEqual(
      expect.arrayContaining([
        ['node.value', 'graph-input-who', { value: 'Ada' }],
        ['node.value', 'text-hello', { text: 'Hello Ada' }],
        ['node.started', 'code-up', undefined],
        ['node.ended', 'code-up', { loud: 'HELLO ADA' }],
        ['node.ended', 'if-i', { output: 'HELLO ADA' }],
        ['node.started', 'sub-graph-sub', undefined],
        ['node.value', 'sub-graph-sub/text-t', { text: '<HELLO ADA>' }],
        ['node.ended', 'sub-graph-sub', expect.objectContaining({ r: '<HELLO ADA>' })],
      ]),
    )
    expect(told.filter(([, node]) => node === 'text-never')).toEqual([])
    expect(notes).toEqual([
      'random numbers, state and usage are not in a recording of Rivet: it can be looked at, not replayed',
    ])
  })

  test('that failed has the node and the reason', async () => {
    const failing = project({
      main: {
        nodes: {
          c: ['code', { code: 'throw new Error("no luck")', inputNames: [], outputNames: ['o'] }],
          out: output('out'),
        },
        edges: [['c.o', 'out.value']],
      },
    })
    const { recording } = convertRecording(await record(failing, {}), fileOf(failing))
    expect(parseRecording(JSON.parse(formatRecording(recording))).problems).toBeUndefined()
    expect(recording.entries).toContainEqual(
      expect.objectContaining({
        kind: 'node.failed',
        node: 'code-c',
        error: { code: 'RIVET', message: 'no luck', node: 'code-c' },
      }),
    )
    expect(recording.entries.at(-1)).toMatchObject({ kind: 'run.failed', error: { code: 'RIVET' } })
  })

  test('that broke off is one that was stopped there', async () => {
    const made = (await record(whole, { who: 'Ada' })) as { recording: { events: { type: string }[] } }
    const events = made.recording.events.slice(0, 6)
    const { recording } = convertRecording({ version: 1, recording: { recordingId: 'r', events } }, fileOf(whole))
    expect(recording.entries.at(-1)).toMatchObject({ kind: 'run.cancelled', reason: 'the recording ends here' })
  })

  test('that is none is refused with the reason', () => {
    for (const [given, message] of [
      [{}, 'recording: expected {version: 1, recording: {events}}'],
      [{ version: 1, recording: { events: [] } }, 'recording.events: expected at least one'],
      [{ version: 1, recording: { events: [{ type: 5 }] } }, 'recording.events[0]: expected {type, data, ts}'],
    ] as const)
      expect(() => convertRecording(given, fileOf(whole))).toThrow(new ImportError([{ path: '', message }]))
  })
})

test('a project is imported by the text of its file, and runs', async () => {
  await using system = await embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  const runner = system.as('ada').client(SpellRunnerServiceDefinition)
  const single = project({
    main: {
      nodes: { a: input('a'), t: text('{{a}}!'), o: output('o') },
      edges: [
        ['a.data', 't.a'],
        ['t.output', 'o.value'],
      ],
    },
  })
  for (const format of ['', 'rivet']) {
    const { spell, report } = await runner.importSpell({
      format,
      document: Buffer.from(JSON.stringify(fileOf(single))),
    })
    expect(report).toMatchObject({
      format: 'rivet',
      nodes: [{ outcome: 'mapped' }, { outcome: 'mapped' }, { outcome: 'mapped' }],
    })
    const { run } = await runner.startRun({ spellId: spell?.id ?? '', inputs: Buffer.from('{"a":"x"}') })
    expect(JSON.parse(Buffer.from(run?.outputs ?? []).toString())).toEqual({ o: 'x!' })
  }
})

test('a project of several graphs becomes several spells that know each other, however often it is imported, and goes back as it came', async () => {
  await using system = await embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  const runner = system.as('ada').client(SpellRunnerServiceDefinition)
  const document = Buffer.from(JSON.stringify(fileOf(whole)))
  const first = await runner.importSpell({ document })
  const second = await runner.importSpell({ document })
  expect(first.others.map(({ spell }) => spell?.name)).toEqual(['A project · Graph inner'])
  expect(second.others[0]?.spell?.id).not.toBe(first.others[0]?.spell?.id)
  const calls = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()
  expect(calls(first.spell?.document)).toContain(first.others[0]?.spell?.id)
  const { run } = await runner.startRun({ spellId: first.spell?.id ?? '', inputs: Buffer.from('{"who":"Ada"}') })
  expect(JSON.parse(Buffer.from(run?.outputs ?? []).toString())).toMatchObject({ said: '<HELLO ADA>' })
  const back = await runner.exportSpell({ spellId: first.spell?.id ?? '' })
  expect(back).toMatchObject({ format: 'rivet', notes: [] })
  expect(JSON.parse(Buffer.from(back.document).toString())).toBe(fileOf(whole))
})
