import type { DeepPartial, SuggestRequest, SuggestResponse, Suggestion } from '#gen/spellmesh/entity/v1/entity.ts'
import { isCoded } from '#mesh/errors.ts'
import { toMessage } from '../answer.ts'
import { createChecks } from '../checks.ts'
import { likely } from '../finding.ts'
import { foldName } from '../names.ts'
import type { EntityReads } from '../store.ts'
import { ask } from './ask.ts'
import type { Asking, Read } from './ask.ts'
import { readText } from './mentions.ts'
import type { Reading } from './mentions.ts'
import { sliceText } from './slices.ts'

const KINDS = ['person', 'organisation', 'place', 'thing']
const MOST_CHARACTERS = 50_000
const MOST_KINDS = 32
/** What a model reads at once. */
const SLICE = 8_000
/** Pieces that are read at the same time. */
const AT_ONCE = 4
const MOST_SUGGESTIONS = 100
const MOST_NAME = 200
/** From here on it may be the known one. */
const KNOWN = 0.7

/** Checks a request. Throws INVALID_ARGUMENT with every bad field. */
export function readSuggest({ text, model, kinds }: SuggestRequest): Pick<SuggestRequest, 'text' | 'model' | 'kinds'> {
  const checks = createChecks()
  checks.text('text', text, { least: 1, most: MOST_CHARACTERS })
  checks.text('model', model, { most: 200 })
  if (kinds.length > MOST_KINDS) checks.refuse('kinds', `${kinds.length} kinds: at most ${MOST_KINDS}`)
  else kinds.forEach((kind, index) => checks.kind(`kinds[${index}]`, kind))
  checks.end()
  return { text, model, kinds: kinds.length === 0 ? KINDS : [...new Set(kinds)] }
}

/** Whom and what a text speaks of, each with the known one that it may be. A text that is long is read in pieces: what is read of some of them is answered where others fail. */
export async function suggest(
  { text, model, kinds }: ReturnType<typeof readSuggest>,
  owner: string,
  { store, ...asking }: Omit<Asking, 'model' | 'kinds'> & { readonly store: Pick<EntityReads, 'named' | 'sharing'> },
): Promise<DeepPartial<SuggestResponse>> {
  const slices = sliceText(text, SLICE)
  const read = await readAll(slices, (slice, place) => ask(slice, place, { ...asking, model, kinds }))
  const answers = read.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  const failures = read.flatMap((one, place) =>
    one.status === 'rejected' ? [{ place, error: one.reason as Error }] : [],
  )
  const [first] = failures
  // A caller that is gone, or whose every part failed, has no use for the rest.
  if (first && (answers.length === 0 || !isCoded(first.error) || asking.call.signal.aborted)) throw first.error
  const notices = failures.map(
    ({ place, error }) => `part ${place + 1} of ${slices.length} of the text was not read: ${error.message}`,
  )
  const reading = readText(text)
  const suggestions: DeepPartial<Suggestion>[] = []
  for (const read of joined(
    answers.flatMap(answer => answer.read),
    reading,
  )) {
    if (suggestions.length === MOST_SUGGESTIONS) break
    suggestions.push(await toSuggestion(read, reading, owner, store))
  }
  return {
    suggestions,
    model: answers.at(-1)?.model ?? '',
    notices: [...new Set([...answers.flatMap(answer => answer.notices), ...notices])],
  }
}

/** A few at a time, all of them, in their order. */
async function readAll<T>(
  slices: readonly string[],
  read: (slice: string, place: number) => Promise<T>,
): Promise<readonly PromiseSettledResult<T>[]> {
  const results: PromiseSettledResult<T>[] = []
  for (let from = 0; from < slices.length; from += AT_ONCE)
    results.push(
      ...(await Promise.allSettled(
        slices.slice(from, from + AT_ONCE).map((slice, index) => read(slice, from + index)),
      )),
    )
  return results
}

/** Each once, in the order of the text; those left out of which the text has no word. */
function joined(all: readonly Read[], reading: Reading): readonly Read[] {
  const byName = new Map<string, Read>()
  for (const read of all) {
    const name = read.name.trim()
    const folded = foldName(name)
    if (folded === '' || name.length > MOST_NAME || !reading.hasWordOf(name)) continue
    const before = byName.get(folded)
    byName.set(folded, before ? both(before, read) : { ...read, name })
  }
  const abouts = [...byName.values()].map(({ about }) => about)
  const firstOf = ({ name }: Read) => reading.placesOf(name)[0]?.from ?? Infinity
  return [...byName.values()]
    .map(read => ({
      ...read,
      // What is said of several tells of none of them.
      about: abouts.indexOf(read.about) === abouts.lastIndexOf(read.about) ? read.about : '',
      facts: read.facts.filter(({ key, value }) => key !== '' && value !== '' && key !== value),
    }))
    .toSorted((a, b) => (firstOf(a) < firstOf(b) ? -1 : firstOf(a) > firstOf(b) ? 1 : 0))
}

function both(one: Read, other: Read): Read {
  return {
    ...one,
    about: one.about || other.about,
    facts: [...one.facts, ...other.facts],
  }
}

async function toSuggestion(
  { kind, name, about, facts }: Read,
  reading: Reading,
  owner: string,
  store: Pick<EntityReads, 'named' | 'sharing'>,
): Promise<DeepPartial<Suggestion>> {
  const attributes = Object.fromEntries(facts.map(({ key, value }) => [key, value]))
  const [ofKind] = await likely(store, owner, { name, kind }, 1)
  const [known] = ofKind && ofKind.likeness >= KNOWN ? [ofKind] : await likely(store, owner, { name, kind: '' }, 1)
  return {
    entity: {
      ...{ kind, name, about },
      attributes: Buffer.from(JSON.stringify(attributes)),
    },
    mentions: [...reading.placesOf(name)],
    ...(known && known.likeness >= KNOWN ? { known: toMessage(known.row), likeness: known.likeness } : {}),
  }
}
