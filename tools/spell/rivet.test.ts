// Files of Rivet, at the shell.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Project } from '@ironclad/rivet-core'
import { coreCreateProcessor, ExecutionRecorder } from '@ironclad/rivet-core'
import { fileOf, input, output, project, text } from '#importers/rivet/kit.suite.ts'
import { openShell } from './shell.suite.ts'
import type { Shell } from './shell.suite.ts'

let shell: Shell
beforeAll(async () => {
  shell = await openShell()
  await shell.write('greet.rivet-project', fileOf(made))
})
afterAll(async () => shell[Symbol.asyncDispose]())

const made: Project = project({
  main: {
    nodes: { who: input('who'), sub: ['subGraph', { graphId: 'inner' }], out: output('said') },
    edges: [
      ['who.data', 'sub.q'],
      ['sub.r', 'out.value'],
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

test('a project of several graphs runs as it is', async () => {
  const { status, out } = await shell.run('run', 'greet.rivet-project', '--input', 'who=Ada')
  expect([status, JSON.parse(out)]).toEqual([0, { said: '<Ada>' }])
})

test('a file that is no JSON and of no known format is refused', async () => {
  await shell.write('story.txt', 'Once upon a time')
  const { status, err } = await shell.run('run', 'story.txt')
  expect(status).toBe(2)
  expect(err).toContain('is of no format that is known here')
})

test('a recording becomes one of ours', async () => {
  const settings = {
    ...{ openAiKey: '', openAiOrganization: '', openAiEndpoint: '', recordingPlaybackLatency: 0 },
    ...{ pluginEnv: {}, pluginSettings: {} },
  }
  const { run, processor } = coreCreateProcessor(made, {
    inputs: { who: 'Ada' },
    ...settings,
  } as unknown as Parameters<typeof coreCreateProcessor>[1])
  const recorder = new ExecutionRecorder()
  recorder.record(processor)
  await run()
  await shell.write('greet.rivet-recording', recorder.serialize())
  const { status, out } = await shell.run('convert', 'greet.rivet-recording', '--project', 'greet.rivet-project')
  expect(status).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ format: 'run/1', entries: expect.arrayContaining([]) as unknown })
  expect((JSON.parse(out) as { entries: object[] }).entries.at(-1)).toMatchObject({
    kind: 'run.completed',
    outputs: { said: '<Ada>' },
  })
  const wrong = await shell.run('convert', 'greet.rivet-recording')
  expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining('--project FILE')])
})
