import type { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { exhausted } from '#mesh/errors.ts'
import type { Handlers } from '#mesh/service.ts'
import type { AskPart } from './provider.ts'

type Response =
  ReturnType<Handlers<typeof HuggingfaceServiceDefinition>['run']> extends AsyncIterable<infer R> ? R : never

/** A part of an answer as it goes over the wire. */
export function toResponse(part: AskPart): Response {
  if ('text' in part) return { part: { $case: 'text', value: part.text } }
  if ('reasoning' in part) return { part: { $case: 'reasoning', value: part.reasoning } }
  if ('data' in part) return { part: { $case: 'data', value: part.data } }
  if ('result' in part) return { part: { $case: 'result', value: toJson(part.result) } }
  if ('progress' in part) {
    const { progress: text, fraction } = part
    return { part: { $case: 'progress', value: fraction === undefined ? { text } : { text, fraction } } }
  }
  const { model, mediaType = '', inputTokens = 0, outputTokens = 0, reason = '' } = part
  return { part: { $case: 'finish', value: { model, mediaType, inputTokens, outputTokens, reason } } }
}

/** What fits into one message. */
const MOST_RESULT_BYTES = 3 * 1024 * 1024

function toJson(result: unknown): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(result))
  if (bytes.length > MOST_RESULT_BYTES)
    throw exhausted(`the result has ${bytes.length} bytes; at most ${MOST_RESULT_BYTES}`)
  return bytes
}
