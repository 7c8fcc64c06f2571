import type { RestClient, RunHandle, SpellmeshClient, VerifiedRun } from '#client/types.ts'
import type { RunRecord } from '#client/index.ts'
import { DivergenceError, replay } from '#graph/replay.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import type { Registry } from '#graph/define.ts'
import { compile } from '#graph/plan.ts'
import { documentsOf, keepDocuments } from '../offline/run-documents.ts'
import type { RunDocuments } from '../offline/run-documents.ts'
import { refreshInside } from './inside.ts'
import { loadLibrary } from './library.ts'
import { attach, runOf, update } from './store.ts'

/** What running needs of the session. */
export interface RunServices {
  readonly client: SpellmeshClient
  readonly rest: RestClient
  readonly registry: Registry
  readonly account: { readonly id: string }
}

/** What running needs of a tab. */
export interface RunnableTab {
  readonly id: string
  /** The stored spell; runs need one. */
  readonly spell: string
  readonly document: SpellDocument
  readonly dirty: boolean
}

/** Starts a run of what the tab shows: of the draft where it differs from what is stored. */
export async function start(services: RunServices, tab: RunnableTab, inputs: JsonObject): Promise<void> {
  if (runOf(tab.id).starting) return
  update(tab.id, { starting: true, error: undefined })
  try {
    const problems = await services.client.editSpell(
      tab.spell,
      tab.dirty ? (tab.document as unknown as JsonObject) : null,
    )
    if (problems.length > 0) {
      update(tab.id, { starting: false, error: { message: 'This spell cannot run yet.', problems } })
      return
    }
    const handle = await services.client.startRun(tab.spell, inputs, { onDetach: 'cancel' })
    const { documents } = follow(services, tab.id, handle, { document: tab.document })
    keep(services, handle.run.id, documents)
  } catch (error) {
    update(tab.id, { starting: false, error: toError(error) })
  }
}

/** Shows a run of the spell that goes on elsewhere, or ended before. */
export async function watch(services: RunServices, tab: RunnableTab, run: RunRecord): Promise<void> {
  update(tab.id, { error: undefined })
  try {
    const handle = await services.client.watchRun(run.id)
    follow(services, tab.id, handle, await ranBy(services, tab, run))
  } catch (error) {
    update(tab.id, { error: toError(error) })
  }
}

/** What a run was a run of: as this browser has kept it, else as the server has it. */
export async function ranBy(
  { rest, account }: Pick<RunServices, 'rest' | 'account'>,
  tab: Pick<RunnableTab, 'document'>,
  run: RunRecord,
): Promise<Partial<RunDocuments> & Pick<RunDocuments, 'document'>> {
  const kept = await documentsOf(account.id, run.id).catch(() => undefined)
  if (kept || run.spellRevision === 0) return kept ?? { document: tab.document }
  try {
    const { document } = await rest.getSpell(run.spellId, run.spellRevision)
    return { document: (document as unknown as SpellDocument | undefined) ?? tab.document }
  } catch {
    return { document: tab.document }
  }
}

function follow(
  services: RunServices,
  tab: string,
  handle: RunHandle,
  given: Partial<RunDocuments> & Pick<RunDocuments, 'document'>,
): { documents: Promise<RunDocuments> } {
  const { document, library } = given
  // The sub-spells are there for whoever steps in before the run has ended.
  const documents = library ? Promise.resolve({ document, library }) : findDocuments(services, document)
  attach(tab, handle, given, verified => {
    update(tab, { run: { ...handle.run, ...recordOf(verified) } })
    // Only what the run follows from is what it was a run of.
    void repeat(services, tab, verified.entries, documents).then(
      isRepeated => isRepeated && keep(services, handle.run.id, documents),
    )
  })
  const { generation } = runOf(tab)
  documents.then(
    known => {
      if (runOf(tab).generation !== generation) return
      update(tab, { library: known.library })
      refreshInside(tab)
    },
    // The repetition tells.
    () => undefined,
  )
  return { documents }
}

async function findDocuments({ rest }: RunServices, document: SpellDocument): Promise<RunDocuments> {
  return { document, library: await loadLibrary(rest, document) }
}

function keep({ account }: RunServices, run: string, documents: Promise<RunDocuments>): void {
  // Without a store there is the server.
  documents.then(known => keepDocuments(account.id, run, known)).catch(() => undefined)
}

function recordOf({ terminal, lastSeq, digest }: VerifiedRun): Partial<RunRecord> {
  const status =
    terminal.kind === 'run.completed' ? 'completed' : terminal.kind === 'run.failed' ? 'failed' : 'cancelled'
  return {
    status,
    lastSeq,
    digest,
    endedAt: terminal.at,
    ...(terminal.kind === 'run.completed' ? { outputs: terminal.outputs } : {}),
  }
}

/** The browser's own run: the same engine over the same graph, with every node answering what it answered then. Answers whether it came out the same. */
export async function repeat(
  { registry }: Pick<RunServices, 'registry'>,
  tab: string,
  entries: readonly Entry[],
  documents: RunDocuments | Promise<RunDocuments>,
): Promise<boolean> {
  const { generation } = runOf(tab)
  update(tab, { replay: { state: 'checking' } })
  const isCurrent = () => runOf(tab).generation === generation
  try {
    const { document, library } = await documents
    const plan = compile(document, registry, {
      library: name => (Object.hasOwn(library, name) ? library[name] : undefined),
    })
    const { inputs } = runOf(tab)
    await replay(plan, entries, {
      observe: observed => inputs.note(observed),
      now: () => performance.now(),
      turn: () => new Promise(resolve => setTimeout(resolve, 0)),
    })
    if (isCurrent()) update(tab, { replay: { state: 'verified' } })
    return true
  } catch (error) {
    if (isCurrent()) update(tab, { replay: { state: 'failed', message: whyNot(error) } })
    return false
  }
}

function whyNot(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof DivergenceError
    ? `not repeated here, the spell or a sub-spell has changed since: ${message}`
    : `not repeated here: ${message}`
}

/** Asks the server to stop; the page shows at once that it was asked. */
export async function cancel(tab: string, services: RunServices): Promise<void> {
  const { run } = runOf(tab)
  if (!run) return
  update(tab, { cancelling: true })
  try {
    await services.rest.cancelRun(run.id)
  } catch (error) {
    update(tab, { error: toError(error) })
  } finally {
    update(tab, { cancelling: false })
  }
}

function toError(error: unknown): NonNullable<ReturnType<typeof runOf>['error']> {
  const problems =
    typeof error === 'object' && error !== null && 'problems' in error && Array.isArray(error.problems)
      ? (error.problems as { path: string; message: string }[])
      : []
  return { message: error instanceof Error ? error.message : String(error), problems }
}
