import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import type { KnownEnd, ResultStore } from '#graph/known.ts'
import { unavailable } from '#mesh/errors.ts'
import { createLog } from '#mesh/log.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { as, create, entriesOf, read, start, system } from '../kit.suite.ts'
import { createResults } from './results.ts'

let running: TestSystem
beforeAll(async () => {
  running = await embedded({ services: ['cache'] })
})
afterAll(async () => running.stop())

const silent = createLog('silent')
const open = (user: string): ResultStore => createResults(running.client(CacheServiceDefinition), silent)(user)
/** Puts a result; resolves when it is there, or as much of it as there will be. */
async function put(results: ResultStore, key: string, end: KnownEnd): Promise<void> {
  results.put(key, end)
  while (!(await results.get(key))) await new Promise(resolve => setImmediate(resolve))
}
const end = (text: string): KnownEnd => ({ outputs: { text }, pulses: ['out'] })

test('each user has results of their own', async () => {
  const key = JSON.stringify(['text/template', 1, { template: 'x'.repeat(2_000) }, {}])
  const usage = { inputTokens: 3, outputTokens: 4, model: 'm' }
  await put(open('ada'), key, { ...end('one'), usage })
  expect(await open('ada').get(key)).toEqual({ outputs: { text: 'one' }, pulses: ['out'], usage })
  expect(await open('ada').get(`${key} `)).toBeUndefined()
  expect(await open('eve').get(key)).toBeUndefined()
})

test('a result is as large as outputs may be; it is there as a whole or not at all', async () => {
  const results = open('grace')
  const large = end(Array.from({ length: 1_000_000 }, (_, index) => `é${index}`).join(''))
  await put(results, 'large', large)
  expect(await results.get('large')).toEqual(large)
  const cache = running.as('grace').client(CacheServiceDefinition)
  expect((await cache.stats({})).namespaces).toMatchObject([{ namespace: 'results', entries: 17 }])
  const { rows } = await running.database.transaction(async session => ({
    rows: await session.query<{ key: string }>(
      "select key from cache.entries where owner = 'grace' order by bytes desc limit 1",
    ),
  }))
  await cache.delete({ namespace: 'results', key: rows[0]?.key ?? '' })
  expect(await results.get('large')).toBeUndefined()
})

test('a cache that is away is asked again later, and fails nobody', async () => {
  let asked = 0
  const away = () => {
    asked++
    return Promise.reject(unavailable('cache cannot be reached at the moment: try again'))
  }
  const results = createResults({ get: away, set: away }, silent)('ada')
  expect(await results.get('k')).toBeUndefined()
  results.put('k', end('x'))
  expect(await results.get('k')).toBeUndefined()
  expect(asked).toBe(1)
})

test('a node with `reuse` works once for the same inputs, also in a later run', async () => {
  await using runners = await system()
  const spell = (reuse: boolean, code: string) => ({
    format: 'spell/1',
    name: 'reuse',
    nodes: {
      start: { type: 'flow/start' },
      work: { type: 'code/javascript', config: { code }, reuse },
      out: { type: 'flow/output', config: { name: 'made' } },
    },
    wires: [
      ['start.out', 'work.in'],
      ['work.out', 'out.in'],
      ['work.result', 'out.value'],
    ],
  })
  const run = async (user: string, reuse: boolean, code = 'return Math.random()') => {
    const runner = as(runners, user)
    const made = await start(runner, await create(runner, spell(reuse, code)))
    expect(made.status).toBe('completed')
    const cached = (await entriesOf(runner, made.id)).some(entry => 'cached' in entry && entry.cached === true)
    return { cached, made: read(made.outputs) }
  }
  const first = await run('ada', true)
  expect(first.cached).toBe(false)
  // It is kept beside the run, which does not wait for that.
  const cache = runners.as('ada').client(CacheServiceDefinition)
  while ((await cache.stats({})).namespaces[0]?.entries !== 1) await new Promise(resolve => setImmediate(resolve))
  expect(await run('ada', true)).toEqual({ cached: true, made: first.made })
  expect((await run('ada', false)).cached).toBe(false)
  expect((await run('ada', true, 'return Math.random() + 1')).cached).toBe(false)
  expect((await run('eve', true)).cached).toBe(false)
})
