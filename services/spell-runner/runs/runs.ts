import { DEFAULT_LIMITS } from '#graph/limits.ts'
import type { Limits } from '#graph/limits.ts'
import { checkInputs } from '#graph/interface.ts'
import type { JsonObject, Values } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { Bus } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import { exhausted, invalid, notFound, unavailable } from '#mesh/errors.ts'
import { newId } from '../ids.ts'
import { readJson } from '../json.ts'
import type { CompiledSpell } from '../spells/plans.ts'
import { ActiveRun } from './active.ts'
import type { ActiveOptions, Workshop } from './active.ts'
import { toRunMessage } from './record.ts'
import type { RunMessage } from './record.ts'
import type { RunRow, RunStore } from './store.ts'

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
  readonly limits?: { readonly activations: number; readonly wallClockMs: number } | undefined
  /** Absent: a new one. */
  readonly id?: string
}

/** Runs at work in this process, and those of others as far as the database and the bus reach. */
export interface Runs {
  /** The run is at work when this resolves, and in the database when its `stored` does. INVALID_ARGUMENT lists every bad input. */
  start(options: StartOptions): Promise<ActiveRun>
  /** Puts a stored run to work again. */
  resume(options: ActiveOptions): ActiveRun
  get(owner: string, id: string): Promise<RunMessage>
  cancel(owner: string, id: string, reason: string): Promise<RunMessage>
  /** Those at work here. */
  active(): Iterable<ActiveRun>
  /** Takes nothing new from now on. */
  close(): void
}

export interface RunsOptions {
  readonly store: RunStore
  readonly bus: Bus
  readonly workshop: Omit<Workshop, 'onGone'>
  readonly mostPerUser: number
  onCount(active: number): void
  onEnd(run: ActiveRun): void
}

const CANCEL_WAIT_MS = 4_000

export function createRuns(options: RunsOptions): Runs {
  const { store, bus, mostPerUser } = options
  const atWork = createAtWork(options)
  let closed = false
  // Another runner was asked to cancel what is at work here.
  bus.subscribe('ctl.v1.*', ({ subject: name, payload }) =>
    atWork.get(name.slice('ctl.v1.'.length))?.cancel(Buffer.from(payload).toString()),
  )

  const get = async (owner: string, id: string): Promise<RunMessage> => {
    const here = atWork.get(id)
    if (here) {
      if (here.owner !== owner) throw missing(id)
      await here.stored
      return toRunMessage(here.row())
    }
    const row = await store.find(owner, id)
    if (!row) throw missing(id)
    return toRunMessage(row)
  }

  return {
    async start(given) {
      if (closed) throw unavailable('this runner is ending: try again')
      const count = atWork.countOf(given.owner)
      if (count >= mostPerUser)
        throw exhausted(`${count} runs of this user are at work; at most ${mostPerUser} at once`)
      const { values, state } = readInputs(given)
      const run = toNewRun(given, values, state)
      if (given.compiled.usesState && !state) return atWork.put({ ...run, state: await readState(store, given) })
      return atWork.put({ ...run, state: state ?? {} })
    },
    resume: atWork.put,
    get,
    async cancel(owner, id, reason) {
      const here = atWork.get(id)
      if (here && here.owner === owner) {
        here.cancel(reason)
        await here.stored
        await here.finished
        return toRunMessage(here.row())
      }
      const row = await store.find(owner, id)
      if (!row) throw missing(id)
      if (Number(row.ended_at) === 0) await cancelElsewhere(bus, row, reason)
      return get(owner, id)
    },
    active: atWork.all,
    close() {
      closed = true
    },
  }
}

/** The runs at work in this process, counted by user. */
function createAtWork(options: RunsOptions) {
  const active = new Map<string, ActiveRun>()
  const perUser = new Map<string, number>()
  const workshop: Workshop = {
    ...options.workshop,
    onGone(run) {
      if (!active.delete(run.id)) return
      const left = (perUser.get(run.owner) ?? 1) - 1
      if (left > 0) perUser.set(run.owner, left)
      else perUser.delete(run.owner)
      options.onCount(active.size)
      options.onEnd(run)
    },
  }
  return {
    get: (id: string) => active.get(id),
    all: () => active.values(),
    countOf: (owner: string) => perUser.get(owner) ?? 0,
    put(given: ActiveOptions): ActiveRun {
      // Counted first: a run may end within its constructor's call, though never leave before it is committed.
      perUser.set(given.make.owner, (perUser.get(given.make.owner) ?? 0) + 1)
      const run = new ActiveRun(given, workshop)
      active.set(run.id, run)
      options.onCount(active.size)
      return run
    },
  }
}

function missing(id: string) {
  return notFound(`there is no run "${id}"`)
}

function readInputs({ compiled, inputs, state }: StartOptions): { values: Values; state: JsonObject | undefined } {
  const given = readJson(inputs, 'inputs')
  const checked = checkInputs(compiled.plan.interface, given)
  const own = readJson(state, 'state')
  const problems = [
    ...(checked.problems ?? []),
    ...(own === undefined || isObject(own) ? [] : [{ path: 'state', message: 'expected an object' }]),
  ]
  if (!checked.values || problems.length > 0) throw invalid(problems)
  return { values: checked.values, state: own as JsonObject | undefined }
}

function toNewRun(given: StartOptions, inputs: Values, state: JsonObject | undefined): Omit<ActiveOptions, 'state'> {
  const limits = toLimits(given.limits)
  return {
    id: given.id ?? newId('r'),
    attempt: 1,
    compiled: given.compiled,
    inputs,
    limits,
    make: {
      owner: given.owner,
      spell: given.spell,
      revision: given.revision,
      draft: given.draft ?? null,
      library: JSON.stringify(given.compiled.library),
      limits: JSON.stringify(limits),
      inputs: JSON.stringify(inputs),
      session: given.session ?? '',
      keeps_state: given.compiled.usesState && state === undefined,
      started_at: Date.now(),
    },
  }
}

/** Never more than the instance allows. */
function toLimits(given: StartOptions['limits']): Partial<Limits> {
  const { activations = 0, wallClockMs = 0 } = given ?? {}
  return {
    ...(activations > 0 ? { activations: Math.min(activations, MOST.activations) } : {}),
    ...(wallClockMs > 0 ? { wallClockMs: Math.min(wallClockMs, MOST.wallClockMs) } : {}),
  }
}
const MOST = { activations: 100 * DEFAULT_LIMITS.activations, wallClockMs: 24 * 3_600_000 }

async function readState(store: RunStore, { owner, spell, session = '' }: StartOptions): Promise<JsonObject> {
  const texts = await store.state(owner, spell, session)
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, JSON.parse(text) as JsonObject[string]]))
}

/** Tells the runner that has it, and waits until it is done. */
async function cancelElsewhere(bus: Bus, { id, owner, spell }: RunRow, reason: string): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const subscription = bus.subscribe(subject('ev.v1', owner, spell, id), ({ payload }) => {
    if (/"kind":"run\.(completed|failed|cancelled)"/.test(Buffer.from(payload).toString())) ended.resolve()
  })
  const timer = setTimeout(
    () => ended.reject(unavailable(`the run "${id}" has no runner at the moment: try again`)),
    CANCEL_WAIT_MS,
  )
  try {
    await bus.settled()
    bus.publish(subject('ctl.v1', id), Buffer.from(reason))
    await ended.promise
  } finally {
    clearTimeout(timer)
    subscription.unsubscribe()
  }
}
