import { isCoded } from '#mesh/errors.ts'
import type { Knowledge } from '#mesh/knowledge.ts'
import { fits, isCheckedAfter } from './fields.ts'
import { lookUp, MOST_FOUND } from './lookup.ts'
import type { Candidate, Store } from './lookup.ts'
import type { Answer, Asking, Found, Source } from './source.ts'
import type { Wish } from './wish.ts'

/** What is found, without its place. */
export type Fact = Omit<Found, 'source' | 'places' | 'score'>

/** How one kind of knowledge is looked for. */
export interface Kind {
  readonly name: Knowledge
  /** The models of its vectors; an empty one: of what has none. */
  models(wish: Wish, asking: Asking): Promise<readonly string[]>
  /** What these are now; what is gone is left out. */
  facts(ids: readonly string[], asking: Asking): Promise<readonly Fact[]>
}

/** What is asked for at first: some of it may be gone. */
const LEAST_FOUND = 50
const FACTS_AT_ONCE = 40

/** A source whose objects are in the vector store, and whose truth is with the service that owns them. */
export function createKnowledgeSource(store: Store, kind: Kind): Source {
  return {
    async find(wish, asking) {
      const models = await kind.models(wish, asking)
      const first = isCheckedAfter(kind.name, wish)
        ? MOST_FOUND
        : Math.min(MOST_FOUND, Math.max(LEAST_FOUND, 2 * wish.limit))
      const facts = createFacts(kind, asking)
      const look = async (limit: number) => {
        const looked = await lookUp(store, { kind: kind.name, models, limit }, wish, asking)
        return { ...looked, found: await take(looked.candidates, kind.name, wish, facts) }
      }
      let looked = await look(first)
      if (looked.found.length < wish.limit && looked.more && first < MOST_FOUND) looked = await look(MOST_FOUND)
      const isCut = looked.found.length < wish.limit && looked.more
      return {
        found: looked.found,
        notices: [
          ...looked.notices,
          ...noticesOf(kind.name, models, wish),
          ...(isCut ? [`${kind.name}: only the ${MOST_FOUND} nearest were looked at`] : []),
        ],
      } satisfies Answer
    },
  }
}

function noticesOf(kind: Knowledge, models: readonly string[], { mode }: Wish): readonly string[] {
  if (mode !== 'vector' || kind !== 'documents' || !models.includes('')) return []
  return ['documents: some pieces have no vectors and are found by words alone']
}

/** The first that are there, fit and are not too many of one document. */
async function take(
  candidates: readonly Candidate[],
  kind: Knowledge,
  wish: Wish,
  facts: Facts,
): Promise<readonly Found[]> {
  const found: Found[] = []
  const ofDocument = new Map<string, number>()
  for (let at = 0; at < candidates.length && found.length < wish.limit; at += FACTS_AT_ONCE) {
    const some = candidates.slice(at, at + FACTS_AT_ONCE)
    const known = await facts(some.map(({ id }) => id))
    for (const { id, places, score } of some) {
      const fact = known.get(id)
      if (!fact || found.length >= wish.limit || !fits(kind, wish, fact.metadata)) continue
      const document = fact.documentId ?? ''
      const before = ofDocument.get(document) ?? 0
      if (document !== '' && wish.perDocument > 0 && before >= wish.perDocument) continue
      ofDocument.set(document, before + 1)
      found.push({ ...fact, source: kind, places, score })
    }
  }
  return found
}

type Facts = (ids: readonly string[]) => Promise<ReadonlyMap<string, Fact>>

/** Asks for each once. An answer that is too large for one message is asked for in halves. */
function createFacts(kind: Kind, asking: Asking): Facts {
  const known = new Map<string, Fact>()
  const asked = new Set<string>()
  const ask = async (ids: readonly string[]): Promise<readonly Fact[]> => {
    if (ids.length === 0) return []
    try {
      return await kind.facts(ids, asking)
    } catch (error) {
      if (!isCoded(error, 'RESOURCE_EXHAUSTED') || ids.length === 1) throw error
      const half = Math.ceil(ids.length / 2)
      return [...(await ask(ids.slice(0, half))), ...(await ask(ids.slice(half)))]
    }
  }
  return async ids => {
    const fresh = ids.filter(id => !asked.has(id))
    for (const id of fresh) asked.add(id)
    for (const fact of await ask(fresh)) known.set(fact.id, fact)
    return known
  }
}
