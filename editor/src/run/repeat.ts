import { hydrate } from '#graph/blob.ts'
import type { Registry } from '#graph/define.ts'
import type { Entry } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { libraryOf } from '#graph/library.ts'
import { compile } from '#graph/plan.ts'
import { DivergenceError, replay } from '#graph/replay.ts'
import type { RunDocuments } from '../offline/run-documents.ts'
import { runOf, update } from './store.ts'

/** Entries, and the large values that they refer to. */
interface Journal {
  readonly entries: readonly Entry[]
  readonly blobs?: Readonly<Record<string, Json>>
}

/** The browser's own run: the same engine over the same graph, with every node answering what it answered then. Answers whether it came out the same. */
export async function repeat(
  { registry }: { readonly registry: Registry },
  tab: string,
  { entries, blobs = {} }: Journal,
  documents: RunDocuments | Promise<RunDocuments>,
): Promise<boolean> {
  const { generation } = runOf(tab)
  update(tab, { replay: { state: 'checking' } })
  const isCurrent = () => runOf(tab).generation === generation
  try {
    const { document, library } = await documents
    const plan = compile(document, registry, { library: libraryOf(library) })
    const { inputs } = runOf(tab)
    const isLarge = Object.keys(blobs).length > 0
    const whole = isLarge ? entries.map(entry => hydrate(entry, hash => blobs[hash])) : entries
    await replay(plan, whole, {
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
