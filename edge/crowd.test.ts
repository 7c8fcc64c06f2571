// Many sessions watch one run: those that keep up share what is published, the others are served by themselves; none misses or repeats anything.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { rounds, spellOf } from '#nodes/examples.suite.ts'
import { Program } from './kit.suite.ts'
import type { RunRecord, SpellRecord } from './protocol.ts'

let system: TestSystem
let token = ''
beforeAll(async () => {
  system = await embedded({ settings: { SOCKETS_PER_USER: '100', SOCKETS_WAITING: '100' } })
  const answer = await fetch(`${system.url}/v1/auth/register`, {
    method: 'POST',
    body: JSON.stringify({ email: 'ada@example.org', password: 'correct horse', name: 'A' }),
  })
  token = ((await answer.json()) as { accessToken: string }).accessToken
})
afterAll(async () => system.stop())

async function connect(): Promise<Program> {
  const program = await new Program(system.url).open()
  const { error } = await program.call('session.connect', { token })
  if (error) throw new Error(error.message)
  return program
}

async function create(document: object): Promise<string> {
  const answer = await fetch(`${system.url}/v1/spells`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ document }),
  })
  return ((await answer.json()) as { spell: SpellRecord }).spell.id
}

async function start(program: Program, spell: string): Promise<string> {
  const { result, error } = await program.call('run.start', { spell })
  if (error) throw new Error(error.message)
  return (result as unknown as { run: RunRecord }).run.id
}

const ended = (program: Program, run: string) =>
  program.until(({ params }) => params?.run === run && params.entry?.kind === 'run.completed')
const range = (length: number) => Array.from({ length }, (_, index) => index + 1)

test('those who were there from the beginning, who came later, who left and came back all see the same', async () => {
  const spell = await create(rounds(120, 10))
  const starter = await connect()
  const others = await Promise.all(range(40).map(connect))
  const run = await start(starter, spell)
  const follow = async (program: Program, index: number) => {
    await starter.until(({ params }) => params?.run === run && (params.seq ?? 0) >= index * 4)
    await program.call('run.watch', { run, after: 0 })
    for (let pauses = 0; pauses < index % 4; pauses++) {
      const seen = program.entriesOf(run).length
      // The run may be faster than it.
      await program.until(
        ({ params }) =>
          params?.run === run && ((params.seq ?? 0) > seen + 10 || params.entry?.kind === 'run.completed'),
      )
      await program.call('run.unwatch', { run })
      await program.call('run.watch', { run, after: program.entriesOf(run).at(-1) ?? 0 })
    }
    await ended(program, run)
  }
  await Promise.all(others.map(follow))
  const last = (await ended(starter, run)).params?.seq ?? 0
  expect(last).toBeGreaterThan(240)
  for (const program of [starter, ...others]) expect(program.entriesOf(run)).toEqual(range(last))
  for (const program of [starter, ...others]) program.ws.terminate()
}, 60_000)

/** Notes of 8 KB each, so that a socket which is not read fills up. */
const loud = (count: number) =>
  spellOf(
    {
      start: { type: 'flow/start' },
      each: { type: 'flow/for-each', values: { list: range(count) } },
      note: { type: 'debug/log', values: { value: 'loud '.repeat(1_600) } },
    },
    [
      ['start.out', 'each.in'],
      ['each.each', 'note.in'],
    ],
  )

test('a client that stops reading is let go, and the others do not notice', async () => {
  const spell = await create(loud(900))
  const [reader, sleeper] = [await connect(), await connect()]
  await sleeper.call('spell.open', { spell })
  const run = await start(reader, spell)
  await sleeper.call('run.watch', { run, after: 0 })
  sleeper.ws.pause()
  const acked = setInterval(() => {
    const seq = reader.entriesOf(run).at(-1) ?? 0
    void reader.call('run.ack', { run, seq })
  }, 100)
  const last = (await ended(reader, run)).params?.seq ?? 0
  clearInterval(acked)
  expect(reader.entriesOf(run)).toEqual(range(last))
  sleeper.ws.resume()
  expect(await sleeper.closed).toBe(4008)
  expect(sleeper.entriesOf(run)).toEqual(range(sleeper.entriesOf(run).length))
  // It comes back for the rest, or is told that it is too far behind for that.
  const back = await connect()
  await back.call('run.watch', { run, after: sleeper.entriesOf(run).length })
  const told = await back.until(
    ({ method, params }) => method === 'run.resync' || (params?.run === run && params.entry?.kind === 'run.completed'),
  )
  expect(told.params?.run).toBe(run)
  for (const program of [reader, back]) program.ws.terminate()
}, 60_000)
