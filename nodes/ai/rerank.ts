import { defineNode, NodeFailure } from '#graph/define.ts'
import type { NodeContext } from '#graph/define.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { AnswerEnd, AskConfig } from '../language/completion.ts'
import {
  END_OUTPUTS,
  MODEL_CONFIG,
  OVER_BUDGET,
  toResult,
  unlessOverBudget,
  valueOf,
  wholeAnswer,
} from '../language/completion.ts'
import { parsePath, problemsOfPath, valueAt } from '../language/path.ts'
import { toText } from '../language/text.ts'
import { cosineOf, EMBED_CONFIG, embedAll, rounded } from '../language/vectors.ts'

const MOST_DOCUMENTS = { embeddings: 2_000, model: 100 } as const

export default defineNode({
  title: 'Rerank',
  about:
    'Puts documents in the order in which they answer a query, the best first: by their vectors, or by the judgement of a language model, which is better and costs more.',
  icon: 'list-ordered',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      by: { type: 'string', title: 'By', enum: ['embeddings', 'model'], default: 'embeddings' },
      most: { type: 'integer', title: 'Keep', minimum: 0, default: 0, description: 'The best so many; 0: all' },
      path: {
        type: 'string',
        title: 'Text at',
        default: '',
        description: 'Path of the text within each document; empty: the document itself',
      },
      embeddingModel: { ...EMBED_CONFIG.model, title: 'Model of the vectors' },
      model: { ...MODEL_CONFIG.model, title: 'Model that judges' },
      fallbacks: MODEL_CONFIG.fallbacks,
      budget: MODEL_CONFIG.budget,
    },
  },
  inputs: {
    query: { type: 'string', required: true, about: 'What is looked for' },
    documents: { type: 'array', required: true, about: 'Texts, or objects with a text' },
  },
  outputs: {
    documents: { type: 'array', about: 'The best first' },
    scores: { type: 'array<number>', about: 'How well each of them answers, 1 for perfectly' },
    order: { type: 'array<number>', about: 'Where each of them stood, from 0' },
    best: { type: 'any', about: 'The first of them' },
    ...END_OUTPUTS,
  },
  flow: { in: ['in'], out: ['out', OVER_BUDGET] },
  check: problemsOfPath,
  async run({ query, documents }, context) {
    const { by, most, path } = context.config
    if (documents.length > MOST_DOCUMENTS[by])
      throw new NodeFailure(
        'TOO_LONG',
        `expected at most ${MOST_DOCUMENTS[by]} documents by ${by}, got ${documents.length}`,
        { retry: false },
      )
    const steps = parsePath(path) ?? []
    const texts = documents.map(one => toText(valueAt(one, steps) ?? ''))
    const judge = by === 'model' ? byModel : byEmbeddings
    return unlessOverBudget(async () => {
      const { scores, answer } = texts.length === 0 ? NOTHING : await judge(query, texts, context)
      return answer.reason === 'budget' ? toResult(answer, {}) : toResult(answer, sorted(documents, scores, most))
    }, context)
  },
})

function sorted(documents: readonly Json[], scores: readonly number[], most: number) {
  const ranked = scores
    .map((score, index) => ({ score, index }))
    .toSorted((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, most > 0 ? most : undefined)
  const best = ranked.map(({ index }) => documents[index] ?? null)
  return {
    documents: best,
    scores: ranked.map(({ score }) => score),
    order: ranked.map(({ index }) => index),
    best: best[0] ?? null,
  }
}

type Judged = { readonly scores: readonly number[]; readonly answer: AnswerEnd }
type Context = NodeContext<AskConfig & { readonly embeddingModel: string }>

const NOTHING: Judged = { scores: [], answer: { model: '', reason: 'stop', budget: '', usage: {} } }

async function byEmbeddings(query: string, texts: readonly string[], context: Context): Promise<Judged> {
  const { services, signal, node, progress, config } = context
  const asked = { services, signal, node, progress, config: { model: config.embeddingModel, dimensions: 0 } }
  const { vectors, model, usage } = await embedAll([query, ...texts], asked)
  const [wanted = [], ...others] = vectors
  return { scores: others.map(one => cosineOf(wanted, one)), answer: { model, reason: 'stop', budget: '', usage } }
}

async function byModel(query: string, texts: readonly string[], context: Context): Promise<Judged> {
  const score: JsonObject = { type: 'number', minimum: 0, maximum: 1 }
  const scores: JsonObject = { type: 'array', items: score, minItems: texts.length, maxItems: texts.length }
  const listed = texts.map((text, index) => `<document index="${index}">\n${text}\n</document>`)
  const answer = await wholeAnswer(
    {
      schema: { type: 'object', properties: { scores }, required: ['scores'], additionalProperties: false },
      temperature: 0,
      messages: [
        { role: 'system', content: RULES },
        { role: 'user', content: `Query: ${query}\n\n${listed.join('\n\n')}` },
      ],
    },
    context,
  )
  return { answer, scores: answer.reason === 'budget' ? [] : readScores(valueOf(answer), texts.length) }
}

const RULES =
  'Judge how well each document answers the query: 1 for perfectly, 0 for not at all. Answer as JSON with one score for each document, in their order.'

function readScores(value: Json, count: number): readonly number[] {
  const given = isObject(value) ? value['scores'] : undefined
  if (Array.isArray(given) && given.length === count && given.every(one => typeof one === 'number'))
    return (given as readonly number[]).map(rounded)
  throw new NodeFailure('BAD_ANSWER', `expected ${count} scores from the model, got ${JSON.stringify(value)}`)
}
