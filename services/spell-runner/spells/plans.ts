import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Registry } from '#graph/define.ts'
import type { SpellDocument } from '#graph/document.ts'
import { libraryKey, libraryOf } from '#graph/library.ts'
import type { Plan } from '#graph/plan.ts'
import { compile, PlanError } from '#graph/plan.ts'
import { invalid } from '#mesh/errors.ts'
import type { SpellStore, SpellWithDocument } from './store.ts'

/** Which sub-spells a plan was made with, by graph's `libraryKey`: enough to make it again. */
export type Library = Readonly<Record<string, readonly [spell: string, revision: number]>>

/** A plan, and what it was made from. */
export interface CompiledSpell {
  readonly plan: Plan
  readonly library: Library
  /** Whether its nodes may read or write the spell's state. */
  readonly usesState: boolean
}

/** Plans of documents, shared by all runs, sessions and users with the same text. */
export interface Plans {
  /** Throws INVALID_ARGUMENT with every problem. */
  compile(owner: string, document: SpellDocument, text: string): Promise<CompiledSpell>
  /** The same with the sub-spells of an earlier time: for resuming. */
  compileWith(owner: string, document: SpellDocument, library: Library): Promise<CompiledSpell>
}

const MOST_SUB_SPELLS = 100

export function createPlans(store: SpellStore, registry: Registry): Plans {
  // Documents with sub-spells are not kept: what they mean depends on other documents.
  const kept = new LRUCache<string, CompiledSpell>({ max: 500 })
  return {
    async compile(owner, document, text) {
      if (referencesOf(document).length > 0)
        return withLibrary(await resolve(store, owner, document), document, registry)
      const hash = hashOf(text)
      const known = kept.get(hash)
      if (known) return known
      const made = withLibrary(new Map(), document, registry)
      kept.set(hash, made)
      return made
    },
    async compileWith(owner, document, library) {
      const found = new Map<string, SpellWithDocument>()
      for (const [reference, [spell, revision]] of Object.entries(library)) {
        const row = await store.find(owner, spell, revision)
        if (row) found.set(reference, row)
      }
      return withLibrary(found, document, registry)
    },
  }
}

/** The hash that drafts and plans are known by. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function withLibrary(
  found: ReadonlyMap<string, SpellWithDocument>,
  document: SpellDocument,
  registry: Registry,
): CompiledSpell {
  const documents = new Map(
    [...found].map(([reference, { document: text }]) => [reference, JSON.parse(text) as SpellDocument]),
  )
  try {
    const plan = compile(document, registry, { library: libraryOf(Object.fromEntries(documents)) })
    return {
      plan,
      library: Object.fromEntries([...found].map(([reference, { id, revision }]) => [reference, [id, revision]])),
      usesState: [document, ...documents.values()].some(hasState),
    }
  } catch (error) {
    if (error instanceof PlanError) throw invalid(error.problems)
    throw error
  }
}

function hasState({ nodes, state }: SpellDocument): boolean {
  return (
    Object.keys(state).length > 0 ||
    Object.values(nodes).some(({ type }) => type.startsWith('state/') || type.startsWith('code/'))
  )
}

function referencesOf({ nodes }: SpellDocument): readonly { reference: string; revision?: number }[] {
  return Object.values(nodes).flatMap(({ type, config }) => {
    const { spell, revision } = config ?? {}
    if (type !== 'flow/sub-spell' || typeof spell !== 'string' || spell === '') return []
    return [{ reference: spell, ...(typeof revision === 'number' && revision > 0 ? { revision } : {}) }]
  })
}

/** Finds the documents that a document calls, and those that they call. */
async function resolve(
  store: SpellStore,
  owner: string,
  document: SpellDocument,
): Promise<Map<string, SpellWithDocument>> {
  const found = new Map<string, SpellWithDocument>()
  const open = [...referencesOf(document)]
  for (let next = open.pop(); next; next = open.pop()) {
    const key = libraryKey(next.reference, next.revision)
    if (found.has(key)) continue
    if (found.size >= MOST_SUB_SPELLS) throw invalid(`more than ${MOST_SUB_SPELLS} sub-spells`)
    const row = await store.findByReference(owner, next.reference, next.revision)
    if (!row) continue
    found.set(key, row)
    open.push(...referencesOf(JSON.parse(row.document) as SpellDocument))
  }
  return found
}
