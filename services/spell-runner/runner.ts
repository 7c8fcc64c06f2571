import type { Registry } from '#graph/define.ts'
import type { Importer } from '#importers/importer.ts'
import { createOutbound } from '#mesh/outbound.ts'
import type { Environment } from '#mesh/service.ts'
import { createMeasures } from './measures.ts'
import type { Measures } from './measures.ts'
import { commitBatches } from './runs/commit.ts'
import { createCommitter } from './runs/committer.ts'
import type { Commit, Committer } from './runs/committer.ts'
import { createJournals } from './runs/journals.ts'
import type { Journals } from './runs/journals.ts'
import { leaveToOthers } from './runs/drain.ts'
import { createKeys } from './runs/keys.ts'
import type { Keys } from './runs/keys.ts'
import { createLeases } from './runs/leases.ts'
import type { Leases } from './runs/leases.ts'
import { createPublisher } from './runs/publisher.ts'
import { createRecovery } from './runs/recovery.ts'
import { openRetention } from './retention/open.ts'
import { createRuns } from './runs/runs.ts'
import type { Runs, RunsOptions } from './runs/runs.ts'
import { createRunStore } from './runs/store.ts'
import type { RunStore } from './runs/store.ts'
import { createResults } from './runs/results.ts'
import { createServicesOf } from './runs/services.ts'
import { createRunTraces } from './runs/trace.ts'
import type { RunTraces } from './runs/trace.ts'
import { createStoredRuns } from './runs/stored.ts'
import type { StoredRuns } from './runs/stored.ts'
import { createSandbox } from './sandbox/sandbox.ts'
import type { SETTINGS, USES } from './service.ts'
import { createDetached } from './session/detached.ts'
import type { Detached } from './session/detached.ts'
import { createPlans } from './spells/plans.ts'
import type { Plans } from './spells/plans.ts'
import { createSpells } from './spells/spells.ts'
import type { Spells } from './spells/spells.ts'
import { createSpellStore } from './spells/store.ts'

export type RunnerEnvironment = Environment<typeof SETTINGS, typeof USES>

/** The parts of a running spell-runner. */
export interface Runner {
  readonly registry: Registry
  readonly importers: readonly Importer[]
  readonly spells: Spells
  readonly plans: Plans
  readonly runs: Runs
  readonly journals: Journals
  readonly store: RunStore
  readonly stored: StoredRuns
  readonly keys: Keys
  readonly detached: Detached
  readonly leases: Pick<Leases, 'runners'>
  /** Aborts when this runner is to end and others go on. */
  readonly draining: AbortSignal
  readonly completion: RunnerEnvironment['services']['completion']
  readonly log: RunnerEnvironment['log']
  readonly tracer: RunnerEnvironment['tracer']
}

const HEAD_MS = 1_000
/** How long runs at work may go on when the process is to end. */
const FINISH_MS = 2_000
/** How long nodes at work may take to end then, where nobody else could go on and somebody waits for the process. */
const ALONE_DRAIN_MS = 1_000

/** Puts the parts together, takes up what dead runners left, and ends in order. */
export async function openRunner(
  environment: RunnerEnvironment,
  registry: Registry,
  importers: readonly Importer[],
): Promise<Runner> {
  const { settings, database, bus, log, metrics, tracer, alone } = environment
  const [traces, measures] = [createRunTraces(tracer), createMeasures(metrics)]
  const spellStore = createSpellStore(database)
  const store = createRunStore(database)
  const spells = createSpells(spellStore, registry, bus, Date.now)
  const plans = createPlans(spellStore, registry)
  const committer = openCommitter(environment, traces, measures)
  const sandbox = createSandbox({ processes: settings.SANDBOX_PROCESSES, timeoutMs: settings.SANDBOX_TIMEOUT_MS })
  const outbound = createOutbound(settings)
  const leases = openLeases(environment)
  const stored = createStoredRuns(store, spellStore, plans)
  const runs = openRuns(environment, {
    store,
    stored,
    leases,
    workshop: {
      ...{ committer, publisher: createPublisher(bus, traces), sandbox: measures.sandbox(sandbox), log, traces },
      fetch: outbound.fetch,
      servicesOf: createServicesOf(environment.services, environment.identities),
      resultsFor: createResults(environment.services.cache, log),
    },
    onAside: wakesAt => recovery.wakeAt(wakesAt),
  })
  const detached = createDetached(bus, log, settings.DETACH_MS, (owner, id, reason) =>
    runs.ask(owner, id, { kind: 'cancel', reason }),
  )
  const recovery = createRecovery({
    ...{ leases, runs, log, alone },
    leaseMs: settings.RUN_LEASE_MS,
    ...measures.recovery,
  })
  const beacon = keepTelling(runs)
  const retention = await openRetention(environment, { store, stored, spells: spellStore })
  environment.onStop(async () => {
    runs.close()
    detached.close()
    await recovery.drain()
    await finish(runs)
    await leaveToOthers(runs, leases, log, alone ? ALONE_DRAIN_MS : settings.RUN_DRAIN_MS)
    beacon.end()
    await retention.end()
    await committer.idle()
    await recovery.end()
    await sandbox[Symbol.asyncDispose]()
    await outbound[Symbol.asyncDispose]()
  })
  await recovery.begin()
  return {
    ...{ registry, importers, spells, plans, runs, store, stored, detached, leases, log, tracer },
    // Alone there is nobody to go to.
    draining: alone ? new AbortController().signal : environment.draining,
    journals: createJournals(store, bus),
    keys: createKeys(store),
    completion: environment.services.completion,
  }
}

function openCommitter(
  { database, instance, log, metrics }: RunnerEnvironment,
  traces: RunTraces,
  measures: Measures,
): Committer {
  const commit: Commit = batches => commitBatches(database, instance, batches)
  return createCommitter(traces.traced(measures.commit(commit)), log, metrics)
}

function openLeases({ database, instance, settings, alone, address = '' }: RunnerEnvironment): Leases {
  const { RUN_LEASE_MS: leaseMs, RUNNER_CAPACITY: capacity } = settings
  return createLeases(database, instance, { leaseMs, alone, address, capacity })
}

/** Tells where runs stand. */
function keepTelling(runs: Runs): { end(): void } {
  const beacon = setInterval(() => {
    for (const run of runs.active()) run.announce()
  }, HEAD_MS)
  return { end: () => clearInterval(beacon) }
}

function openRuns(
  { settings, bus, metrics, log }: RunnerEnvironment,
  parts: Pick<RunsOptions, 'store' | 'stored' | 'leases' | 'workshop' | 'onAside'>,
): Runs {
  const active = metrics.gauge('runs_active', 'runs at work in this process')
  const aside = metrics.counter('runs_put_aside_total', 'runs that only wait, put aside until they are asked')
  const ended = metrics.counter('runs_ended_total', 'runs that left this process', ['status'])
  return createRuns({
    ...parts,
    bus,
    log,
    mostPerUser: settings.RUNS_PER_USER,
    idleMs: settings.RUN_IDLE_MS,
    onAside(wakesAt) {
      aside.add()
      parts.onAside(wakesAt)
    },
    onCount: count => active.set(count),
    onEnd: run => ended.add(1, { status: run.row().status }),
  })
}

/** Lets short runs come to their end. */
async function finish(runs: Runs): Promise<void> {
  const late = new Promise<void>(resolve => setTimeout(resolve, FINISH_MS).unref())
  await Promise.race([Promise.allSettled([...runs.active()].map(run => run.settled)), late])
}
