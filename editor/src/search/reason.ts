import type { ReasonRecord } from '../knowledge/records.ts'

/** Why something was found there, in a few words: `3rd by words, 1st by meaning`. */
export function reasonInWords(reason: ReasonRecord | undefined): string {
  if (!reason) return ''
  const { wordRank, vectorRank, rerankScore } = reason
  const ranks = [
    wordRank > 0 && `${ordinal(wordRank)} by words`,
    vectorRank > 0 && `${ordinal(vectorRank)} by meaning`,
    rerankScore !== undefined && 'put in order by a model',
  ].filter(Boolean)
  return ranks.length > 0 ? ranks.join(', ') : reason.text
}

const PLURALS = new Intl.PluralRules('en', { type: 'ordinal' })
const ENDINGS: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd' }

function ordinal(rank: number): string {
  return `${rank}${ENDINGS[PLURALS.select(rank)] ?? 'th'}`
}
