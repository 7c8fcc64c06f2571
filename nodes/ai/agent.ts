import { defineNode, NodeFailure } from '#graph/define.ts'
import type { Json, Values } from '#graph/json.ts'
import { messagesOf, OVER_BUDGET } from '../language/completion.ts'
import { readMessages, toJson } from '../language/messages.ts'
import type { Message } from '../language/messages.ts'

export default defineNode({
  title: 'Agent',
  about:
    'Lets a language model work on a task with tools: runs what follows `each`, an *Agent turn* and *Use tools*, round after round until the model answers. Each round, each question and each tool is in the journal.',
  icon: 'bot',
  kind: 'scope',
  config: {
    type: 'object',
    properties: {
      system: { type: 'string', title: 'Instructions', format: 'multiline', default: '' },
      rounds: {
        type: 'integer',
        title: 'Most rounds',
        minimum: 1,
        maximum: 200,
        default: 10,
        description: 'After so many without an answer it goes on along `unfinished`',
      },
    },
  },
  inputs: {
    prompt: { type: 'string', required: true, about: 'The task' },
    system: { type: 'string', about: 'In place of the instructions in the settings' },
    history: { type: 'array', about: 'What was said before: `{role, content}` each' },
    images: { type: 'any', about: 'Pictures to look at: a list of data URLs, or one' },
    messages: {
      type: 'array',
      pull: 'after',
      about: 'The conversation after a round, of *Agent turn* and of *Use tools*; read after each round, inside it',
    },
    budget: { type: 'string', pull: 'after', about: 'Of *Agent turn*: a budget that is used up ends the work' },
  },
  outputs: {
    conversation: { type: 'array', inside: true, about: 'The conversation that this round starts from' },
    round: { type: 'number', inside: true, about: 'Its number, from 0' },
    text: { type: 'string', about: 'The answer; what was said last, where there is none' },
    messages: { type: 'array', about: 'The whole conversation, without instructions' },
    rounds: { type: 'number', about: 'How many rounds there were' },
    budget: { type: 'string', about: 'Which budget is used up; empty: none' },
  },
  flow: { in: ['in'], out: ['each', 'done', 'unfinished', OVER_BUDGET] },
  scope({ prompt, system, history, images }, { config }) {
    const first = messagesOf({ prompt, system, messages: history, images }, config.system)
    const own = (system ?? config.system) === '' ? 0 : 1
    return {
      concurrency: 1,
      next(round, previous) {
        if (round === 0) return { conversation: toJson(first), round }
        const messages = after(previous)
        const isOver = round >= config.rounds || isAnswered(messages) || budgetOf(previous) !== ''
        return isOver ? undefined : { conversation: toJson(messages), round }
      },
      end(results) {
        const messages = after(results.at(-1))
        const budget = budgetOf(results.at(-1))
        return {
          outputs: {
            text: messages.findLast(({ role }) => role === 'assistant')?.content ?? '',
            messages: toJson(messages.slice(own)),
            rounds: results.length,
            budget,
          },
          pulse: budget !== '' ? OVER_BUDGET : isAnswered(messages) ? 'done' : 'unfinished',
        }
      },
    }
  },
})

/** What a round left. */
function after(values: Values | undefined): readonly Message[] {
  const given = values?.['messages']
  if (Array.isArray(given)) return readMessages(given as readonly Json[])
  throw new NodeFailure(
    'NO_VALUE',
    'input "messages" has no value after a round: expected those of "Agent turn" and of "Use tools"',
    { retry: false },
  )
}

function budgetOf(values: Values | undefined): string {
  const given = values?.['budget']
  return typeof given === 'string' ? given : ''
}

/** Nothing is asked of a tool any more. */
function isAnswered(messages: readonly Message[]): boolean {
  const last = messages.at(-1)
  return last?.role === 'assistant' && (last.toolCalls ?? []).length === 0
}
