// What people do with runs, through the session and over REST, against the whole system in one process.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient, createRest } from '#client/index.ts'
import { replayRun } from '#client/replay.ts'
import type { RestClient, RunHandle, SpellmeshClient } from '#client/types.ts'
import type { NodeDefinition, Registry } from '#graph/define.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { createRegistry } from '#graph/registry.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { spellOf } from '#nodes/examples.suite.ts'

let system: TestSystem
let client: SpellmeshClient
let rest: RestClient
let registry: Registry
beforeAll(async () => {
  system = await embedded({ settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  const account = { email: 'ada@example.org', password: 'correct horse', name: 'Ada' }
  const { accessToken: token } = await createRest({ baseUrl: system.url }).register(account)
  const proofs = { authenticate: async () => ({ token }), token: async () => token }
  client = createClient({ url: system.url, name: 'test', version: '1', ...proofs })
  rest = createRest({ baseUrl: system.url, token: proofs.token })
  registry = createRegistry(
    await discoverRecord<NodeDefinition>(new URL('../nodes/', import.meta.url), /^[a-z-]+\/[a-z-]+\.ts$/),
  )
})
afterAll(async () => {
  client.close()
  await system.stop()
})

const line = (text = 'one') =>
  spellOf(
    {
      start: { type: 'flow/start' },
      first: { type: 'text/case', config: { form: 'upper' }, values: { text } },
      wait: { type: 'flow/delay', config: { ms: 1 } },
      note: { type: 'debug/log', values: { value: 'noted' } },
      out: { type: 'flow/output', config: { name: 'text' } },
    },
    [
      ['start.out', 'wait.in'],
      ['wait.out', 'note.in'],
      ['note.out', 'out.in'],
      ['first.text', 'out.value'],
    ],
  )

/** Resolves with the first entry that fits, of those that have come and those that come. */
function until(run: RunHandle, fits: (entry: Entry) => boolean): Promise<Entry> {
  return new Promise(resolve => {
    const look = () => {
      const found = run.entries.find(fits)
      if (found) resolve(found)
    }
    run.onEntries(look)
    look()
  })
}
const outputsOf = async (run: RunHandle) => {
  const { terminal } = await run.completed
  return terminal.kind === 'run.completed' ? terminal.outputs : terminal
}

describe('through the session', () => {
  test('a run is paused before a node, stepped, and played to its end', async () => {
    const { id } = await rest.createSpell(line())
    const run = await client.startRun(id, {}, { breakpoints: ['note'] })
    expect(await until(run, ({ kind }) => kind === 'run.paused')).toMatchObject({ before: 'note' })
    await run.play({ step: true })
    expect(await until(run, entry => entry.kind === 'run.paused' && entry.reason === 'step')).toMatchObject({
      before: 'out',
    })
    await run.play()
    expect(await outputsOf(run)).toEqual({ text: 'ONE' })
    await expect(run.pause()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  })

  test('a branch goes on with the spell as it is drawn now', async () => {
    const { id } = await rest.createSpell(line())
    await client.openSpell(id)
    const base = await client.startRun(id)
    expect(await outputsOf(base)).toEqual({ text: 'ONE' })
    const seq = base.entries.findIndex(entry => entry.kind === 'node.ended' && entry.node === 'wait') + 1
    await client.editSpell(id, line('two'))
    const branch = await client.forkRun(base.run.id, { seq })
    expect(branch.run).toMatchObject({ forkedFrom: base.run.id, forkedAt: seq })
    expect(await outputsOf(branch)).toEqual({ text: 'TWO' })
    expect(branch.entries.slice(1, seq)).toEqual(base.entries.slice(1, seq))
    const pinned = await client.forkRun(base.run.id, {
      from: 'note',
      options: { pins: { first: { outputs: { text: 'set' } } } },
    })
    expect(await outputsOf(pinned)).toEqual({ text: 'set' })
    await expect(client.forkRun(base.run.id, { seq: 999 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' })
    await expect(client.forkRun('r_nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('options that are not what they should be are all named', async () => {
    const { id } = await rest.createSpell(line())
    const options = { startAt: 5, breakpoints: 'x', limits: { tokens: -1, cost: 'much' } } as never
    await expect(client.startRun(id, {}, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [
        { path: 'options.startAt' },
        { path: 'options.breakpoints' },
        { path: 'options.limits.tokens' },
        { path: 'options.limits.cost' },
      ],
    })
    await expect(client.startRun(id, {}, { startAt: 'nowhere' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('a large value comes beside the journal, and the run still repeats locally', async () => {
    const big = `${'x'.repeat(9)},`.repeat(4_000)
    const document = spellOf(
      {
        start: { type: 'flow/start' },
        big: { type: 'flow/input', config: { name: 'big', type: 'string' } },
        list: { type: 'text/split', config: { separator: ',' } },
        each: { type: 'flow/for-each' },
        out: { type: 'flow/output', config: { name: 'count' } },
      },
      [
        ['start.out', 'each.in'],
        ['big.value', 'list.text'],
        ['list.list', 'each.list'],
        ['each.done', 'out.in'],
        ['each.count', 'out.value'],
      ],
    )
    const { id } = await rest.createSpell(document)
    const run = await client.startRun(id, { big }, { limits: { activations: 100_000 } })
    const verified = await run.completed
    expect(verified.terminal).toMatchObject({ outputs: { count: 4_000 } })
    const blobs = Object.values(verified.blobs ?? {})
    expect(blobs).toContain(big)
    const observed = await replayRun(compile(document as unknown as SpellDocument, registry), verified)
    expect(observed.at(-1)).toMatchObject({ node: 'out', inputs: { value: 4_000 } })
  })
})

/** Asks for a number and a name, and says them. */
const asking = (more: JsonObject = {}) =>
  spellOf(
    {
      start: { type: 'flow/start' },
      ask: {
        type: 'flow/ask',
        config: {
          prompt: 'Who, and how many?',
          form: [
            { name: 'who', type: 'text', required: true },
            { name: 'many', type: 'number', default: 2 },
          ],
          ...more,
        },
      },
      say: { type: 'text/template', config: { template: '{{many}} × {{who}}' } },
      out: { type: 'flow/output', config: { name: 'said' } },
    },
    [
      ['start.out', 'ask.in'],
      ['ask.answered', 'out.in'],
      ['ask.who', 'say.who'],
      ['ask.many', 'say.many'],
      ['say.text', 'out.value'],
    ],
  )

describe('people', () => {
  test('a run waits for an answer, says what is wrong with one, and goes on with a good one', async () => {
    const { id } = await rest.createSpell(asking())
    const run = await client.startRun(id)
    const waiting = await until(run, ({ kind }) => kind === 'run.waiting')
    expect(waiting).toMatchObject({ node: 'ask', reason: 'question', prompt: 'Who, and how many?' })
    const activation = 'activation' in waiting ? waiting.activation : ''
    expect((await rest.getRun(run.run.id)).status).toBe('waiting')
    await expect(run.answer({ activation, value: { many: 'x' } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'value.who' }, { path: 'value.many' }],
    })
    await expect(run.answer({ activation, choice: 'retry' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await run.answer({ activation, value: { who: 'cats' } })
    expect(await outputsOf(run)).toEqual({ said: '2 × cats' })
    await expect(run.answer({ activation, value: { who: 'dogs' } })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    })
  })

  test('over REST a call that is waited for answers when the run waits', async () => {
    const { id } = await rest.createSpell(asking())
    const run = await rest.startRun(id)
    expect(run.status).toBe('waiting')
    const { state } = await rest.getRunState(run.id)
    const [wait] = state.waits
    expect(wait).toMatchObject({ node: 'ask', form: { required: ['who'] } })
    await rest.answerRun(run.id, { activation: wait?.activation ?? '', value: { who: 'owls', many: 3 } })
    const handle = await client.watchRun(run.id)
    expect(await outputsOf(handle)).toEqual({ said: '3 × owls' })
  })
})

describe('played runs', () => {
  const chat = spellOf(
    {
      chat: { type: 'source/chat' },
      upper: { type: 'text/case', config: { form: 'upper' } },
      reply: { type: 'chat/reply' },
    },
    [
      ['chat.out', 'reply.in'],
      ['chat.text', 'upper.text'],
      ['upper.text', 'reply.text'],
    ],
  )
  const repliesOf = (run: RunHandle) =>
    run.entries.flatMap(entry => (entry.kind === 'node.ended' && entry.node === 'reply' ? [entry.outputs['text']] : []))

  test('a chat answers every message in its order until it is stopped', async () => {
    const { id } = await rest.createSpell(chat)
    const run = await client.startRun(id, {}, { onDetach: 'finish' })
    for (const text of ['one', 'two']) await run.send('chat', text)
    await rest.sendToRun(run.run.id, 'chat', { text: 'three' })
    await until(run, () => repliesOf(run).length === 3)
    expect(repliesOf(run)).toEqual(['ONE', 'TWO', 'THREE'])
    await run.pause()
    await run.send('chat', 'four')
    expect(repliesOf(run)).toHaveLength(3)
    await run.play()
    await until(run, () => repliesOf(run).length === 4)
    await expect(run.send('mail', 'x')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
    await expect(run.send('chat', 5)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await run.cancel()
    expect((await run.completed).terminal.kind).toBe('run.cancelled')
  })

  test('an interval ticks while it is played', async () => {
    const { id } = await rest.createSpell(
      spellOf({ tick: { type: 'source/interval', config: { everyMs: 20, count: 3 } }, log: { type: 'debug/log' } }, [
        ['tick.out', 'log.in'],
        ['tick.index', 'log.value'],
      ]),
    )
    const run = await client.startRun(id)
    expect((await run.completed).terminal.kind).toBe('run.completed')
    expect(run.entries.flatMap(entry => (entry.kind === 'node.log' ? [entry.text] : []))).toEqual(['0', '1', '2'])
  })
})

describe('over REST', () => {
  test('pause, play, branch off, documents and values', async () => {
    const { id } = await rest.createSpell(line())
    const paused = await rest.startRun(id, {}, { breakpoints: ['note'] })
    expect(paused).toMatchObject({ status: 'paused', forkedFrom: '', forkedAt: 0 })
    expect(await rest.playRun(paused.id, { step: true })).toMatchObject({ id: paused.id })
    const { state } = await rest.getRunState(paused.id)
    expect(state).toMatchObject({ status: 'paused', pausedAt: 'out' })
    await rest.playRun(paused.id)
    const branch = await rest.forkRun(paused.id, { document: line('three') as JsonObject })
    expect(branch).toMatchObject({ how: 'recalled', run: { status: 'completed', outputs: { text: 'THREE' } } })
    const { document } = await rest.runDocuments(branch.run.id)
    expect(document).toMatchObject({ nodes: { first: { values: { text: 'three' } } } })
    await expect(rest.pauseRun(branch.run.id)).rejects.toMatchObject({ status: 400, code: 'FAILED_PRECONDITION' })
    await expect(rest.sendToRun(branch.run.id, 'chat', 'x')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
    await expect(rest.blob(branch.run.id, 'none')).rejects.toMatchObject({ status: 404 })
  })
})
