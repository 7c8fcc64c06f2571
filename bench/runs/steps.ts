import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createRest } from '#client/index.ts'
import type { Opponent, Result } from '../harness.ts'
import { atLeast, atMost, noGoal, toResult } from '../harness.ts'
import { reasonOf } from '../mesh/attempt.ts'
import { ask } from '../mesh/commands.ts'
import type { Ground } from '../mesh/mesh.ts'
import { scaled } from '../mesh/scale.ts'
import { spellOf } from '../start/account.ts'
import type { Program, Workshop } from '../start/programs.ts'
import type { Workflow } from './durable.ts'
import { requestText } from './http-lines.ts'
import { openAccounts } from './systems.ts'
import type { System } from './systems.ts'

const DBOS = fileURLToPath(new URL('./dbos.ts', import.meta.url))
const RESTATE = fileURLToPath(new URL('./restate.ts', import.meta.url))
const IN_FLIGHT = 20
const STEPS = 100
/** Of steps that send a request. */
const REQUESTS = 20
const ROUNDS = 2
const MS = scaled(1_000, 400)

/** Steps a second of many runs at once, and milliseconds a step of one run at a time. */
interface Found {
  readonly many: number[]
  readonly one: number[]
  readonly requests: number[]
}
const nothing = (): Found => ({ many: [], one: [], requests: [] })

interface Peer {
  readonly name: string
  readonly found: Found
  readonly program?: Program
  readonly failure?: string
}

/** Somewhere to send requests to. */
export interface Inbox {
  /** `host:port`. */
  readonly host: string
  close(): void
}

export async function openInbox(): Promise<Inbox> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(200, { 'content-length': 2 }).end('ok'))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}

/** Runs of many small steps, each of which is in the journal before anybody sees it. */
export async function measureSteps(
  workshop: Workshop,
  ground: Ground,
  system: System,
  load: Program,
  inbox: Inbox,
): Promise<Result[]> {
  const peers = [
    await startPeer('DBOS, a checkpoint after each step', () => workshop.start(DBOS, [ground.DATABASE_URL])),
    await startPeer('Restate, a journal entry after each step', () =>
      workshop.command(process.execPath, ['--disable-warning=ExperimentalWarning', RESTATE, workshop.folder()], {}),
    ),
  ]
  const ours = nothing()
  const url = `http://${inbox.host}/`
  const [computing, sending] = [await prepare(system, loopOf(STEPS)), await prepare(system, sender(url))]
  for (let round = -1; round < ROUNDS; round++) {
    await measureOurs(system.url, load, computing, sending, round < 0 ? nothing() : ours)
    for (const [index, peer] of peers.entries())
      peers[index] = await measurePeer(peer, url, round < 0 ? nothing() : peer.found)
  }
  for (const { program } of peers) await program?.end()
  return toResults(system, ours, peers)
}

/** Steps that compute, in a loop of five. */
function loopOf(steps: number) {
  const names = ['a', 'b', 'c', 'd', 'e']
  const nodes = names.map(name => [name, { type: 'flow/branch', values: { condition: true } }])
  const wires = names.slice(1).map((name, index) => [`${names[index]}.yes`, `${name}.in`])
  const list = Array.from({ length: steps / names.length }, (_, index) => index)
  return spellOf(
    'Steps',
    { start: { type: 'flow/start' }, each: { type: 'flow/for-each', values: { list } }, ...Object.fromEntries(nodes) },
    [['start.out', 'each.in'], ['each.each', 'a.in'], ...wires],
  )
}

/** Steps that must not be repeated: the run goes on to each only when it is in the database that it will. */
function sender(url: string) {
  const list = Array.from({ length: REQUESTS }, (_, index) => index)
  return spellOf(
    'Requests',
    {
      start: { type: 'flow/start' },
      each: { type: 'flow/for-each', values: { list } },
      send: { type: 'web/send', values: { url, body: '1' } },
    },
    [
      ['start.out', 'each.in'],
      ['each.each', 'send.in'],
    ],
  )
}

/** The request that starts a run of this spell; checked to make as many steps as it should. */
async function prepare(system: System, document: ReturnType<typeof spellOf>): Promise<string> {
  const [account] = await openAccounts(system.url, 1, document)
  if (!account) throw new Error('there is no account')
  const { token, spell } = account
  const rest = createRest({ baseUrl: system.url, token: async () => token })
  const run = await rest.startRun(spell)
  if (run.status !== 'completed') throw new Error(`the run ended as ${run.status}: ${run.error?.message ?? ''}`)
  const { entries } = await rest.entries(run.id, 0, 2_000)
  const expected = document['name'] === 'Steps' ? STEPS : REQUESTS
  const steps = entries.filter(entry => entry.kind === 'node.ended' && entry.scope !== undefined).length
  if (steps !== expected) throw new Error(`${expected} steps are ${steps} in the journal`)
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  return requestText('POST', `${system.url}/v1/spells/${spell}/runs`, headers, '{"inputs":{}}')
}

async function measureOurs(url: string, load: Program, computing: string, sending: string, into: Found): Promise<void> {
  const measure = async (request: string, connections: number) => {
    await ask(load, 'connect', { url, asked: [request], connections })
    const given = { ms: MS, connections, expected: '"status":"completed"' }
    return ask<{ took: number[]; perSecond: number }>(load, 'ask', given)
  }
  into.many.push((await measure(computing, IN_FLIGHT)).perSecond * STEPS)
  into.one.push(...(await measure(computing, 1)).took.map(ms => ms / STEPS))
  into.requests.push(...(await measure(sending, 1)).took.map(ms => ms / REQUESTS))
}

async function startPeer(name: string, start: () => Promise<Program>): Promise<Peer> {
  const found = nothing()
  return start().then(
    program => ({ name, found, program }),
    (error: unknown) => ({ name, found, failure: reasonOf(error) }),
  )
}

async function measurePeer(peer: Peer, url: string, into: Found): Promise<Peer> {
  const { program } = peer
  if (!program || peer.failure !== undefined) return peer
  const one = async (workflow: Workflow, times: number[]) => {
    const { took } = await ask<{ took: number[] }>(program, 'one', { ms: MS, workflow })
    times.push(...took.map(ms => ms / workflow.steps))
  }
  try {
    const given = { inFlight: IN_FLIGHT, ms: MS, workflow: { steps: STEPS } }
    into.many.push((await ask<{ perSecond: number }>(program, 'many', given)).perSecond * STEPS)
    await one({ steps: STEPS }, into.one)
    await one({ steps: REQUESTS, url }, into.requests)
    return peer
  } catch (error) {
    return { ...peer, failure: reasonOf(error) }
  }
}

function toResults({ name }: System, ours: Found, peers: readonly Peer[]): Result[] {
  const against = ({ name: whom, found, failure }: Peer, key: keyof Found): Opponent => ({
    ...{ name: whom, values: found[key], failure },
  })
  const what = (text: string) => `${text}, ${name}`
  return peers.flatMap(peer => [
    toResult(
      what(`durable steps, ${IN_FLIGHT} runs of ${STEPS} at once`),
      'steps/s',
      ours.many,
      against(peer, 'many'),
      atLeast(30_000, 'steps/s'),
    ),
    toResult(what('durable steps one after another'), 'ms', ours.one, against(peer, 'one'), atMost(0.4, 'ms')),
    toResult(
      what('durable HTTP requests one after another, never repeated'),
      'ms',
      ours.requests,
      against(peer, 'requests'),
      noGoal,
    ),
  ])
}
