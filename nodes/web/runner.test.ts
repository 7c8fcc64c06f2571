import { expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Entry } from '#graph/journal.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { embedded } from '#mesh/testing.ts'
import { registry, spell } from '../kit.suite.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const read = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as unknown

const document = spell(
  {
    start: { type: 'flow/start' },
    url: { type: 'flow/input', config: { name: 'url' } },
    ask: { type: 'web/fetch' },
    people: { type: 'data/get', config: { path: 'people' } },
    sorted: { type: 'data/sort', config: { path: 'age', descending: true } },
    names: { type: 'data/map', config: { path: 'name' } },
    draw: { type: 'random/shuffle' },
    out: { type: 'flow/output', config: { name: 'names' } },
    drawn: { type: 'flow/output', config: { name: 'drawn' } },
  },
  [
    ['start.out', 'ask.in'],
    ['url.value', 'ask.url'],
    ['ask.json', 'people.from'],
    ['people.value', 'sorted.list'],
    ['sorted.list', 'names.list'],
    ['names.list', 'draw.list'],
    ['ask.out', 'draw.in'],
    ['draw.out', 'out.in'],
    ['names.list', 'out.value'],
    ['out.out', 'drawn.in'],
    ['draw.list', 'drawn.value'],
  ],
)

test('a spell reads from the web on the server as far as the operator allows, and its record is replayed without the web', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const people = [
      { name: 'Ada', age: 36 },
      { name: '', age: 0 },
      { name: 'Grace', age: 85 },
    ]
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ people }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await using system = await embedded({ services: ['spell-runner'], settings: { OUTBOUND_ALLOW: host } })
    const runner = system.as('ada').client(SpellRunnerServiceDefinition)
    const { spell: made } = await runner.createSpell({ document: json(document) })
    const spellId = made?.id ?? ''
    const { run } = await runner.startRun({ spellId, inputs: json({ url: `http://${host}/people` }) })
    const outputs = read(run?.outputs ?? new Uint8Array()) as { names: string[]; drawn: string[] }
    expect(outputs.names).toEqual(['Grace', 'Ada', ''])
    expect(outputs.drawn.toSorted()).toEqual(['', 'Ada', 'Grace'])

    const { entries } = await runner.listEntries({ runId: run?.id ?? '' })
    const journal = read(entries) as Entry[]
    const shown: unknown[] = []
    await replay(compile(document, registry), journal, {
      observe: ({ node, inputs }) => {
        if (node === 'drawn' || node === 'out') shown.push(inputs['value'])
      },
    })
    expect(shown).toEqual([outputs.names, outputs.drawn])
    expect(asked).toEqual(['/people'])

    const refused = await runner.startRun({ spellId, inputs: json({ url: 'http://127.0.0.1:9/' }) })
    expect(refused.run?.error).toMatchObject({ code: 'PERMISSION_DENIED', node: 'ask' })
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
