import type { RunRecord } from '#client/index.ts'
import type { RestClient, RunHandle, SpellmeshClient, VerifiedRun } from '#client/types.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { JsonObject } from '#graph/json.ts'
import type { Registry } from '#graph/define.ts'
import { say } from '../layout/toasts.tsx'
import type { RunDocuments } from '../offline/run-documents.ts'
import { keptOf, optionsOf } from '../steering/kept.ts'
import { documentsOfRun, keep, ranBy } from './documents.ts'
import { refreshInside } from './inside.ts'
import { repeat } from './repeat.ts'
import { attach, documentAt, runOf, update } from './store.ts'

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

/** Starts a run of what the tab shows: of the draft where it differs from what is stored. With the pins and breakpoints that are set. */
export function start(
  services: RunServices,
  tab: RunnableTab,
  inputs: JsonObject,
  startAt?: string,
): Promise<RunHandle | undefined> {
  const options = { ...optionsOf(tab.id), ...(startAt === undefined ? {} : { startAt }) }
  const onDetach = whenLeft(services, tab.document)
  return begin(services, tab, () => services.client.startRun(tab.spell, inputs, { ...options, onDetach }))
}

/** Starts a run that branches off an earlier one, after entry `seq`, or with `from` and what depends on it run anew. */
export function fork(
  services: RunServices,
  tab: RunnableTab,
  base: string,
  where: { readonly seq?: number; readonly from?: string },
): Promise<RunHandle | undefined> {
  const options = { ...optionsOf(tab.id), onDetach: whenLeft(services, tab.document) }
  return begin(services, tab, () => services.client.forkRun(base, { ...where, options }))
}

/** What becomes of a spell's runs when the page is closed: what may wait for a person goes on without it. */
export function whenLeft({ registry }: Pick<RunServices, 'registry'>, { nodes }: SpellDocument): 'finish' | 'cancel' {
  return Object.values(nodes).some(({ type }) => registry.get(type)?.afterWait !== undefined) ? 'finish' : 'cancel'
}

async function begin(
  services: RunServices,
  tab: RunnableTab,
  call: () => Promise<RunHandle>,
): Promise<RunHandle | undefined> {
  if (runOf(tab.id).starting) return undefined
  update(tab.id, { starting: true, error: undefined })
  try {
    const problems = await services.client.editSpell(
      tab.spell,
      tab.dirty ? (tab.document as unknown as JsonObject) : null,
    )
    if (problems.length > 0) {
      update(tab.id, { starting: false, error: { message: 'This spell cannot run yet.', problems } })
      return undefined
    }
    const handle = await call()
    const documents = follow(services, tab.id, handle, { document: tab.document })
    keep(services, handle.run.id, documents)
    documents.then(
      known => tellIgnored(tab.id, known),
      () => undefined,
    )
    return handle
  } catch (error) {
    update(tab.id, { starting: false, error: toError(error) })
    return undefined
  }
}

/** Pins of nodes that are not there do nothing: whoever set them should know. */
function tellIgnored(tab: string, known: RunDocuments): void {
  const ignored = Object.keys(keptOf(tab).pins).filter(path => {
    const parts = path.split('/')
    const id = parts.pop() ?? ''
    const document = documentAt(known, parts)
    return !document || !Object.hasOwn(document.nodes, id)
  })
  if (ignored.length > 0)
    say(
      `${ignored.length === 1 ? 'A pin was' : 'Pins were'} ignored, there is no such node: ${ignored.join(', ')}`,
      'warn',
    )
}

/** Shows a run of the spell that goes on elsewhere, or ended before. */
export async function watch(services: RunServices, tab: RunnableTab, run: RunRecord): Promise<void> {
  update(tab.id, { error: undefined })
  try {
    const handle = await services.client.watchRun(run.id)
    void follow(services, tab.id, handle, await ranBy(services, tab, run))
  } catch (error) {
    update(tab.id, { error: toError(error) })
  }
}

function follow(
  services: RunServices,
  tab: string,
  handle: RunHandle,
  given: Partial<RunDocuments> & Pick<RunDocuments, 'document'>,
): Promise<RunDocuments> {
  // The sub-spells are there for whoever steps in before the run has ended.
  const documents = documentsOfRun(services, handle.run.id, given)
  attach(tab, handle, given, verified => {
    const { blobs = {} } = verified
    update(tab, { run: { ...handle.run, ...recordOf(verified) }, blobs })
    // Only what the run follows from is what it was a run of.
    void repeat(services, tab, verified, documents).then(
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
  return documents
}

function recordOf({ terminal, lastSeq, digest }: VerifiedRun): Partial<RunRecord> {
  const status =
    terminal.kind === 'run.completed' ? 'completed' : terminal.kind === 'run.failed' ? 'failed' : 'cancelled'
  return {
    status,
    lastSeq,
    digest,
    endedAt: terminal.at,
    ...(terminal.kind === 'run.failed' ? {} : { outputs: terminal.outputs ?? {} }),
  }
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

/** What was refused, in words and by place. */
export function toError(error: unknown): NonNullable<ReturnType<typeof runOf>['error']> {
  const problems =
    typeof error === 'object' && error !== null && 'problems' in error && Array.isArray(error.problems)
      ? (error.problems as { path: string; message: string }[])
      : []
  return { message: error instanceof Error ? error.message : String(error), problems }
}
