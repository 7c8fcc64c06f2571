import { defineNode, NodeFailure } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { END_OUTPUTS, OVER_BUDGET, unlessOverBudget } from '../language/completion.ts'
import { cosineOf, EMBED_CONFIG, embedAll } from '../language/vectors.ts'

export default defineNode({
  title: 'Similarity',
  about:
    'How alike two texts or two vectors are: the cosine of the angle between them, 1 for the same. Two vectors are compared without asking any model.',
  icon: 'equal-approximately',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      ...EMBED_CONFIG,
      atLeast: {
        type: 'number',
        title: 'Alike from',
        minimum: -1,
        maximum: 1,
        default: 0.75,
        description: 'From there on `alike` is true',
      },
    },
  },
  inputs: {
    a: { type: 'any', required: true, about: 'A text or a vector' },
    b: { type: 'any', required: true, about: 'A text or a vector' },
  },
  outputs: {
    similarity: { type: 'number', about: '-1 to 1' },
    alike: { type: 'boolean', about: 'Whether it is enough' },
    model: { type: 'string', about: 'Who made the vectors; empty: none was asked' },
    budget: END_OUTPUTS.budget,
  },
  flow: { in: ['in'], out: ['out', OVER_BUDGET] },
  async run({ a, b }, context) {
    const sides = [read(a, 'a'), read(b, 'b')] as const
    const texts = sides.filter(side => typeof side === 'string')
    // A vector beside a text is as long as its model made it.
    const length = sides.find(side => typeof side !== 'string')?.length ?? context.config.dimensions
    const { services, signal, node, progress, config } = context
    const asked = { services, signal, node, progress, config: { ...config, dimensions: length } }
    return unlessOverBudget(async () => {
      const { vectors, model, usage } = texts.length === 0 ? NOTHING : await embedAll(texts, asked)
      const [left, right] = sides.map(side => (typeof side === 'string' ? vectors[texts.indexOf(side)] : side))
      const similarity = cosineOf(left ?? [], right ?? [])
      return { outputs: { similarity, alike: similarity >= config.atLeast, model }, usage }
    }, context)
  },
})

const NOTHING = { vectors: [], model: '', usage: {} }

function read(given: Json, input: string): string | readonly number[] {
  if (typeof given === 'string') return given
  if (Array.isArray(given) && given.length > 0 && given.every(one => typeof one === 'number')) return given as number[]
  throw new NodeFailure('BAD_INPUT', `"${input}": expected a text or a vector`, { retry: false })
}
