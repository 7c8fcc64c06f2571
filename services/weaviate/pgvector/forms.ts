import { setImmediate } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { toQuery } from './store.ts'

/** The words of a text in their order, and Postgres's name for the forms of its language's words; null: words are as they are. */
export interface Worded {
  readonly words: readonly string[]
  readonly configuration: string | null
}

/** What Postgres makes of a word. */
export interface WordForms {
  readonly word: string
  /** As it is: one term, rarely none or several. */
  readonly own: readonly string[]
  /** By the rules of a language; none of a word that says nothing there. Null: no rules were asked for. */
  readonly forms: readonly string[] | null
}

export interface FormsStore {
  formsOf(words: readonly string[], configuration: string | null): Promise<readonly WordForms[]>
}

/** Makes of each text what its words are found in, of Postgres's tsvector. */
export type ToVectors = (texts: readonly Worded[]) => Promise<readonly string[]>

/** Few words make up nearly all of what is written. */
const KEPT_WORDS = 30_000
const ASKED_AT_ONCE = 2_000

/** Postgres is asked for the forms of each word once, not for each time that it occurs: to make them is most of the work. */
export function createToVectors(store: FormsStore): ToVectors {
  const known = new LRUCache<string, WordForms>({ max: KEPT_WORDS })

  async function formsOf(words: ReadonlySet<string>, configuration: string | null) {
    const found = new Map<string, WordForms>()
    const unknown: string[] = []
    for (const word of words) {
      const kept = known.get(`${configuration} ${word}`)
      if (kept) found.set(word, kept)
      else unknown.push(word)
    }
    for (let at = 0; at < unknown.length; at += ASKED_AT_ONCE) {
      if (at > 0) await setImmediate()
      for (const one of await store.formsOf(unknown.slice(at, at + ASKED_AT_ONCE), configuration)) {
        known.set(`${configuration} ${one.word}`, one)
        found.set(one.word, one)
      }
    }
    return found
  }

  return async texts => {
    const forms = new Map<string | null, ReadonlyMap<string, WordForms>>()
    for (const [configuration, some] of Map.groupBy(texts, one => one.configuration))
      forms.set(configuration, await formsOf(new Set(some.flatMap(({ words }) => words)), configuration))
    return texts.map(({ words, configuration }) => toVector(words, forms.get(configuration) ?? NO_FORMS))
  }
}
const NO_FORMS: ReadonlyMap<string, WordForms> = new Map()

/** Postgres tells no more places in a text apart. */
const LAST_PLACE = 16_383
/** Nor keeps more of one term. */
const MOST_PLACES = 255

type Places = Map<string, number[]>

/** A word stands in it by its forms; as it is only where no form of any word is the same. */
function toVector(words: readonly string[], forms: ReadonlyMap<string, WordForms>): string {
  const own: Places = new Map()
  const formed: Places = new Map()
  for (const [index, word] of words.entries()) {
    const one = forms.get(word)
    const place = Math.min(index + 1, LAST_PLACE)
    for (const term of one?.own ?? []) put(own, term, place)
    for (const term of one?.forms ?? []) put(formed, term, place)
  }
  const parts: string[] = []
  for (const [term, places] of formed) parts.push(`${toQuery(term)}:${places.join(',')}`)
  for (const [term, places] of own) if (!formed.has(term)) parts.push(`${toQuery(term)}:${places.join(',')}`)
  return parts.join(' ')
}

function put(places: Places, term: string, place: number): void {
  const known = places.get(term)
  if (!known) places.set(term, [place])
  else if (known.length < MOST_PLACES) known.push(place)
}
