import type { Limits } from '#graph/limits.ts'
import { DEFAULT_LIMITS } from '#graph/limits.ts'
import { checkInputs } from '#graph/interface.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { Recall } from '#graph/known.ts'
import { startsNamed } from '#graph/plan.ts'
import { invalid } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import { readJson } from '../json.ts'
import type { CompiledSpell } from '../spells/plans.ts'
import type { ActiveOptions } from './active.ts'
import type { NewRun } from './commit.ts'
import { planFork, readPins } from './fork.ts'
import { checkBreakpoints } from './mode.ts'
import type { RunMode } from './mode.ts'
import type { ForkRequest, StartOptions } from './runs.ts'
import type { RunRow, RunStore, StoredKey } from './store.ts'
import type { StoredRun } from './stored.ts'

/** How a new run begins. Throws INVALID_ARGUMENT with every bad input. */
export async function planStart(
  store: RunStore,
  given: StartOptions,
): Promise<{ options: ActiveOptions; ignoredPins: readonly string[] }> {
  const { compiled, startAt, breakpoints, owner, spell, session = '' } = given
  const { values, state } = readInputs(given)
  const { pins, ignored } = readPins(readJson(given.pins, 'pins'), compiled.plan)
  checkStart(given)
  const mode: RunMode = {
    ...(startAt === '' ? {} : { startAt }),
    ...(pins ? { pins } : {}),
    ...(breakpoints.length > 0 ? { breakpoints } : {}),
  }
  const run = toNewRun(given, values, state)
  if (!compiled.usesState || state)
    return { options: withMode({ ...run, state: state ?? {} }, mode), ignoredPins: ignored }
  const { values: read, revisions } = readState(await store.state(owner, spell, session), compiled)
  return { options: withMode({ ...run, state: read }, { ...mode, reads: revisions }), ignoredPins: ignored }
}

/** How a run begins that branches off another. */
export async function planBranch(
  base: StoredRun,
  request: ForkRequest,
): Promise<{ options: ActiveOptions; ignoredPins: readonly string[]; how: 'followed' | 'recalled' }> {
  const { changed, breakpoints, session = '' } = request
  const { row } = base
  checkBreakpoints(breakpoints)
  const id = request.id ?? newId('r')
  const { how, options: beginning } = await planFork(base, id, request)
  const compiled = changed?.compiled ?? base.compiled
  const { pins, ignored } = readPins(readJson(request.pins, 'pins'), compiled.plan)
  const limits = request.limits ? toLimits(request.limits) : (JSON.parse(row.limits) as Partial<Limits>)
  const make: NewRun = {
    ...toMake(row),
    draft: changed ? changed.draft : row.draft,
    revision: changed?.revision ?? row.revision,
    library: JSON.stringify(compiled.library),
    limits: JSON.stringify(limits),
    session,
    // Two branches of one run must not both write what it would have written.
    keeps_state: false,
    started_at: Date.now(),
  }
  const mode: RunMode = {
    ...beginning.mode,
    ...(pins ? { pins } : {}),
    ...(breakpoints.length > 0 ? { breakpoints } : {}),
  }
  return {
    options: withMode({ id, attempt: 1, compiled, make, limits, ...beginning }, mode),
    ignoredPins: ignored,
    how,
  }
}

/** How a stored run goes on. */
export function toResumed({ row, compiled, texts, entries }: StoredRun, recall: Recall | undefined): ActiveOptions {
  const [started] = entries
  const begun = started?.kind === 'run.started' ? started : undefined
  return {
    id: row.id,
    attempt: row.attempt,
    make: toMake(row),
    compiled,
    inputs: (begun?.inputs ?? {}) as Values,
    state: begun?.state ?? {},
    limits: JSON.parse(row.limits) as Partial<Limits>,
    mode: JSON.parse(row.mode) as RunMode,
    stored: { texts, entries },
    ...(recall ? { recall } : {}),
  }
}

/** The mode is kept with the run. */
function withMode(options: Omit<ActiveOptions, 'mode'>, mode: RunMode): ActiveOptions {
  return { ...options, mode, make: { ...options.make, mode: JSON.stringify(mode) } }
}

function checkStart({ startAt, compiled, breakpoints }: StartOptions): void {
  if (startAt !== '' && startsNamed(compiled.plan, startAt).length === 0)
    throw invalid([{ path: 'startAt', message: `no start is called "${startAt}"` }])
  checkBreakpoints(breakpoints)
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

function toNewRun(
  given: StartOptions,
  inputs: Values,
  state: JsonObject | undefined,
): Omit<ActiveOptions, 'state' | 'mode'> {
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
      mode: '{}',
      inputs: JSON.stringify(inputs),
      session: given.session ?? '',
      keeps_state: given.compiled.usesState && state === undefined,
      started_at: Date.now(),
    },
  }
}

/** Never more than the instance allows. */
function toLimits(given: StartOptions['limits']): Partial<Limits> {
  const { activations = 0, wallClockMs = 0, tokens = 0, cost = 0 } = given ?? {}
  return {
    ...(activations > 0 ? { activations: Math.min(activations, MOST.activations) } : {}),
    ...(wallClockMs > 0 ? { wallClockMs: Math.min(wallClockMs, MOST.wallClockMs) } : {}),
    ...(tokens > 0 ? { tokens } : {}),
    ...(cost > 0 ? { cost } : {}),
  }
}
const MOST = { activations: 100 * DEFAULT_LIMITS.activations, wallClockMs: 24 * 3_600_000 }

/** What a run starts from: of each key the place that the spell declares for it. */
function readState(
  stored: readonly StoredKey[],
  { plan }: CompiledSpell,
): { values: JsonObject; revisions: Record<string, number> } {
  const declared = plan.document.state
  const values: Record<string, Json> = {}
  const revisions: Record<string, number> = {}
  for (const { key, value, session, revision } of stored) {
    if ((declared[key]?.scope === 'session') !== (session !== '')) continue
    values[key] = JSON.parse(value) as Json
    revisions[key] = revision
  }
  return { values, revisions }
}

/** What a run is made of, to be stored. */
function toMake(row: RunRow): NewRun {
  const { owner, spell, revision, draft, library, limits, mode, inputs, session, keeps_state } = row
  return {
    ...{ owner, spell, revision, draft, library, limits, mode, inputs, session, keeps_state },
    started_at: Number(row.started_at),
  }
}
