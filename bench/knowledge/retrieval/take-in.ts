import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { SearchServiceDefinition } from '#gen/spellmesh/search/v1/search.ts'
import type { DeepPartial, SearchRequest } from '#gen/spellmesh/search/v1/search.ts'
import type { Clients } from '#mesh/testing.ts'
import { figuresOf } from './figures.ts'
import type { Figures, Grades } from './figures.ts'
import type { Question, QuestionKind, Theme } from './set.ts'

const COLLECTION = 'retrieval'

/** Uploads each passage as a document of its own, and waits until all are ready. Names and titles say nothing: only texts are searched. */
export async function takeIn(user: Clients, themes: readonly Theme[]): Promise<void> {
  const documents = user.client(DocumentServiceDefinition)
  const passages = themes.flatMap(theme => Object.entries(theme.passages))
  for (const [passage, text] of passages) {
    await documents.upload(
      parts({ collection: COLLECTION, name: 'passage.txt', title: 'Passage', metadata: toJson({ passage }) }, text),
    )
  }
  for await (const _ of documents.watch({ untilDone: true }));
  const failed = (await documents.listDocuments({ collection: COLLECTION, limit: 200 })).documents.filter(
    ({ job }) => job?.state !== 'ready' || job.withoutVectors,
  )
  const [first] = failed
  if (first) throw new Error(`${failed.length} passages are not ready: ${first.job?.state} ${first.job?.message}`)
}

async function* parts(
  options: { collection: string; name: string; title: string; metadata: Uint8Array },
  text: string,
) {
  yield { part: { $case: 'options' as const, value: options } }
  yield { part: { $case: 'data' as const, value: Buffer.from(text) } }
}

const toJson = (value: unknown) => Buffer.from(JSON.stringify(value))

/** Asks a question; how good the order of the first ten is. */
async function ask(user: Clients, [, query, ...given]: Question, how: DeepPartial<SearchRequest>): Promise<Figures> {
  const answer = await user
    .client(SearchServiceDefinition)
    .search({ query, limit: 10, collections: [COLLECTION], ...how })
  const [notice] = answer.notices
  if (notice !== undefined) throw new Error(`"${query}": ${notice}`)
  const order = answer.hits.map(({ metadata }) => {
    const { passage } = JSON.parse(Buffer.from(metadata).toString('utf8')) as { passage: string }
    return passage
  })
  return figuresOf(order, gradesOf(given))
}

/** Two for what answers, one for what helps. */
function gradesOf(given: readonly string[]): Grades {
  return new Map(given.map(one => (one.endsWith(':1') ? [one.slice(0, -2), 1] : [one, 2])))
}

/** How good each mode is for each kind of question. */
interface Asked {
  readonly kind: QuestionKind
  readonly figures: Figures
}

/** All questions, one after the other. */
export async function askAll(
  user: Clients,
  themes: readonly Theme[],
  how: DeepPartial<SearchRequest>,
): Promise<readonly Asked[]> {
  const asked: Asked[] = []
  for (const question of themes.flatMap(theme => theme.questions))
    asked.push({ kind: question[0], figures: await ask(user, question, how) })
  return asked
}
