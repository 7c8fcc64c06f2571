import { defineNode, NodeFailure } from '#graph/define.ts'
import '../services.ts'

export default defineNode({
  title: 'Complete',
  about:
    'Asks a language model. Its answer streams into the node while it is written. Without a model of its own it asks the instance’s default one.',
  icon: 'sparkles',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      model: { type: 'string', title: 'Model', format: 'model', default: '', description: 'Empty: the default model' },
      system: { type: 'string', title: 'Instructions', format: 'multiline', default: '' },
      temperature: { type: 'number', title: 'Temperature', minimum: 0, maximum: 2 },
      maxTokens: { type: 'integer', title: 'Most tokens', minimum: 1 },
      stop: { type: 'array', title: 'Stop at', items: { type: 'string', minLength: 1 }, maxItems: 4, default: [] },
      seed: { type: 'integer', title: 'Seed', minimum: 0, maximum: 4_294_967_295 },
    },
  },
  inputs: {
    prompt: { type: 'string', required: true, about: 'What is asked' },
    system: { type: 'string', about: 'In place of the instructions in the settings' },
    messages: { type: 'array', about: 'What was said before: `{role, content}` each' },
  },
  outputs: {
    text: { type: 'string', about: 'The whole answer' },
    model: { type: 'string', about: 'Who answered' },
    reason: { type: 'string', about: '`stop`, `length` or `filtered`' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ prompt, system, messages }, { config, services, signal, token, idempotencyKey }) {
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
      idempotencyKey,
    }
    let text = ''
    for await (const { part } of services.completion.complete(request, { signal })) {
      if (part?.$case === 'text') {
        text += part.value
        token(part.value)
      } else if (part?.$case === 'finish') {
        const { reason, usage, model: answered } = part.value
        return { outputs: { text, model: answered, reason }, usage: { ...usage, model: answered } }
      }
    }
    throw new NodeFailure('UNAVAILABLE', 'the model’s answer broke off')
  },
})

function toMessage(given: unknown): { role: string; content: string } {
  const { role, content } = (typeof given === 'object' && given !== null ? given : {}) as {
    role?: unknown
    content?: unknown
  }
  if (typeof role === 'string' && typeof content === 'string') return { role, content }
  throw new NodeFailure('BAD_INPUT', `"messages": expected {role, content} with texts, got ${JSON.stringify(given)}`, {
    retry: false,
  })
}
