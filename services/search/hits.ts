import type { SearchResponse } from '#gen/spellmesh/search/v1/search.ts'
import { highlight } from './highlight.ts'
import { toJson } from './json.ts'
import type { Ranked } from './rerank.ts'
import type { QueryWords } from './words.ts'

type Hit = SearchResponse['hits'][number]

/** What was found, as it is told: with the query's words and the reasons of its place. */
export function toHit(found: Ranked, query: QueryWords): Hit {
  const { text, highlights, words: inText } = highlight(found.text, query)
  const { words: above } = highlight([found.title, ...(found.headings ?? [])].join('\n'), query)
  const words = query.words.filter(word => inText.includes(word) || above.includes(word))
  const { similarity, vectorRank, wordRank } = found.places
  const { rerankScore } = found
  return {
    source: found.source,
    id: found.id,
    title: found.title,
    text,
    highlights: highlights.map(one => ({ ...one })),
    score: found.score,
    reason: {
      vectorRank,
      wordRank,
      words,
      text: reasonOf(found, words),
      ...(similarity === undefined ? {} : { similarity }),
      ...(rerankScore === undefined ? {} : { rerankScore }),
    },
    documentId: found.documentId ?? '',
    collection: found.collection ?? '',
    page: found.page ?? 0,
    headings: [...(found.headings ?? [])],
    url: found.url ?? '',
    type: found.type ?? '',
    at: found.at,
    metadata: toJson(bounded(found.metadata)),
  }
}

const MOST_METADATA = 8_192
const MOST_VALUE = 500

/** A hundred hits are one message: of metadata that is large, only the small values. */
function bounded(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (JSON.stringify(metadata).length <= MOST_METADATA) return metadata
  let left = MOST_METADATA
  return Object.fromEntries(
    Object.entries(metadata).filter(([key, value]) => {
      const size = key.length + JSON.stringify(value).length
      if (size > MOST_VALUE || size > left) return false
      left -= size
      return true
    }),
  )
}

function reasonOf({ places, rerankScore, metadata, source }: Ranked, words: readonly string[]): string {
  const { similarity, vectorRank, wordRank, webRank = 0 } = places
  const provider = typeof metadata['provider'] === 'string' ? metadata['provider'] : source
  const alike = similarity === undefined ? '' : ` (${similarity.toFixed(2)} alike)`
  const said = words.length === 0 ? '' : ` (${words.slice(0, 8).join(', ')}${words.length > 8 ? ' …' : ''})`
  const parts = [
    ...(vectorRank > 0 ? [`${ordinal(vectorRank)} by meaning${alike}`] : []),
    ...(wordRank > 0 ? [`${ordinal(wordRank)} by words${said}`] : []),
    ...(webRank > 0 ? [`${ordinal(webRank)} of ${provider}${said}`] : []),
  ]
  const judged = rerankScore === undefined ? '' : `; judged ${rerankScore.toFixed(2)} by the rerank`
  return `${parts.join(', ')}${judged}`
}

function ordinal(rank: number): string {
  const tens = rank % 100
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][rank % 10] ?? 'th')
  return `${rank}${ending}`
}
