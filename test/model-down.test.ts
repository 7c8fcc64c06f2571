// A model's provider that is down costs its own branch of a run, not the others.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestSystem } from '#mesh/testing.ts'
import { as, create, entriesOf, ofKind, start, system as open, until } from '#services/spell-runner/kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await open({ OPENAI_BASE_URL: `http://127.0.0.1:${await freePort()}/v1`, COMPLETION_RETRIES: '1' })
}, 60_000)
afterAll(async () => system?.stop(), 30_000)

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

const ask = (model: string) => ({ type: 'ai/complete', config: { model }, values: { prompt: 'Name a boat' } })
const out = (name: string) => ({ type: 'flow/output', config: { name } })

test('a provider that is down fails its node after the retries, in its own words; the other branches go on', async () => {
  const runner = as(system, 'ada')
  const spell = {
    format: 'spell/1',
    name: 'Two models',
    nodes: {
      start: { type: 'flow/start' },
      down: ask('openai/tiny-1'),
      failed: out('failed'),
      up: ask('local/demo'),
      next: ask('local/demo'),
      said: out('said'),
    },
    wires: [
      ['start.out', 'down.in'],
      ['down.error', 'failed.in'],
      ['down.failure', 'failed.value'],
      ['start.out', 'up.in'],
      ['up.out', 'next.in'],
      ['next.out', 'said.in'],
      ['next.text', 'said.value'],
    ],
  }
  const { id } = await start(runner, await create(runner, spell))
  const end = await until(runner, id, entry => entry.kind.startsWith('run.') && !ofKind('run.started')(entry))
  expect(end).toMatchObject({
    kind: 'run.completed',
    outputs: {
      failed: {
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/^the model's provider cannot be reached: .*ECONNREFUSED/),
      },
      said: expect.stringContaining('demo model'),
    },
  })
  const entries = await entriesOf(runner, id)
  expect(entries.filter(ofKind('node.failed'))).toMatchObject([{ node: 'down' }])
})
