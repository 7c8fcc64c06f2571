import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { createClient, createRest } from '#client/index.ts'
import type { RestClient } from '#client/types.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { greeter, rounds, spellOf, talking } from '#nodes/examples.suite.ts'
import { openProxy } from './proxy.ts'

/** A running system, whatever it is made of. */
export interface RunningSystem extends AsyncDisposable {
  readonly url: string
}

/** Somebody with an account of their own. */
export async function somebody(url: string): Promise<{ token: string; rest: RestClient }> {
  const email = `u${Math.random().toString(36).slice(2)}@example.org`
  const { accessToken: token } = await createRest({ baseUrl: url }).register({
    email,
    password: 'correct horse',
    name: 'A',
  })
  return { token, rest: createRest({ baseUrl: url, token: async () => token }) }
}

export const connect = (url: string, token: string) =>
  createClient({ url, name: 'test', version: '1', authenticate: async () => ({ token }), token: async () => token })

/** Asks for a text; says it in capitals, and how long the text it was given is. */
const asking = spellOf(
  {
    start: { type: 'flow/start' },
    ask: { type: 'flow/ask', config: { prompt: 'Well?' } },
    upper: { type: 'text/case', config: { form: 'upper' } },
    big: { type: 'flow/input', config: { name: 'big', type: 'string' } },
    count: { type: 'text/count' },
    out: { type: 'flow/output', config: { name: 'said' } },
    length: { type: 'flow/output', config: { name: 'length' } },
  },
  [
    ['start.out', 'ask.in'],
    ['ask.answered', 'out.in'],
    ['ask.text', 'upper.text'],
    ['upper.text', 'out.value'],
    ['big.value', 'count.text'],
    ['count.characters', 'length.value'],
  ],
)

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as JsonObject
const demo = (name: string) => read(`../editor/demos/${name}.json`)
const example = (type: string) => read(`../nodes/${type}.example.json`)['spell'] as JsonObject

/** What the product does, from the outside: the same in every mode. */
export function testSystem(start: () => Promise<RunningSystem>): void {
  let system: RunningSystem
  beforeAll(async () => {
    system = await start()
  }, 120_000)
  afterAll(async () => system?.[Symbol.asyncDispose](), 60_000)

  test('a spell is stored, changed, run over REST, and refused where it is wrong', async () => {
    const { rest } = await somebody(system.url)
    const { id } = await rest.createSpell(greeter)
    expect((await rest.startRun(id, { who: 'Ada' })).outputs).toEqual({ greeting: 'Hello Ada' })
    await rest.updateSpell(id, 1, { ...greeter, name: 'Second' })
    await expect(rest.updateSpell(id, 1, { ...greeter, name: 'Third' })).rejects.toMatchObject({
      status: 409,
      details: { current: { revision: 2, name: 'Second' }, yours: { baseRevision: 1 } },
    })
    await expect(rest.startRun(id, { who: 1, whom: 2 })).rejects.toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENT',
    })
    await expect(rest.createSpell({ ...greeter, wires: [['a.b', 'c.d']] })).rejects.toMatchObject({
      status: 400,
      problems: [{ path: 'wires[0]' }, { path: 'wires[0]' }],
    })
    expect(await rest.nodeTypes()).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'flow/start' })]))
  })

  test('a run asks a person, is paused and played, keeps a large value beside it, and is branched off', async () => {
    const { token, rest } = await somebody(system.url)
    const client = connect(system.url, token)
    const { id } = await rest.createSpell(asking)
    const run = await client.startRun(id, { big: 'x'.repeat(50_000) }, { breakpoints: ['out'] })
    const entry = (kind: Entry['kind']) =>
      new Promise<Entry>(resolve => {
        const look = () => {
          const found = run.entries.find(one => one.kind === kind)
          if (found) resolve(found)
        }
        run.onEntries(look)
        look()
      })
    const waiting = await entry('run.waiting')
    await run.answer({ activation: 'activation' in waiting ? waiting.activation : '', value: { text: 'yes' } })
    expect(await entry('run.paused')).toMatchObject({ before: 'out' })
    await run.play()
    const verified = await run.completed
    expect(verified.terminal).toMatchObject({ outputs: { said: 'YES', length: 50_000 } })
    expect(Object.values(verified.blobs ?? {})).toEqual(['x'.repeat(50_000)])
    const seq = verified.entries.findIndex(({ kind }) => kind === 'run.waiting') + 1
    const branch = await client.forkRun(run.run.id, { seq })
    await expect(branch.answer({ activation: 'nothing' })).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
    await branch.answer({ activation: 'activation' in waiting ? waiting.activation : '', value: { text: 'no' } })
    expect((await branch.completed).terminal).toMatchObject({ outputs: { said: 'NO', length: 50_000 } })
    client.close()
  })

  test('a spell keeps a document, finds what answers in it and cites that; another one hears an event', async () => {
    const { rest } = await somebody(system.url)
    const { id } = await rest.createSpell(demo('9-ask-my-documents'))
    const { outputs } = await rest.startRun(id, {})
    expect(outputs).toMatchObject({
      answer: expect.stringMatching(/ground by Marta Ollers.* \[1\]/) as unknown,
      citations: expect.arrayContaining([
        expect.objectContaining({ n: 1, source: 'documents', title: 'The Observatory of Lindisfarne Hill' }),
      ]) as unknown,
    })
    const { id: listener } = await rest.createSpell(example('event/on'))
    expect((await rest.startRun(listener, {})).outputs).toEqual({ heard: 'Somebody is at the door.' })
  })

  test('what is somebody else’s is not found', async () => {
    const [ada, bob] = [await somebody(system.url), await somebody(system.url)]
    const { id } = await ada.rest.createSpell(greeter)
    const run = await ada.rest.startRun(id)
    for (const attempt of [
      () => bob.rest.getSpell(id),
      () => bob.rest.startRun(id),
      () => bob.rest.getRun(run.id),
      () => bob.rest.entries(run.id),
      () => bob.rest.cancelRun(run.id),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ status: 404 })
    }
  })

  test('a run streams to its session token by token, and is verified', async () => {
    const { token, rest } = await somebody(system.url)
    const client = connect(system.url, token)
    const { id } = await rest.createSpell(talking)
    await client.openSpell(id)
    const run = await client.startRun(id)
    const chunks: string[] = []
    run.onChunk(({ text }) => void chunks.push(text))
    const { terminal, entries } = await run.completed
    expect(terminal).toMatchObject({
      kind: 'run.completed',
      outputs: { text: expect.stringContaining('3. ') as unknown },
    })
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
    expect(chunks.length).toBeGreaterThan(1)
    client.close()
  })

  test('a connection that is cut in mid-run is taken up again without a gap', async () => {
    const { token, rest } = await somebody(system.url)
    await using proxy = await openProxy(system.url)
    const client = createClient({
      url: proxy.url,
      name: 'test',
      version: '1',
      authenticate: async () => ({ token }),
      token: async () => token,
    })
    const { id } = await rest.createSpell(rounds(40, 20))
    await client.openSpell(id)
    const run = await client.startRun(id, {}, { onDetach: 'finish' })
    let cuts = 0
    run.onEntries(() => {
      if (cuts >= 2 || run.entries.length < (cuts + 1) * 40) return
      cuts++
      proxy.cut()
    })
    const { entries, terminal } = await run.completed
    expect(cuts).toBe(2)
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
    expect(terminal).toMatchObject({ outputs: { count: 40 } })
    client.close()
  })

  test('a run is cancelled, and two sessions of its user see the same', async () => {
    const { token, rest } = await somebody(system.url)
    const [one, two] = [connect(system.url, token), connect(system.url, token)]
    const { id } = await rest.createSpell(rounds(1000, 50))
    await Promise.all([one.openSpell(id), two.openSpell(id)])
    const run = await one.startRun(id)
    const other = await two.watchRun(run.run.id)
    await rest.cancelRun(run.run.id)
    const [mine, theirs] = await Promise.all([run.completed, other.completed])
    expect(mine.terminal.kind).toBe('run.cancelled')
    expect(theirs.digest).toBe(mine.digest)
    one.close()
    two.close()
  })

  test('runs of many users at once do not mix', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => somebody(system.url)))
    const spells = await Promise.all(people.map(({ rest }) => rest.createSpell(greeter)))
    const outputs = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const who = index % people.length
        return people[who]?.rest.startRun(spells[who]?.id ?? '', { who: `p${who}n${index}` })
      }),
    )
    expect(outputs.map(run => run?.outputs)).toEqual(
      outputs.map((_, index) => ({ greeting: `Hello p${index % people.length}n${index}` })),
    )
  })
}
