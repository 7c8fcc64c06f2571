// Questions to language models: what the nodes of ai/ have in common.
import { NodeFailure } from '#graph/define.ts'
import type { NodeContext, Schema, Sockets } from '#graph/define.ts'
import type { Usage } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import '../services.ts'

/** What any question may be set to. */
export const QUESTION_CONFIG = {
  model: { type: 'string', title: 'Model', format: 'model', default: '', description: 'Empty: the default model' },
  system: { type: 'string', title: 'Instructions', format: 'multiline', default: '' },
  temperature: { type: 'number', title: 'Temperature', minimum: 0, maximum: 2 },
  maxTokens: { type: 'integer', title: 'Most tokens', minimum: 1 },
  stop: { type: 'array', title: 'Stop at', items: { type: 'string', minLength: 1 }, maxItems: 4, default: [] },
  seed: { type: 'integer', title: 'Seed', minimum: 0, maximum: 4_294_967_295 },
} as const satisfies Readonly<Record<string, Schema>>

/** What any question takes over wires. */
export const QUESTION_INPUTS = {
  prompt: { type: 'string', required: true, about: 'What is asked' },
  system: { type: 'string', about: 'In place of the instructions in the settings' },
  messages: { type: 'array', about: 'What was said before: `{role, content}` each' },
} as const satisfies Sockets

/** What any answer gives at its end. */
export const ANSWER_OUTPUTS = {
  text: { type: 'string', about: 'The whole answer' },
  model: { type: 'string', about: 'Who answered' },
  reason: { type: 'string', about: '`stop`, `length` or `filtered`' },
} as const satisfies Sockets

interface QuestionConfig {
  readonly model: string
  readonly system: string
  readonly temperature: number | undefined
  readonly maxTokens: number | undefined
  readonly stop: readonly string[]
  readonly seed: number | undefined
}
interface QuestionInputs {
  readonly prompt: string
  readonly system?: string | undefined
  readonly messages?: readonly Json[] | undefined
}

/** How an answer ended. */
export interface AnswerEnd {
  readonly model: string
  readonly reason: string
  readonly usage: Usage
}

/**
 * Asks, and gives the answer piece by piece; each is also streamed into the node (`token`). Returns how it ended. The model is read from no faster than the
 * pieces are taken. Throws `UNAVAILABLE` where the answer breaks off, and the service’s own codes.
 */
export async function* answerTo(
  { prompt, system, messages }: QuestionInputs,
  { config, services, signal, token, idempotencyKey }: NodeContext<QuestionConfig>,
): AsyncGenerator<string, AnswerEnd> {
  const { model, temperature, maxTokens, stop, seed } = config
  const instructions = system ?? config.system
  const request = {
    model,
    messages: [
      ...(instructions === '' ? [] : [{ role: 'system', content: instructions }]),
      ...(messages ?? []).map(toMessage),
      { role: 'user', content: prompt },
    ],
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(seed === undefined ? {} : { seed }),
    stop,
  }
  const options = { signal, metadata: { 'idempotency-key': idempotencyKey } }
  for await (const { part } of services.completion.complete(request, options)) {
    if (part?.$case === 'text') {
      token(part.value)
      yield part.value
    } else if (part?.$case === 'finish') {
      const { reason, usage, model: answered } = part.value
      return { model: answered, reason, usage: { ...usage, model: answered } }
    }
  }
  throw new NodeFailure('UNAVAILABLE', 'the model’s answer broke off')
}

function toMessage(given: Json): { role: string; content: string } {
  const { role, content } = isObject(given) ? given : {}
  if (typeof role === 'string' && typeof content === 'string') return { role, content }
  throw new NodeFailure('BAD_INPUT', `"messages": expected {role, content} with texts, got ${JSON.stringify(given)}`, {
    retry: false,
  })
}
