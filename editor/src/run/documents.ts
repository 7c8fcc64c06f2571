import type { RunRecord } from '#client/index.ts'
import type { RestClient } from '#client/types.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Library } from '#graph/library.ts'
import { documentsOf, keepDocuments } from '../offline/run-documents.ts'
import type { RunDocuments } from '../offline/run-documents.ts'
import { loadLibrary, referencesOf } from './library.ts'

interface Sources {
  readonly rest: RestClient
  readonly account: { readonly id: string }
}

/** What a run was a run of: as this browser has kept it, else as the server has it. Without either, what the tab shows. */
export async function ranBy(
  { rest, account }: Sources,
  tab: { readonly document: SpellDocument },
  run: RunRecord,
): Promise<Partial<RunDocuments> & Pick<RunDocuments, 'document'>> {
  const kept = await documentsOf(account.id, run.id).catch(() => undefined)
  if (kept) return kept
  return fromServer(rest, run.id).catch(() => ({ document: tab.document }))
}

async function fromServer(rest: RestClient, run: string): Promise<RunDocuments> {
  const { document, library } = await rest.runDocuments(run)
  return { document: document as unknown as SpellDocument, library: library as unknown as Library }
}

/** The documents of a run that has begun: its sub-spells in the revisions that it runs. */
export async function documentsOfRun(
  { rest }: Sources,
  run: string,
  { document, library }: Partial<RunDocuments> & Pick<RunDocuments, 'document'>,
): Promise<RunDocuments> {
  if (library) return { document, library }
  if (referencesOf(document).length === 0) return { document, library: {} }
  const found = await fromServer(rest, run).catch(async () => ({ library: await loadLibrary(rest, document) }))
  return { document, library: found.library }
}

/** Keeps them in this browser. */
export function keep({ account }: Sources, run: string, documents: Promise<RunDocuments>): void {
  // Without a store there is the server.
  documents.then(known => keepDocuments(account.id, run, known)).catch(() => undefined)
}
