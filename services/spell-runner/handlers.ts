import type { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { SPELL_SCHEMA } from '#graph/parse.ts'
import { describeNodeType } from '#graph/registry.ts'
import type { RunView } from '#graph/view.ts'
import { exhausted, invalid, unavailable } from '#mesh/errors.ts'
import type { Call, Handlers } from '#mesh/service.ts'
import { finished, settled, userOf } from './calls.ts'
import { controlHandlers } from './controls.ts'
import type { SpellDocument } from '#graph/document.ts'
import { exportSpell, importSpell, referencesIn, withReferences } from './import.ts'
import type { Imported } from './import.ts'
import { newId } from '#mesh/ids.ts'
import { readRunId, sessionOf } from './ids.ts'
import { toJson } from './json.ts'
import { toListedRun, toRunMessage } from './runs/record.ts'
import type { RunMessage } from './runs/record.ts'
import type { Runner } from './runner.ts'
import type { Spells } from './spells/spells.ts'
import { joinSession } from './session/join.ts'
import { serveSession } from './session/stream.ts'
import { Session } from './session/session.ts'

export type RunnerHandlers = Handlers<typeof SpellRunnerServiceDefinition>
type SpellHandlers = Pick<
  RunnerHandlers,
  | 'createSpell'
  | 'getSpell'
  | 'listSpells'
  | 'updateSpell'
  | 'deleteSpell'
  | 'importSpell'
  | 'exportSpell'
  | 'listNodeTypes'
>

/** What the service answers. Each handler reads the request, asks a part, and shows what it says. */
export function createHandlers(runner: Runner): RunnerHandlers {
  return { ...spellHandlers(runner), ...runHandlers(runner) }
}

function spellHandlers({ spells, registry, importers, completion }: Runner): SpellHandlers {
  const nodeTypes = [...registry.values()].map(describeNodeType).map(type => ({
    ...type,
    config: toJson(type.config as object as readonly []),
    sockets: toJson(type.sockets as object as readonly []),
  }))
  const documentSchema = toJson(SPELL_SCHEMA as object as readonly [])
  return {
    createSpell: async ({ document }, call) => ({ spell: await spells.create(userOf(call), document) }),
    getSpell: async ({ spellId, revision }, call) => ({ spell: await spells.get(userOf(call), spellId, revision) }),
    listSpells: async ({ pageSize, page }, call) => spells.list(userOf(call), pageSize, page),
    updateSpell: async ({ spellId, baseRevision, document }, call) => ({
      spell: await spells.update(userOf(call), spellId, baseRevision, document),
    }),
    async deleteSpell({ spellId }, call) {
      await spells.remove(userOf(call), spellId)
      return {}
    },
    async importSpell({ format, document }, call) {
      const user = userOf(call)
      const { models, defaultModel } = await completion.listModels({}, { caller: call.caller })
      const imported = importSpell(format, document, {
        importers,
        registry,
        models: models.map(({ id }) => id),
        defaultModel,
      })
      return storeImported(spells, user, imported)
    },
    async exportSpell({ spellId, revision, format }, call) {
      const owner = userOf(call)
      const { document } = await spells.load(owner, spellId, revision)
      const exported = exportSpell(await withNames(spells, owner, document), importers, format)
      return { ...exported, document: toJson(JSON.stringify(exported.document)) }
    },
    listNodeTypes: async () => ({ nodeTypes, documentSchema }),
  }
}

/** Stores what was imported. The spells of one document call each other by id: others of the same names change nothing for them. */
async function storeImported(spells: Spells, owner: string, { document, report, others }: Imported) {
  const ids = new Map(others.map(one => [one.document.name, newId('s')]))
  const stored = []
  for (const other of others) {
    const { document: _, ...spell } = await spells.create(
      owner,
      withReferences(other.document, ids),
      ids.get(other.document.name),
    )
    stored.push({ spell, report: other.report })
  }
  return { spell: await spells.create(owner, withReferences(document, ids)), report, others: stored }
}

/** The document with names in place of the ids of sub-spells, as foreign formats have them. */
async function withNames(spells: Spells, owner: string, document: SpellDocument): Promise<SpellDocument> {
  const names = new Map<string, string>()
  for (const reference of new Set(referencesIn(document))) {
    const found = await spells.load(owner, reference, 0).catch(() => undefined)
    if (found) names.set(reference, found.document.name)
  }
  return withReferences(document, names)
}

function runHandlers(runner: Runner): Omit<RunnerHandlers, keyof SpellHandlers> {
  const { runs, journals, store, spells, leases, draining, log, tracer } = runner
  return {
    startRun: (request, call) => startRun(runner, request, call),
    getRun: async ({ runId }, call) => ({ run: await runs.get(userOf(call), runId) }),
    async listRuns({ spellId, pageSize, page }, call) {
      const owner = userOf(call)
      const limit = Math.min(200, pageSize || 50)
      const rows = await store.list(owner, spellId, limit + 1, readPage(page))
      // Of a spell that is not there nothing is listed but the truth.
      if (rows.length === 0) await spells.load(owner, spellId, 0)
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return { runs: rows.slice(0, limit).map(toListedRun), nextPage: last ? `${last.started_at}.${last.id}` : '' }
    },
    async listEntries({ runId, after, limit }, call) {
      const { texts, attempt, lastSeq, ended } = await journals.page(userOf(call), runId, after, limit)
      return { attempt, lastSeq, ended, entries: toJson(`[${texts.join(',\n')}]`) }
    },
    async getRunState({ runId }, call) {
      const { row, view } = await journals.view(userOf(call), runId)
      return { run: toRunMessage(row), attempt: row.attempt, seq: view.seq, state: toJson(stateText(view)) }
    },
    ...controlHandlers(runner),
    async *watchRun({ runId, after }, call) {
      const signal = AbortSignal.any([call.signal, draining])
      for await (const { attempt, first, texts } of journals.watch(userOf(call), runId, after, signal)) {
        yield { attempt, firstSeq: first, entries: texts.map(text => Buffer.from(text)) }
      }
      if (draining.aborted && !call.signal.aborted) throw unavailable('this runner is ending: watch on at another')
    },
    async *session(requests, call) {
      yield* serveSession(
        requests,
        new Session(userOf(call), sessionOf(call), runner),
        { log, draining, tracer },
        call.signal,
      )
    },
    joinSession: async (request, call) => joinSession(request, userOf(call), runner),
    listRunners: async () => ({ runners: await leases.runners() }),
  }
}

type StartRunRequest = Parameters<RunnerHandlers['startRun']>[0]

async function startRun(
  runner: Runner,
  request: StartRunRequest,
  call: Call,
): Promise<{ run: RunMessage; ignoredPins?: readonly string[] }> {
  const { spells, plans, runs, keys } = runner
  const owner = userOf(call)
  const { spellId, revision, idempotencyKey: key } = request
  if (key.includes('\0')) throw invalid([{ path: 'idempotencyKey', message: 'holds a character of code 0' }])
  if (key.length > 200) throw invalid([{ path: 'idempotencyKey', message: 'is longer than 200 characters' }])
  const { row, document } = await spells.load(owner, spellId, revision)
  const compiled = await plans.compile(owner, document, row.document)
  let ignoredPins: readonly string[] = []
  const begin = async (id: string) => {
    const started = await runs.start({
      owner,
      spell: spellId,
      revision: row.revision,
      compiled,
      inputs: request.inputs,
      state: request.state,
      limits: request.limits,
      startAt: request.startAt,
      pins: request.pins,
      breakpoints: request.breakpoints,
      id,
    })
    ignoredPins = started.ignoredPins
    return started.run
  }
  const { id, again } = readRunId(call)
  if (again && key === '' && (await runner.store.find(owner, id)))
    return { run: await finished(runner, owner, id, request.detached, call.signal) }
  const run = key === '' ? await begin(id) : await keys.once(owner, key, id, begin)
  if ('earlier' in run) return { run: await finished(runner, owner, run.earlier, request.detached, call.signal) }
  await settled(run, request.detached, call.signal)
  return { run: toRunMessage(run.row()), ignoredPins }
}

const MOST_STATE_BYTES = 3 * 1024 * 1024
const CONSOLE_LINES_LEFT = 200

/** The view's JSON. Of a long console the latest lines. */
function stateText(view: RunView): string {
  const text = JSON.stringify(view)
  if (Buffer.byteLength(text) <= MOST_STATE_BYTES) return text
  const short = JSON.stringify({ ...view, console: view.console.slice(-CONSOLE_LINES_LEFT) })
  if (Buffer.byteLength(short) <= MOST_STATE_BYTES) return short
  throw exhausted(`the state takes more than ${MOST_STATE_BYTES} bytes: read the entries`)
}

function readPage(page: string): { startedAt: number; id: string } | undefined {
  if (page === '') return undefined
  const [, startedAt, id] = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/.exec(page) ?? []
  if (!startedAt || !id) throw invalid([{ path: 'page', message: 'is not the nextPage of a list' }])
  return { startedAt: Number(startedAt), id }
}
