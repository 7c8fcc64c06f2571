import type { RestClient, RunHandle, SpellmeshClient, VerifiedRun } from '#client/types.ts'
import type { RunRecord } from '#client/index.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { JsonObject } from '#graph/json.ts'
import type { Registry } from '#graph/define.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { attach, runOf, update } from './store.ts'

/** What running needs of the session. */
export interface RunServices {
  readonly client: SpellmeshClient
  readonly rest: RestClient
  readonly registry: Registry
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
    follow(services, tab.id, handle, tab.document)
  } catch (error) {
    update(tab.id, { starting: false, error: toError(error) })
  }
}

/** Shows a run of the spell that goes on elsewhere, or ended before. */
export async function watch(services: RunServices, tab: RunnableTab, run: RunRecord): Promise<void> {
  update(tab.id, { error: undefined })
  try {
    const handle = await services.client.watchRun(run.id)
    const ofNow = run.spellRevision > 0 ? await documentOf(services, tab, run) : tab.document
    follow(services, tab.id, handle, ofNow)
  } catch (error) {
    update(tab.id, { error: toError(error) })
  }
}

async function documentOf({ rest }: RunServices, tab: RunnableTab, run: RunRecord): Promise<SpellDocument> {
  try {
    const { document } = await rest.getSpell(run.spellId, run.spellRevision)
    return (document as unknown as SpellDocument | undefined) ?? tab.document
  } catch {
    return tab.document
  }
}

function follow(services: RunServices, tab: string, handle: RunHandle, document: SpellDocument): void {
  attach(tab, handle, document, verified => {
    update(tab, { run: { ...handle.run, ...recordOf(verified) } })
    void repeat(services, tab, verified, document)
  })
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

/** The browser's own run: the same engine over the same graph, with every node answering what it answered on the server. */
async function repeat(
  services: RunServices,
  tab: string,
  verified: VerifiedRun,
  document: SpellDocument,
): Promise<void> {
  const { generation } = runOf(tab)
  update(tab, { replay: { state: 'checking' } })
  const isCurrent = () => runOf(tab).generation === generation
  try {
    const library = await libraryFor(services, document)
    const plan = compile(document, services.registry, { library: name => library.get(name) })
    const { inputs } = runOf(tab)
    await replay(plan, verified.entries, {
      observe: observed => inputs.note(observed),
      now: () => performance.now(),
      turn: () => new Promise(resolve => setTimeout(resolve, 0)),
    })
    if (isCurrent()) update(tab, { replay: { state: 'verified' } })
  } catch (error) {
    if (isCurrent())
      update(tab, { replay: { state: 'failed', message: error instanceof Error ? error.message : String(error) } })
  }
}

/** The documents of all sub-spells that this one names, and of theirs. */
async function libraryFor({ rest }: RunServices, document: SpellDocument): Promise<Map<string, SpellDocument>> {
  const found = new Map<string, SpellDocument>()
  const names = referencesOf(document)
  if (names.length === 0) return found
  const { spells } = await rest.listSpells({ pageSize: 200 })
  const visit = async (name: string): Promise<void> => {
    if (found.has(name)) return
    const record = spells.find(spell => spell.id === name) ?? spells.find(spell => spell.name === name)
    const inner = record && ((await rest.getSpell(record.id)).document as unknown as SpellDocument | undefined)
    if (!inner) return
    found.set(name, inner)
    await Promise.all(referencesOf(inner).map(visit))
  }
  await Promise.all(names.map(visit))
  return found
}

function referencesOf(document: SpellDocument): string[] {
  return Object.values(document.nodes).flatMap(({ type, config }) =>
    type === 'flow/sub-spell' && typeof config?.['spell'] === 'string' ? [config['spell']] : [],
  )
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
