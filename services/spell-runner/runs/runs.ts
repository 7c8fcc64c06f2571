import type { Bus, Subscription } from '#mesh/bus.ts'
import { exhausted, notFound, precondition, unavailable } from '#mesh/errors.ts'
import type { CompiledSpell } from '../spells/plans.ts'
import type { ActiveRun } from './active.ts'
import { createAtWork } from './at-work.ts'
import type { AtWork, AtWorkOptions } from './at-work.ts'
import { planBranch, planStart } from './begin.ts'
import { createRemoteCommands, perform } from './commands.ts'
import type { RunCommand } from './commands.ts'
import type { Leases } from './leases.ts'
import { toRunMessage } from './record.ts'
import type { RunMessage } from './record.ts'
import type { RunRow, RunStore } from './store.ts'
import type { StoredRuns } from './stored.ts'
import { createTakeUp } from './take-up.ts'
import type { TakeUp } from './take-up.ts'

/** What to run. */
export interface StartOptions {
  readonly owner: string
  readonly spell: string
  readonly revision: number
  readonly compiled: CompiledSpell
  /** Hash of the unsaved document it was compiled from. */
  readonly draft?: string
  readonly inputs: Uint8Array
  /** In place of the stored state. */
  readonly state: Uint8Array
  readonly session?: string
  readonly limits?:
    | { readonly activations: number; readonly wallClockMs: number; readonly tokens: number; readonly cost: number }
    | undefined
  /** Empty: the usual starts. */
  readonly startAt: string
  readonly pins: Uint8Array
  readonly breakpoints: readonly string[]
  /** Absent: a new one. */
  readonly id?: string
}

/** How to branch off a run, beside what {@link StartOptions} say of the new one. */
export interface ForkRequest {
  readonly owner: string
  readonly run: string
  readonly seq: number
  readonly from: string
  /** The spell to go on with, where it may be another: a draft by its hash, or a revision. */
  readonly changed?: { readonly compiled: CompiledSpell; readonly draft: string | null; readonly revision?: number }
  readonly pins: Uint8Array
  readonly breakpoints: readonly string[]
  readonly limits?: StartOptions['limits']
  readonly session?: string
  /** Of the new run. Absent: a new one. */
  readonly id?: string
}

/** Runs at work in this process, and those of others as far as the database and the bus reach. */
export interface Runs {
  /** The run is at work when this resolves, and in the database when its `stored` does. INVALID_ARGUMENT lists every bad input. */
  start(options: StartOptions): Promise<Started>
  /** Starts a run that branches off another of the same user. */
  fork(request: ForkRequest): Promise<Started & { readonly how: 'followed' | 'recalled' }>
  /** Puts a stored run to work that this runner has taken; see {@link TakeUp.go}. */
  takeUp(row: RunRow): Promise<ActiveRun | undefined>
  /** One that is at work here, whoever's it is. */
  here(id: string): ActiveRun | undefined
  /** Whether it is at work here, or about to be. */
  isTaken(id: string): boolean
  get(owner: string, id: string): Promise<RunMessage>
  /** Asks a run something, wherever it is at work; one that was put aside is put to work. Answers it as it is then. */
  ask(owner: string, id: string, command: RunCommand): Promise<RunMessage>
  /** Those at work here. */
  active(): Iterable<ActiveRun>
  /** Takes nothing new from now on. */
  close(): void
}

/** A run that has begun, and pins of nodes that are not there. */
export interface Started {
  readonly run: ActiveRun
  readonly ignoredPins: readonly string[]
}

export interface RunsOptions extends AtWorkOptions {
  readonly store: RunStore
  readonly stored: StoredRuns
  readonly bus: Bus
  readonly mostPerUser: number
}

const LOOK_AGAIN_MS = 400

export function createRuns(options: RunsOptions): Runs {
  const { store, bus, mostPerUser, stored, leases } = options
  const atWork = createAtWork(options)
  const remote = createRemoteCommands(bus, atWork.get, options.log)
  const takeUp = createTakeUp(options, atWork)
  const take = createTake(leases, takeUp)
  const deletions = dropDeleted(bus, atWork)
  const { find, get } = createFind(store, atWork)
  let closed = false

  const mayBegin = (owner: string) => {
    if (closed) throw unavailable('this runner is ending: try again')
    const count = atWork.countOf(owner)
    if (count >= mostPerUser) throw exhausted(`${count} runs of this user are at work; at most ${mostPerUser} at once`)
  }

  const ask: Runs['ask'] = async (owner, id, command) => {
    const here = atWork.get(id)
    if (here && here.owner === owner) return askHere(here, command)
    if (Number((await find(owner, id)).ended_at) === 0) {
      const taken = closed ? undefined : await take(owner, id)
      if (taken) return askHere(taken, command)
    }
    const row = await find(owner, id)
    if (Number(row.ended_at) > 0) {
      if (command.kind === 'cancel') return toRunMessage(row)
      throw precondition(`the run "${id}" has ended`)
    }
    return askElsewhere(remote.ask(id, owner, command), {
      take: async () => (closed ? undefined : take(owner, id)),
      here: run => askHere(run, command),
      answered: () => get(owner, id),
    })
  }

  return {
    async start(given) {
      mayBegin(given.owner)
      const { options: begun, ignoredPins } = await planStart(store, given)
      return { run: atWork.put(begun), ignoredPins }
    },
    async fork(request) {
      mayBegin(request.owner)
      const base = await stored.read(await find(request.owner, request.run))
      const { options: begun, ...rest } = await planBranch(base, request)
      return { run: atWork.put(begun), ...rest }
    },
    takeUp: takeUp.go,
    here: atWork.get,
    isTaken: id => atWork.get(id) !== undefined || takeUp.get(id) !== undefined,
    get,
    ask,
    active: atWork.all,
    close() {
      closed = true
      remote.close()
      deletions.unsubscribe()
      atWork.close()
    },
  }
}

/** Waits for the runner that was asked. A run that was put aside, or lost, meanwhile is taken and asked here instead: then nobody answers. */
async function askElsewhere(
  asked: Promise<void>,
  then: {
    take(): Promise<ActiveRun | undefined>
    here(run: ActiveRun): Promise<RunMessage>
    answered(): Promise<RunMessage>
  },
): Promise<RunMessage> {
  let isAnswered = false
  const settled = asked.catch(() => undefined).finally(() => (isAnswered = true))
  for (;;) {
    await Promise.race([settled, new Promise(resolve => setTimeout(resolve, LOOK_AGAIN_MS))])
    if (isAnswered) {
      await asked
      return then.answered()
    }
    const taken = await then.take()
    if (taken && !isAnswered) return then.here(taken)
  }
}

/** Runs of a user, wherever they are. */
function createFind(store: RunStore, atWork: AtWork) {
  const find = async (owner: string, id: string): Promise<RunRow> => {
    const row = await store.find(owner, id)
    if (!row) throw missing(id)
    return row
  }
  const get = async (owner: string, id: string): Promise<RunMessage> => {
    const here = atWork.get(id)
    if (here && here.owner !== owner) throw missing(id)
    await here?.stored
    return toRunMessage(here ? here.row() : await find(owner, id))
  }
  return { find, get }
}

/** What is at work here of a spell that is deleted ends at once: it is gone from the database. */
function dropDeleted(bus: Bus, atWork: AtWork): Subscription {
  return bus.subscribe('chg.v1.*.*.*', ({ payload }) => {
    const { spell, revision } = JSON.parse(Buffer.from(payload).toString()) as { spell: string; revision: number }
    if (revision > 0) return
    for (const run of [...atWork.all()]) if (run.spell === spell) run.abandon(missing(run.id))
  })
}

/** Puts a run to work here that nobody has. Two who ask at the same time get the same one. */
function createTake(leases: Leases, takeUp: TakeUp): (owner: string, id: string) => Promise<ActiveRun | undefined> {
  const taking = new Map<string, Promise<ActiveRun | undefined>>()
  return (owner, id) => {
    const known = taking.get(id) ?? takeUp.get(id)
    if (known) return known
    const work = leases
      .take(owner, id)
      .then(row => row && takeUp.go(row))
      .finally(() => taking.delete(id))
    taking.set(id, work)
    return work
  }
}

async function askHere(run: ActiveRun, command: RunCommand): Promise<RunMessage> {
  await perform(run, command)
  await run.stored
  return toRunMessage(run.row())
}

function missing(id: string) {
  return notFound(`there is no run "${id}"`)
}
