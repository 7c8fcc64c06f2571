import type { SearchResponse } from '#gen/spellmesh/event/v1/event.ts'
import type { Charge } from '#mesh/charge.ts'
import type { Call } from '#mesh/service.ts'
import { toEvent } from './event.ts'
import type { Meaning } from './meaning.ts'
import { rank } from './rank.ts'
import type { Search } from './request.ts'
import type { EventStore } from './store.ts'

export interface SearchOptions {
  readonly store: EventStore
  readonly meaning: Meaning
  readonly charge: Charge
}

const MOST_HITS = 200
const LEAST_HITS = 50
const MOST_UNINDEXED = 50
const MOST_WORDS = 64
const MANY_WAIT = 'many events are not found by meaning yet, but by their words: they are being indexed'

/** Finds what means something like a text, and what was said just now by its words. While the vector store or the model is away, it is by words alone, and says so. */
export async function search(
  owner: string,
  asked: Search,
  call: Call,
  options: SearchOptions,
): Promise<SearchResponse> {
  const { store, meaning, charge } = options
  const { text, filter, limit, halfLifeMs, recency } = asked
  const most = Math.min(MOST_HITS, Math.max(LEAST_HITS, limit * 5))
  const words = longest(await store.wordsOf(text))
  // This first: what is put into the vector store meanwhile is found there.
  const said = await store.waiting(owner, words, { filter, limit: MOST_UNINDEXED })
  const { hits, notice, isAway } = await meaning(owner, asked, most, { call, charge })
  const found = isAway || !said.all ? await store.withWords(owner, words, { filter, limit: most }) : said.ids
  const ids = [...new Set([...hits.map(({ id }) => id), ...found])]
  const candidates = await store.candidates(owner, ids, words, filter)
  const ranked = rank(candidates, hits, words, { halfLifeMs, recency, now: Date.now() }).slice(0, limit)
  const best = ranked.map(({ id }) => id)
  const { rows } = await store.many(owner, best)
  const byId = new Map(rows.map(row => [row.id, row]))
  return {
    notice: notice === '' && !said.all ? MANY_WAIT : notice,
    found: ranked.flatMap(({ id, score, fit, newness }) => {
      const row = byId.get(id)
      return row ? [{ event: toEvent(row), score, fit, newness }] : []
    }),
  }
}

/** Long words say more than short ones. */
function longest(words: readonly string[]): readonly string[] {
  return words.toSorted((one, other) => other.length - one.length).slice(0, MOST_WORDS)
}
