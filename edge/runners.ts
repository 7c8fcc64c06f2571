import { createHash } from 'node:crypto'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Runner, WatchRunResponse } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { isCoded } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import type { Log } from '#mesh/log.ts'
import { mayRepeat } from '#mesh/retry.ts'
import type { Client, ClientCallOptions, Environment, Method } from '#mesh/service.ts'

export type RunnerClient = Client<typeof SpellRunnerServiceDefinition>

/** One runner, as calls reach it. */
export interface Place {
  readonly id: string
  readonly client: RunnerClient
  readonly pulse: Pulse
}

/** When a runner was last heard, and last asked for a sign of life, by any session: one connection carries all of them. Milliseconds since 1970. */
export interface Pulse {
  heardAt: number
  askedAt: number
  /** The first time that it was asked since it was heard. */
  waitingSince: number
}

/** The runners of this mesh, and which of them serves whom. */
export interface Runners {
  /** Where a session of this user is served. */
  place(user: string): Place
  /** It did not answer: for a while others are chosen. */
  avoid(id: string): void
  /**
   * Calls to whichever runner serves the caller. When that one is gone, what may be repeated is tried at another: a run is started under an id of this edge's
   * choosing, so that the other is asked for the same run; one that is watched is watched on from where it was.
   */
  readonly client: RunnerClient
  close(): void
}

const LIST_MS = 2_000
const AVOID_MS = 5_000
/** How long a call is tried at one runner after the other: as long as all of them may take to start again. */
const TRY_MS = 10_000
const WAIT_MS = 150
const MOST_WAIT_MS = 600

export interface RunnersOptions {
  /** Reaches some runner: the one of this process, or whichever the address leads to. */
  readonly some: RunnerClient
  readonly connect: Environment<{}, {}>['connect']
  /** Where the gRPC of this process answers: a runner there is in this process. */
  readonly own?: string
  /** The runner is in this process, and there is no other. */
  readonly alone: boolean
  readonly log: Log
}

/** Begins with what `some` leads to, and learns of the others from it. */
export function createRunners({ some, connect, own, alone, log }: RunnersOptions): Runners {
  const unknown: Place = { id: '', client: some, pulse: { heardAt: 0, askedAt: 0, waitingSince: 0 } }
  const pulses = new Map<string, Pulse>()
  const clients = new Map<string, RunnerClient>()
  const avoided = new Map<string, number>()
  let listed: readonly Runner[] = []
  let listing: Promise<void> | undefined

  const clientOf = ({ address }: Runner): RunnerClient => {
    const known = clients.get(address) ?? (address === own ? some : connect(SpellRunnerServiceDefinition, address))
    clients.set(address, known)
    return known
  }
  const usable = () => {
    const now = Date.now()
    for (const [id, until] of avoided) if (until <= now) avoided.delete(id)
    return listed.filter(({ id, draining }) => !draining && !avoided.has(id))
  }
  /** Asks those known, one after the other, then whoever the address leads to. */
  const list = async () => {
    for (const client of [...usable().map(clientOf), some]) {
      try {
        const { runners } = await client.listRunners({}, { deadlineMs: LIST_MS })
        listed = runners.filter(({ address }) => address !== '')
        for (const id of pulses.keys()) if (!listed.some(one => one.id === id)) pulses.delete(id)
        return
      } catch (error) {
        log.debug({ error }, 'the runners cannot be listed')
      }
    }
    log.warn({}, 'no runner answers')
  }
  const refresh = () => (listing ??= list().finally(() => (listing = undefined)))
  const timer = alone ? undefined : setInterval(() => void refresh(), LIST_MS)
  if (!alone) void refresh()

  const place = (user: string): Place => {
    const chosen = choose(usable(), user)
    if (!chosen) return unknown
    const pulse = pulses.get(chosen.id) ?? { heardAt: 0, askedAt: 0, waitingSince: 0 }
    pulses.set(chosen.id, pulse)
    return { id: chosen.id, client: clientOf(chosen), pulse }
  }
  const avoid = (id: string) => {
    if (id !== '') avoided.set(id, Date.now() + AVOID_MS)
    if (!alone) void refresh()
  }
  const attempt = createAttempts(place, avoid)
  return {
    place,
    avoid,
    client: alone ? some : toClient(attempt, place, avoid),
    close: () => clearInterval(timer),
  }
}

/** Rendezvous hashing: of the two that rank highest for this user the one with less to do. A runner that comes or goes moves its own users only. */
export function choose(runners: readonly Runner[], user: string): Runner | undefined {
  const [first, second] = runners
    .map(runner => ({ runner, rank: createHash('sha1').update(`${user} ${runner.id}`).digest().readUInt32BE(0) }))
    .toSorted((a, b) => b.rank - a.rank)
    .map(({ runner }) => runner)
  return first && second && busyness(second) < busyness(first) ? second : first
}

/** In tenths of what it is meant for: small differences are not worth moving a user. */
function busyness({ load, capacity }: Runner): number {
  return Math.floor((10 * load) / Math.max(1, capacity))
}

function isGone(error: unknown): boolean {
  return isCoded(error, 'UNAVAILABLE')
}

/** Waits before a further try. */
function again(tries: number): Promise<void> {
  const waitMs = Math.min(MOST_WAIT_MS, WAIT_MS * tries) * (0.5 + Math.random())
  return new Promise(resolve => setTimeout(resolve, waitMs))
}

type Attempt = <T>(
  user: string,
  call: (client: RunnerClient, again: boolean) => Promise<T>,
  mayTryAgain: (error: unknown) => boolean,
) => Promise<T>

/** Makes a call at the user's runner, then at others, with growing waits. */
function createAttempts(place: (user: string) => Place, avoid: (id: string) => void): Attempt {
  return async (user, call, mayTryAgain) => {
    const late = Date.now() + TRY_MS
    for (let tries = 1; ; tries++) {
      const { id, client } = place(user)
      try {
        return await call(client, tries > 1)
      } catch (error) {
        if (isGone(error)) avoid(id)
        if (Date.now() > late || !mayTryAgain(error)) throw error
        await again(tries)
      }
    }
  }
}

function toClient(attempt: Attempt, place: (user: string) => Place, avoid: (id: string) => void): RunnerClient {
  const methods = Object.entries(SpellRunnerServiceDefinition.methods).map(([name, method]: [string, Method]) => {
    const callOf = (client: RunnerClient) =>
      (client as unknown as Readonly<Record<string, UnaryCall>>)[name] as UnaryCall
    return [name, STARTS.has(name) ? starting(attempt, callOf) : repeating(attempt, callOf, method)]
  })
  const unary = Object.fromEntries(methods) as unknown as RunnerClient
  return {
    ...unary,
    session: (requests, options) => place(options?.caller?.user ?? '').client.session(requests, options),
    watchRun: (request, options) => watch(place, avoid, request, options),
  }
}

type UnaryCall = (request: object, options?: ClientCallOptions) => Promise<unknown>

const STARTS: ReadonlySet<string> = new Set(['startRun', 'forkRun'])

function starting(attempt: Attempt, callOf: (client: RunnerClient) => UnaryCall): UnaryCall {
  return (request, options = {}) => {
    const runId = newId('r')
    return attempt(
      options.caller?.user ?? '',
      (client, again) => {
        const metadata = { ...options.metadata, 'run-id': runId, ...(again ? { again: '1' } : {}) }
        return callOf(client)(request, { ...options, metadata })
      },
      error => !options.signal?.aborted && isGone(error),
    )
  }
}

function repeating(attempt: Attempt, callOf: (client: RunnerClient) => UnaryCall, method: Method): UnaryCall {
  return (request, options = {}) =>
    attempt(
      options.caller?.user ?? '',
      client => callOf(client)(request, options),
      error => !options.signal?.aborted && mayRepeat(method, error),
    )
}

/** A run's entries from a position on; from another runner when the one that tells of them is gone. */
async function* watch(
  place: (user: string) => Place,
  avoid: (id: string) => void,
  request: Parameters<RunnerClient['watchRun']>[0],
  options: ClientCallOptions = {},
): AsyncGenerator<WatchRunResponse> {
  let after = request.after ?? 0
  let late = Infinity
  for (let tries = 1; ; tries++) {
    const { id, client } = place(options.caller?.user ?? '')
    try {
      for await (const batch of client.watchRun({ ...request, after }, options)) {
        yield batch
        after = batch.firstSeq + batch.entries.length - 1
        late = Infinity
      }
      return
    } catch (error) {
      late = Math.min(late, Date.now() + TRY_MS)
      if (options.signal?.aborted || !isGone(error) || Date.now() > late) throw error
      avoid(id)
      await again(tries)
    }
  }
}
