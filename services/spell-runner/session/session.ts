import type { Problem, SpellDocument } from '#graph/document.ts'
import { parseDocument } from '#graph/parse.ts'
import { isCoded, invalid, precondition } from '#mesh/errors.ts'
import type { SessionRequest, SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Handlers } from '#mesh/service.ts'
import { readJson, toJson } from '../json.ts'
import { isRunId } from '../ids.ts'
import { howOf } from '../runs/mode.ts'
import { toListedRun, toRunMessage } from '../runs/record.ts'
import type { Runs } from '../runs/runs.ts'
import type { RunStore } from '../runs/store.ts'
import type { CompiledSpell, Plans } from '../spells/plans.ts'
import { hashOf } from '../spells/plans.ts'
import { documentText } from '../spells/documents.ts'
import type { Spells } from '../spells/spells.ts'
import type { Detached, DetachedRun } from './detached.ts'

/** What sessions work with. */
export interface SessionParts {
  readonly spells: Spells
  readonly plans: Plans
  readonly runs: Runs
  readonly store: RunStore
  readonly detached: Detached
}

export type Command = NonNullable<SessionRequest['command']>
type StartCommand = Extract<Command, { $case: 'start' }>['value']
type OpenCommand = Extract<Command, { $case: 'open' }>['value']
/** An answer as the handler gives it. */
export type Answer =
  ReturnType<Handlers<typeof SpellRunnerServiceDefinition>['session']> extends AsyncIterable<infer T> ? T : never
export type Result = NonNullable<Answer['result']>

const MOST_OPEN = 16

/** One open spell of a session: the seeds' SpellRunner. A cache: another runner can make it again. */
interface SpellRunner {
  readonly revision: number
  draft: { readonly document: SpellDocument; readonly text: string; readonly hash: string } | undefined
  /** What keeps the draft from running. */
  problems: readonly Problem[]
}

/** One user's session: the spells open in it and the runs started in it. */
export class Session {
  readonly #user: string
  readonly #id: string
  readonly #parts: SessionParts
  readonly #open = new Map<string, SpellRunner>()
  /** Runs that are to stop when nobody looks at them any more, by id; one that was put aside is among them still. */
  readonly #started = new Map<string, DetachedRun>()
  #isLeft = false

  constructor(user: string, id: string, parts: SessionParts) {
    this.#user = user
    this.#id = id
    this.#parts = parts
  }

  async execute(command: Command): Promise<Result> {
    switch (command.$case) {
      case 'open':
        return this.#openSpell(command.value)
      case 'edit':
        return this.#edit(command.value.spellId, command.value.draft)
      case 'close':
        this.#open.delete(command.value.spellId)
        return { $case: 'closed', value: {} }
      case 'start':
        return this.#start(command.value)
      case 'cancel':
        await this.#parts.runs.ask(this.#user, command.value.runId, { kind: 'cancel', reason: 'cancelled by its user' })
        return { $case: 'cancelled', value: {} }
      case 'heartbeat':
        return { $case: 'heartbeat', value: {} }
    }
  }

  /** The socket is gone: its runs go on, or stop after a while. */
  end(): void {
    this.#open.clear()
    for (const run of this.#started.values()) this.#parts.detached.add(run)
    this.#started.clear()
  }

  /** It goes on at another runner, and so do its runs. */
  leave(): void {
    this.#started.clear()
    this.#isLeft = true
  }

  async #openSpell({ spellId: id, revision, runIds }: OpenCommand): Promise<Result> {
    if (this.#open.size >= MOST_OPEN && !this.#open.has(id))
      throw precondition(`${MOST_OPEN} spells are open in this session: close one first`)
    const { opened, active } = await openSpell(this.#parts, this.#user, id, revision)
    for (const run of active)
      if (runIds.includes(run.id)) this.#started.set(run.id, { id: run.id, owner: this.#user, spell: id })
    if (!this.#open.has(id)) this.#open.set(id, { revision, draft: undefined, problems: [] })
    return { $case: 'opened', value: opened }
  }

  async #edit(id: string, bytes: Uint8Array): Promise<Result> {
    const runner = this.#runnerOf(id)
    runner.problems = []
    if (bytes.length === 0) {
      runner.draft = undefined
      return edited([])
    }
    const parsed = parseDocument(readJson(bytes, 'draft'))
    if (!parsed.document) {
      runner.problems = parsed.problems
      return edited(parsed.problems)
    }
    const text = documentText(parsed.document)
    runner.draft = { document: parsed.document, text, hash: hashOf(text) }
    try {
      await this.#compile(id, runner)
    } catch (error) {
      if (!isCoded(error, 'INVALID_ARGUMENT')) throw error
      runner.problems = error.problems
    }
    return edited(runner.problems)
  }

  async #start(command: StartCommand): Promise<Result> {
    const { spellId, onDetach, runId, again } = command
    if (onDetach !== '' && onDetach !== 'finish' && onDetach !== 'cancel')
      throw invalid([{ path: 'options.onDetach', message: 'is neither "finish" nor "cancel"' }])
    if (runId !== '' && !isRunId(runId)) throw invalid([{ path: 'runId', message: 'is not the id of a new run' }])
    const runner = this.#runnerOf(spellId)
    const known = again ? await this.#parts.store.find(this.#user, runId) : undefined
    if (known) {
      // The runner that it was first sent to has started it, and is gone.
      if (onDetach !== 'finish') this.#stopsWithMe({ id: runId, owner: this.#user, spell: known.spell })
      return { $case: 'started', value: { run: toRunMessage(known), ignoredPins: [], how: howOf(known.mode) } }
    }
    if (runner.problems.length > 0) throw invalid(runner.problems)
    const { run, ignoredPins, how } = await this.#begin(command, runner)
    if (onDetach !== 'finish') {
      this.#stopsWithMe(run)
      run.finished.then(
        () => this.#started.delete(run.id),
        () => {},
      )
    }
    await run.stored
    return { $case: 'started', value: { run: toRunMessage(run.row()), ignoredPins, how } }
  }

  #stopsWithMe({ id, owner, spell }: DetachedRun): void {
    if (!this.#isLeft) this.#started.set(id, { id, owner, spell })
  }

  async #begin(command: StartCommand, runner: SpellRunner) {
    const { spells, runs, store } = this.#parts
    const { spellId, inputs, state, limits, startAt, pins, breakpoints, fork, runId } = command
    const { draft } = runner
    const id = runId === '' ? {} : { id: runId }
    const { row } = await spells.load(this.#user, spellId, runner.revision)
    const compiled = await this.#compile(spellId, { draft, revision: runner.revision })
    if (draft) await store.putDraft(draft.hash, draft.text)
    if (fork)
      return runs.fork({
        ...{ owner: this.#user, run: fork.runId, seq: fork.seq, from: fork.from, pins, breakpoints },
        changed: { compiled, draft: draft?.hash ?? null, revision: row.revision },
        ...(limits ? { limits } : {}),
        session: this.#id,
        ...id,
      })
    const started = await runs.start({
      owner: this.#user,
      spell: spellId,
      revision: row.revision,
      compiled,
      ...(draft ? { draft: draft.hash } : {}),
      ...{ inputs, state, limits, startAt, pins, breakpoints },
      session: this.#id,
      ...id,
    })
    return { ...started, how: '' }
  }

  #runnerOf(id: string): SpellRunner {
    const runner = this.#open.get(id)
    if (!runner) throw precondition(`the spell "${id}" is not open in this session`)
    return runner
  }

  #compile(id: string, { draft, revision }: Pick<SpellRunner, 'draft' | 'revision'>): Promise<CompiledSpell> {
    const { plans, spells } = this.#parts
    if (draft) return plans.compile(this.#user, draft.document, draft.text)
    return spells
      .load(this.#user, id, revision)
      .then(({ row, document }) => plans.compile(this.#user, document, row.document))
  }
}

/** A spell and its runs that have not ended. Somebody looks at them again: those that are to stop alone go on. */
export async function openSpell(
  { spells, store, detached }: Pick<SessionParts, 'spells' | 'store' | 'detached'>,
  user: string,
  id: string,
  revision: number,
) {
  const [spell, active] = await Promise.all([spells.get(user, id, revision), store.active(user, id)])
  detached.keep(user, id)
  return { opened: { spell, activeRuns: active.map(toListedRun) }, active }
}

function edited(problems: readonly Problem[]): Result {
  return { $case: 'edited', value: { problems: toJson(problems) } }
}
