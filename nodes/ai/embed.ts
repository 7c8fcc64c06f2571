import { defineNode, NodeFailure } from '#graph/define.ts'
import { END_OUTPUTS, OVER_BUDGET, unlessOverBudget } from '../language/completion.ts'
import { EMBED_CONFIG, embedAll } from '../language/vectors.ts'

export default defineNode({
  title: 'Embed',
  about:
    'Gives texts as vectors: texts of like meaning lie near each other. Those of the built-in model go by words alone, not by meaning.',
  icon: 'waypoints',
  kind: 'action',
  effect: 'idempotent',
  config: { type: 'object', properties: EMBED_CONFIG },
  inputs: {
    texts: { type: 'any', required: true, about: 'A list of texts, or one text' },
  },
  outputs: {
    embeddings: { type: 'array<embedding>', about: 'A vector each, of length 1, in the order of the texts' },
    embedding: { type: 'embedding', about: 'The first of them' },
    dimensions: { type: 'number', about: 'Numbers in each' },
    model: END_OUTPUTS.model,
    budget: END_OUTPUTS.budget,
  },
  flow: { in: ['in'], out: ['out', OVER_BUDGET] },
  async run({ texts: given }, context) {
    const texts = typeof given === 'string' ? [given] : given
    if (!Array.isArray(texts) || !texts.every(text => typeof text === 'string'))
      throw new NodeFailure('BAD_INPUT', '"texts": expected a list of texts, or one text', { retry: false })
    return unlessOverBudget(async () => {
      const { vectors, dimensions, model, usage } = await embedAll(texts, context)
      return { outputs: { embeddings: vectors, embedding: vectors[0] ?? [], dimensions, model }, usage }
    }, context)
  },
})
