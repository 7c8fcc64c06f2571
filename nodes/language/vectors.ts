// Vectors that stand for texts.
import { NodeFailure } from '#graph/define.ts'
import type { NodeContext, Schema } from '#graph/define.ts'
import type { Usage } from '#graph/journal.ts'
import { toUsage } from './completion.ts'

/** Which model makes the vectors. */
export const EMBED_CONFIG = {
  model: {
    type: 'string',
    title: 'Model',
    format: 'embedding-model',
    default: '',
    description: 'Empty: the default model. Vectors of different models cannot be compared',
  },
  dimensions: {
    type: 'integer',
    title: 'Dimensions',
    minimum: 0,
    maximum: 65_536,
    default: 0,
    description: '0: the model’s own',
  },
} as const satisfies Readonly<Record<string, Schema>>

/** Vectors for texts, in their order, and what they cost. */
export interface Embedded {
  readonly vectors: readonly (readonly number[])[]
  readonly model: string
  readonly dimensions: number
  readonly usage: Usage
}

/** Of a text. */
const MOST_CHARACTERS = 100_000
/** Of one request: messages between services have at most 4 MB, the question as well as the answer. */
const MOST_TEXTS = 128
const MOST_TOGETHER = 1_000_000
const MOST_NUMBERS = 800_000

type Asking = Pick<NodeContext, 'services' | 'signal' | 'node' | 'progress'> & {
  readonly config: { readonly model: string; readonly dimensions: number }
}

/** Asks for the vectors of any number of texts. Throws `TOO_LONG` for a text that no model takes, and the service’s own codes. */
export async function embedAll(texts: readonly string[], context: Asking): Promise<Embedded> {
  const { services, signal, node, progress, config } = context
  const long = texts.findIndex(text => text.length > MOST_CHARACTERS)
  if (long >= 0)
    throw new NodeFailure(
      'TOO_LONG',
      `text ${long + 1} has ${texts[long]?.length} characters, expected at most ${MOST_CHARACTERS}`,
      { retry: false },
    )
  const vectors: (readonly number[])[] = []
  let [model, dimensions, usage] = ['', config.dimensions, {} as Usage]
  for (const together of batchesOf(texts, config.dimensions)) {
    const request = {
      model: config.model,
      texts: together,
      ...(config.dimensions > 0 ? { dimensions: config.dimensions } : {}),
      origin: { nodeId: node },
    }
    const answer = await services.completion.embed(request, { signal })
    for (const { values } of answer.embeddings) vectors.push(values)
    model = answer.model
    dimensions = answer.dimensions
    usage = sumOf(usage, toUsage(answer.usage, model))
    if (together.length < texts.length) progress(vectors.length / texts.length, `${vectors.length} of ${texts.length}`)
  }
  if (vectors.length !== texts.length)
    throw new NodeFailure('BAD_ANSWER', `expected ${texts.length} vectors from ${model}, got ${vectors.length}`)
  return { vectors, model, dimensions, usage }
}

function* batchesOf(texts: readonly string[], dimensions: number): Generator<string[]> {
  const most = dimensions > 0 ? Math.min(MOST_TEXTS, Math.max(1, Math.floor(MOST_NUMBERS / dimensions))) : MOST_TEXTS
  let [batch, size]: [string[], number] = [[], 0]
  for (const text of texts) {
    if (batch.length === most || (batch.length > 0 && size + text.length > MOST_TOGETHER)) {
      yield batch
      ;[batch, size] = [[], 0]
    }
    batch.push(text)
    size += text.length
  }
  if (batch.length > 0) yield batch
}

/** All that was used together. */
export function sumOf(a: Usage, b: Usage): Usage {
  const costs = [a.cost, b.cost].filter(one => one !== undefined)
  return {
    ...b,
    inputTokens: (a.inputTokens ?? 0) + (b.inputTokens ?? 0),
    outputTokens: (a.outputTokens ?? 0) + (b.outputTokens ?? 0),
    ...(costs.length > 0 ? { cost: costs.reduce((sum, one) => sum + one, 0) } : {}),
  }
}

/** The cosine of the angle between two vectors, -1 to 1, to six digits; 0 where one has no length. Throws `BAD_INPUT` where their lengths differ. */
export function cosineOf(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length)
    throw new NodeFailure(
      'BAD_INPUT',
      `the vectors have ${a.length} and ${b.length} dimensions: expected both of the same model`,
      { retry: false },
    )
  let [product, squareA, squareB] = [0, 0, 0]
  a.forEach((x, index) => {
    const y = b[index] ?? 0
    product += x * y
    squareA += x * x
    squareB += y * y
  })
  return squareA === 0 || squareB === 0 ? 0 : rounded(product / (Math.sqrt(squareA) * Math.sqrt(squareB)))
}

/** To six digits: what is behind them says nothing. */
export function rounded(score: number): number {
  return Math.round(score * 1e6) / 1e6 + 0
}
