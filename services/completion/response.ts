import type { CompleteResponse } from '#gen/spellmesh/completion/v1/completion.ts'
import type { AnswerPart } from './answers.ts'

/** A part as the contract has it. */
export function toResponse(part: AnswerPart): CompleteResponse {
  if ('text' in part) return { part: { $case: 'text', value: part.text } }
  if ('reasoning' in part) return { part: { $case: 'reasoning', value: part.reasoning } }
  if ('toolCall' in part) return { part: { $case: 'toolCall', value: { ...part.toolCall } } }
  if ('restart' in part) return { part: { $case: 'restart', value: part.restart } }
  if ('notice' in part) return { part: { $case: 'notice', value: part.notice } }
  const { reason, model, usage, budget = '' } = part
  const { cachedTokens = 0, reasoningTokens = 0, ...rest } = usage
  return {
    part: { $case: 'finish', value: { reason, model, budget, usage: { ...rest, cachedTokens, reasoningTokens } } },
  }
}
