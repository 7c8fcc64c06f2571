import type { IndexedThing } from '#mesh/indexing.ts'
import { toTexts } from '#mesh/knowledge.ts'
import type { EntityReads, EntityRow } from './store.ts'

const MOST_CHARACTERS = 8_000

/** What the vector store is to have of entities; those that were merged away are the others' now. */
export async function readIndexed(
  store: Pick<EntityReads, 'many'>,
  owner: string,
  ids: readonly string[],
): Promise<readonly IndexedThing[]> {
  const rows = await store.many(owner, ids)
  return rows.filter(({ mergedInto }) => mergedInto === undefined).map(toThing)
}

function toThing({ id, kind, name, aliases, about, attributes, updatedAt }: EntityRow): IndexedThing {
  const told = toTexts(attributes)
  const said = told.map(text => text.replace('=', ': ').replaceAll('_', ' '))
  const text = [name, aliases.join(', '), about, ...said].filter(part => part !== '').join('\n')
  return {
    id,
    text: text.slice(0, MOST_CHARACTERS),
    properties: { kind, name, at: updatedAt, attributes: told },
  }
}
