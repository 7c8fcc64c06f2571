import { defineNode } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import {
  ANSWER_OUTPUTS,
  messagesOf,
  OVER_BUDGET,
  QUESTION_CONFIG,
  QUESTION_INPUTS,
  toResult,
  wholeAnswer,
} from '../language/completion.ts'
import { latest, readMessages, saidBy, toJson } from '../language/messages.ts'
import type { Message } from '../language/messages.ts'
import { encodingOf, loadCounter, piecesOf } from '../language/tokens.ts'

export default defineNode({
  title: 'Chat',
  about:
    'Asks a language model in a conversation: what was said before goes along, question and answer are added to it. Old messages leave it first, instructions stay.',
  icon: 'messages-square',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      ...QUESTION_CONFIG,
      key: {
        type: 'string',
        title: 'Remember under',
        default: '',
        description: 'A key of the spell’s state that keeps the conversation, for the next run too; empty: none does',
      },
      mostMessages: {
        type: 'integer',
        title: 'Messages to keep',
        minimum: 0,
        maximum: 10_000,
        default: 40,
        description: '0: all of them',
      },
      mostTokens: {
        type: 'integer',
        title: 'Tokens to keep',
        minimum: 0,
        maximum: 10_000_000,
        default: 0,
        description: '0: any number',
      },
    },
  },
  inputs: {
    ...QUESTION_INPUTS,
    messages: {
      type: 'array',
      about: 'The conversation so far, in place of what is remembered: `{role, content}` each',
    },
  },
  outputs: {
    ...ANSWER_OUTPUTS,
    messages: { type: 'array', about: 'The conversation with question and answer, without instructions' },
  },
  flow: { in: ['in'], out: ['out', OVER_BUDGET] },
  async run({ prompt, system, messages: given, images }, context) {
    const { config, state } = context
    const { key, mostMessages, mostTokens, model } = config
    const kept = key === '' ? undefined : state.get(key)
    const before = readMessages(given ?? (Array.isArray(kept) ? (kept as readonly Json[]) : []))
    const count = mostTokens > 0 ? await openCount(model) : () => 0
    const keep = (all: readonly Message[]) => latest(all, { messages: mostMessages, tokens: mostTokens }, count)
    const said = [...before, ...messagesOf({ prompt, images }, '')]
    const instructions = system ?? config.system
    const answer = await wholeAnswer(
      { messages: keep([...(instructions === '' ? [] : [{ role: 'system', content: instructions }]), ...said]) },
      context,
    )
    const { text, reasoning } = answer
    const messages = toJson(text === '' && answer.budget !== '' ? before : keep([...said, saidBy(answer)]))
    if (key !== '') state.set(key, messages)
    return toResult(answer, { text, reasoning, messages })
  },
})

/** Around a message: its role and where it ends. */
const TOKENS_AROUND = 4

async function openCount(model: string): Promise<(message: Message) => number> {
  const counter = await loadCounter(await encodingOf(model))
  return ({ content }) => {
    let sum = TOKENS_AROUND
    for (const piece of piecesOf(content)) sum += counter(piece)
    return sum
  }
}
