import { defineNode } from '#graph/define.ts'
import { argumentsOf, openCalls, readMessages, toJson } from '../language/messages.ts'
import { toText } from '../language/text.ts'

export default defineNode({
  title: 'Use tools',
  about:
    'Runs what follows `each` once for every tool that a model asks for, several at a time: *Switch* by `name` leads to the nodes or the sub-spell that answer. What they give as `result` is added to the conversation.',
  icon: 'wrench',
  kind: 'scope',
  config: {
    type: 'object',
    properties: {
      concurrency: { type: 'integer', title: 'At a time', minimum: 1, maximum: 128, default: 4 },
      mostCharacters: {
        type: 'integer',
        title: 'Most characters of a result',
        minimum: 100,
        maximum: 1_000_000,
        default: 50_000,
        description: 'The model is told of what is cut off',
      },
    },
  },
  inputs: {
    messages: { type: 'array', required: true, about: 'The conversation: its last answer asks for the tools' },
    result: { type: 'any', pull: 'after', about: 'What the tool answers; read after each call, inside it' },
  },
  outputs: {
    name: { type: 'string', inside: true, about: 'The tool of this call' },
    arguments: { type: 'object', inside: true, about: 'What it is called with' },
    id: { type: 'string', inside: true, about: 'The call’s own id' },
    index: { type: 'number', inside: true, about: 'Its position, from 0' },
    messages: { type: 'array', about: 'The conversation with what the tools answered' },
    results: { type: 'array', about: 'What they answered, in the order of the calls; null where nothing did' },
    count: { type: 'number', about: 'How many calls there were' },
  },
  flow: { in: ['in'], out: ['each', 'done'] },
  scope({ messages: given }, { config: { concurrency, mostCharacters } }) {
    const messages = readMessages(given)
    const calls = openCalls(messages)
    return {
      concurrency,
      next(index) {
        const call = calls[index]
        return call && { name: call.name, arguments: argumentsOf(call) ?? {}, id: call.id, index }
      },
      end(all) {
        const results = calls.map((_, index) => all[index]?.['result'] ?? null)
        const answers = calls.map(({ id, name }, index) => {
          const result = all[index]?.['result']
          const text = result === undefined ? `error: nothing answers for "${name}" here` : toText(result)
          return { role: 'tool', toolCallId: id, content: shortened(text, mostCharacters) }
        })
        return { outputs: { messages: toJson([...messages, ...answers]), results, count: calls.length } }
      },
    }
  },
})

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}\n… ${text.length - most} characters more` : text
}
