import type { SpellRecord } from '#client/index.ts'
import type { RestClient } from '#client/types.ts'
import type { SpellDocument } from '#graph/document.ts'
import { libraryKey } from '#graph/library.ts'
import type { Library } from '#graph/library.ts'

/** The documents, as they are now, of all sub-spells that a document names, and of theirs. What is not found is not in it. */
export async function loadLibrary(rest: RestClient, document: SpellDocument): Promise<Library> {
  const found: Record<string, SpellDocument> = {}
  const open = [...referencesOf(document)]
  if (open.length === 0) return found
  const spells = await allSpells(rest)
  for (let next = open.pop(); next; next = open.pop()) {
    const { reference, revision } = next
    const key = libraryKey(reference, revision)
    if (Object.hasOwn(found, key)) continue
    const record = spells.find(({ id }) => id === reference) ?? spells.find(({ name }) => name === reference)
    if (!record) continue
    const inner = (await rest.getSpell(record.id, revision)).document as unknown as SpellDocument | undefined
    if (!inner) continue
    found[key] = inner
    open.push(...referencesOf(inner))
  }
  return found
}

/** The sub-spells that a document names. */
export function referencesOf({ nodes }: SpellDocument): readonly { reference: string; revision?: number }[] {
  return Object.values(nodes).flatMap(({ type, config }) => {
    const { spell, revision } = config ?? {}
    if (type !== 'flow/sub-spell' || typeof spell !== 'string' || spell === '') return []
    return [{ reference: spell, ...(typeof revision === 'number' && revision > 0 ? { revision } : {}) }]
  })
}

/** Latest change first, as the server resolves names. */
async function allSpells(rest: RestClient): Promise<readonly SpellRecord[]> {
  const all: SpellRecord[] = []
  for (let page = ''; ;) {
    const { spells, nextPage } = await rest.listSpells({ pageSize: 200, ...(page === '' ? {} : { page }) })
    all.push(...spells)
    if (nextPage === '') return all
    page = nextPage
  }
}
