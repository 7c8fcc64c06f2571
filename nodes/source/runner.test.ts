// Sources and waits in the real runner, which puts aside whatever only waits.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import type { Entry } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import type { NodeExample } from '../example.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const read = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as unknown

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['spell-runner'], settings: { RUN_IDLE_MS: '0', LOCAL_MODEL_DELAY_MS: '0' } })
})
afterAll(async () => system.stop())

const runner = () => system.as('ada').client(SpellRunnerServiceDefinition)

/** Starts the example of a node type. */
async function play(type: string) {
  const example = JSON.parse(readFileSync(new URL(`../${type}.example.json`, import.meta.url), 'utf8')) as NodeExample
  const { spell } = await runner().createSpell({ document: json(example.spell) })
  const { run } = await runner().startRun({ spellId: spell?.id ?? '', inputs: json({}), detached: true })
  return { example, runId: run?.id ?? '' }
}

/** Entries from the first on, as they come. */
async function* watch(runId: string): AsyncGenerator<Entry> {
  for await (const { entries } of runner().watchRun({ runId })) for (const bytes of entries) yield read(bytes) as Entry
}

async function until(runId: string, fits: (entry: Entry) => boolean): Promise<Entry> {
  for await (const entry of watch(runId)) if (fits(entry)) return entry
  throw new Error('the run ended without such an entry')
}

describe('a chat', () => {
  test('every message is answered; stopped, the run keeps what it remembers', async () => {
    const { example, runId } = await play('source/chat')
    const replies: Json[] = []
    for (const { name, message } of example.messages ?? []) {
      await runner().sendToRun({ runId, name, message: json(message) })
      const count = replies.length + 1
      let seen = 0
      const reply = await until(
        runId,
        entry => entry.kind === 'node.ended' && entry.node === 'answer' && ++seen === count,
      )
      replies.push((reply as Entry & { outputs: { text: string } }).outputs.text)
    }
    expect(replies).toEqual(['Message 1: hello', 'Message 2: still here?'])
    await runner().cancelRun({ runId })
    expect(await until(runId, entry => entry.kind === 'run.cancelled')).toMatchObject({
      outputs: example.outputs,
      state: { seen: 2 },
    })
  })

  test('a message that is none, or to nobody, is refused with the reason', async () => {
    const { runId } = await play('source/chat')
    const client = runner()
    await expect(client.sendToRun({ runId, name: 'chat', message: json({ words: 1 }) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ message: 'chat "chat" expects a text or {text, …}, got an object' }],
    })
    await expect(client.sendToRun({ runId, name: 'mail', message: json('x') })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    })
    await client.cancelRun({ runId })
  })
})

test.each(['flow/ask', 'flow/approve'])('%s: the run waits for its answer, which must fit', async type => {
  const { example, runId } = await play(type)
  const { activation } = (await until(runId, entry => entry.kind === 'run.waiting')) as Entry & { activation: string }
  const answer = (value: Json) => runner().answerRun({ runId, activation, choice: 'answer', value: json(value) })
  await expect(answer({ nonsense: 1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await answer(example.answers?.[0]?.value ?? null)
  expect(await until(runId, entry => 'lastSeq' in entry)).toMatchObject({
    kind: 'run.completed',
    outputs: example.outputs,
  })
})

test.each(['source/timer', 'time/wait'])('%s: the run is taken up when its time has come', async type => {
  const { example, runId } = await play(type)
  const waiting = await until(runId, entry => entry.kind === 'run.waiting')
  const end = await until(runId, entry => 'lastSeq' in entry)
  expect(end).toMatchObject({ kind: 'run.completed' })
  const [name = ''] = Object.keys(example.outputs)
  expect((end as Entry & { outputs: Record<string, Json> }).outputs[name]).toBe(example.outputs[name])
  expect(end.at).toBeGreaterThanOrEqual((waiting as Entry & { until: number }).until)
})

test.each(['source/interval', 'source/list'])('%s: the run goes on by itself until it is done', async type => {
  const { example, runId } = await play(type)
  expect(await until(runId, entry => 'lastSeq' in entry)).toMatchObject({
    kind: 'run.completed',
    outputs: example.outputs,
  })
})
