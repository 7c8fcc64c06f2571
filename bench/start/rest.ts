import type { Result } from '../harness.ts'
import { atLeast, atMost, noGoal, toPartResult, toResult } from '../harness.ts'
import { greeter, openAccount } from './account.ts'
import { startPglite, startServer } from './boot.ts'
import { openLoad } from './load.ts'
import type { Asked } from './load.ts'
import type { Workshop } from './programs.ts'

const USERS = 5
/** As many as one user may have at once. */
const RUNS_OF_USER = 20
const ROUNDS = 4
const WINDOW_MS = 2_000
const COMMITS_MS = 1_000
const LIVEZ = 'GET /livez of the same server'

/** Runs by REST, with 100 in flight, one at a time, and at a given pace; keep-alive on loopback. */
export async function measureRest(workshop: Workshop, folder: string): Promise<Result[]> {
  const server = await startServer(workshop, folder)
  const bare = await startPglite(workshop, workshop.folder())
  const runs = await askRuns(server.ready)
  const health = runs.map(() => livez)
  const load = openLoad(server.ready, runs.length)
  const found = { runs: [] as number[][], livez: [] as number[][], one: [] as number[][], oneLivez: [] as number[][] }
  const commits: number[] = []
  const perSecond: number[] = []
  const livezPerSecond: number[] = []
  const first = runs.slice(0, 1)
  await load.full(runs, WINDOW_MS)
  await load.full(health, WINDOW_MS / 2)
  for (let round = 0; round < ROUNDS; round++) {
    const rate = async (workers: readonly Asked[], took: number[][], rates: number[]) => {
      const began = performance.now()
      const all = await load.full(workers, WINDOW_MS)
      rates.push((all.length / (performance.now() - began)) * 1000)
      took.push(all)
    }
    await rate(runs, found.runs, perSecond)
    await rate(health, found.livez, livezPerSecond)
    commits.push(Number(await bare.ask(`commits ${COMMITS_MS}`)))
    found.one.push(await load.full(first, WINDOW_MS / 4))
    found.oneLivez.push(await load.full(health.slice(0, 1), WINDOW_MS / 4))
  }
  const paced = [await load.paced(runs, 2_000, WINDOW_MS), await load.paced(runs, 2_000, WINDOW_MS)]
  await load.close()
  await Promise.all([server.stop(), bare.stop()])
  const many = `${runs.length} in flight`
  const http = { name: LIVEZ, blocks: found.livez }
  const one = { name: LIVEZ, blocks: found.oneLivez }
  return [
    toResult(
      `REST runs, ${many}`,
      'runs/s',
      perSecond,
      { name: LIVEZ, values: livezPerSecond },
      atLeast(4000, 'runs/s'),
    ),
    toResult(
      `REST runs, ${many}, against commits`,
      'runs/s',
      perSecond,
      { name: 'bare PGlite, commits of one row', values: commits },
      noGoal,
    ),
    toPartResult(`REST run, ${many}, p50`, 'ms', 0.5, found.runs, http, noGoal),
    toPartResult(`REST run, ${many}, p99`, 'ms', 0.99, found.runs, http, noGoal),
    toPartResult('REST run, one at a time, p50', 'ms', 0.5, found.one, one, noGoal),
    toPartResult('REST run, one at a time, p99', 'ms', 0.99, found.one, one, noGoal),
    toPartResult('REST run at 2,000/s, from when it was due, p99', 'ms', 0.99, paced, undefined, atMost(25, 'ms')),
  ]
}

const livez: Asked = {
  method: 'GET',
  path: '/livez',
  check(status) {
    if (status !== 200) throw new Error(`GET /livez was answered by ${status}`)
  },
}

/** One request for each run that may be in flight. */
async function askRuns(url: string): Promise<Asked[]> {
  const asked: Asked[] = []
  for (let user = 0; user < USERS; user++) {
    const { token, rest } = await openAccount(url)
    const { id } = await rest.createSpell(greeter)
    const one: Asked = {
      method: 'POST',
      path: `/v1/spells/${id}/runs`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: '{"inputs":{}}',
      check(status, text) {
        const { run } = (status === 200 ? JSON.parse(text) : {}) as {
          run?: { status: string; outputs: { greeting?: string } }
        }
        if (run?.status !== 'completed' || run.outputs.greeting !== 'Hello world')
          throw new Error(`a run was answered by ${status}: ${text}`)
      },
    }
    for (let i = 0; i < RUNS_OF_USER; i++) asked.push(one)
  }
  return asked
}
