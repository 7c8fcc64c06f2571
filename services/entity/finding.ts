import { foldName, gramsOf, likenessOf } from './names.ts'
import type { EntityReads, EntityRow } from './store.ts'

/** One that may be meant. */
export interface Likely {
  readonly row: EntityRow
  /** 1: it is called that. */
  readonly likeness: number
}

const CANDIDATES = 64
/** What is less alike is not told. */
const LEAST = 0.5

/** Who may be meant by a name, the likeliest first: those that are called that, by name before those by alias, then those whose names are near. At most `limit`. */
export async function likely(
  store: Pick<EntityReads, 'named' | 'sharing'>,
  owner: string,
  { name, kind }: { name: string; kind: string },
  limit: number,
): Promise<readonly Likely[]> {
  const folded = foldName(name)
  const exact = await store.named(owner, folded, kind)
  const near = await store.sharing(owner, gramsOf([folded]), kind, CANDIDATES)
  const known = new Set(exact.map(({ id }) => id))
  const scored = near
    .filter(({ id }) => !known.has(id))
    .map(row => ({ row, likeness: likenessTo(row, folded) }))
    .filter(({ likeness }) => likeness >= LEAST)
    .toSorted((a, b) => b.likeness - a.likeness)
  return [...exact.map(row => ({ row, likeness: 1 })), ...scored].slice(0, limit)
}

function likenessTo({ name, aliases }: EntityRow, folded: string): number {
  return Math.max(...[name, ...aliases].map(called => likenessOf(folded, foldName(called))))
}
