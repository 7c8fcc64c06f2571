import type { EmbedRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'

const MOST_TEXTS = 256
const MOST_CHARACTERS = 100_000
const LEAST_DIMENSIONS = 8
const MOST_DIMENSIONS = 4_096
/** Below the largest message, with room for what is around the numbers. */
const MOST_ANSWER_BYTES = 4_000_000

/** Checks a request. Throws INVALID_ARGUMENT with every bad field. */
export function readEmbedRequest({ texts, dimensions }: EmbedRequest): void {
  const problems: Problem[] = []
  const refuse = (path: string, message: string) => void problems.push({ path, message })
  if (texts.length === 0) refuse('texts', 'expected at least one')
  if (texts.length > MOST_TEXTS) refuse('texts', `${texts.length} texts; at most ${MOST_TEXTS}`)
  texts.forEach((text, index) => {
    if (text.length > MOST_CHARACTERS)
      refuse(`texts[${index}]`, `is ${text.length} characters long; at most ${MOST_CHARACTERS}`)
  })
  if (dimensions !== undefined && (dimensions < LEAST_DIMENSIONS || dimensions > MOST_DIMENSIONS))
    refuse('dimensions', `${dimensions} is not from ${LEAST_DIMENSIONS} to ${MOST_DIMENSIONS}`)
  if (problems.length > 0) throw invalid(problems)
  if (dimensions !== undefined) refuseLarge(texts.length, dimensions)
}

/** Throws INVALID_ARGUMENT where the answer would be larger than a message may be. */
export function refuseLarge(texts: number, dimensions: number): void {
  const most = Math.floor(MOST_ANSWER_BYTES / (dimensions * 4))
  if (texts > most)
    throw invalid([{ path: 'texts', message: `${texts} texts of ${dimensions} dimensions; at most ${most}` }])
}
