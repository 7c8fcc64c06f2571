// Questions to language models: what the nodes of ai/ have in common.
import { NodeFailure } from '#graph/define.ts'
import type { NodeContext, NodeResult, Schema, Sockets } from '#graph/define.ts'
import type { Usage } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { CompleteResponse } from '#gen/spellmesh/completion/v1/completion.ts'
import { checkImages, readImages, readMessages } from './messages.ts'
import type { Message, ToolCall } from './messages.ts'
import '../services.ts'

/** What a call of a model may use. */
const BUDGET_CONFIG = {
  type: 'object',
  title: 'Budget of a call',
  properties: {
    tokens: { type: 'integer', title: 'Most tokens, in and out', minimum: 0, description: '0: any number' },
    cost: { type: 'number', title: 'Most US dollars', minimum: 0, description: '0: any sum' },
  },
  additionalProperties: false,
  description: 'e.g. `{"tokens": 2000, "cost": 0.01}`: the answer is cut off there, and it goes on along `overBudget`',
} as const satisfies Schema

/** Which model is asked, and how: what every node that asks one may be set to. */
export const MODEL_CONFIG = {
  model: { type: 'string', title: 'Model', format: 'model', default: '', description: 'Empty: the default model' },
  fallbacks: {
    type: 'array',
    title: 'Else ask',
    items: { type: 'string', minLength: 1 },
    maxItems: 8,
    default: [],
    description: 'Models to ask in this order where the first one fails',
  },
  budget: BUDGET_CONFIG,
} as const satisfies Readonly<Record<string, Schema>>

/** How an answer in free words may be set. */
export const ANSWER_CONFIG = {
  temperature: { type: 'number', title: 'Temperature', minimum: 0, maximum: 2 },
  maxTokens: { type: 'integer', title: 'Most tokens', minimum: 1, maximum: 4_294_967_295 },
  stop: { type: 'array', title: 'Stop at', items: { type: 'string', minLength: 1 }, maxItems: 4, default: [] },
  seed: { type: 'integer', title: 'Seed', minimum: 0, maximum: 4_294_967_295 },
  topP: { type: 'number', title: 'Top P', minimum: 0, maximum: 1, description: 'Only the likeliest words' },
  frequencyPenalty: { type: 'number', title: 'Frequency penalty', minimum: -2, maximum: 2 },
  presencePenalty: { type: 'number', title: 'Presence penalty', minimum: -2, maximum: 2 },
  logitBias: {
    type: 'object',
    title: 'Bias of tokens',
    additionalProperties: { type: 'number', minimum: -100, maximum: 100 },
    description: 'e.g. `{"15496": -100}`: tokens of the model that come more often, or never',
  },
  reasoningEffort: {
    type: 'string',
    title: 'Think',
    enum: ['', 'low', 'medium', 'high'],
    default: '',
    description: 'Empty: as the model does',
  },
} as const satisfies Readonly<Record<string, Schema>>

/** What any question may be set to. */
export const QUESTION_CONFIG = {
  model: MODEL_CONFIG.model,
  system: { type: 'string', title: 'Instructions', format: 'multiline', default: '' },
  ...ANSWER_CONFIG,
  fallbacks: MODEL_CONFIG.fallbacks,
  budget: MODEL_CONFIG.budget,
} as const satisfies Readonly<Record<string, Schema>>

/** What any question takes over wires. */
export const QUESTION_INPUTS = {
  prompt: { type: 'string', required: true, about: 'What is asked' },
  system: { type: 'string', about: 'In place of the instructions in the settings' },
  messages: { type: 'array', about: 'What was said before: `{role, content}` each' },
  images: { type: 'any', about: 'Pictures to look at: a list of data URLs, or one' },
} as const satisfies Sockets

/** How an answer ended. */
export const END_OUTPUTS = {
  model: { type: 'string', about: 'Who answered' },
  reason: { type: 'string', about: '`stop`, `length`, `filtered`, `tools` or `budget`' },
  budget: { type: 'string', about: 'Which budget is used up; empty: none' },
} as const satisfies Sockets

/** What any answer gives at its end. */
export const ANSWER_OUTPUTS = {
  text: { type: 'string', about: 'The whole answer; what there is of it, where a budget is used up' },
  reasoning: { type: 'string', about: 'What the model thought, where it tells' },
  ...END_OUTPUTS,
} as const satisfies Sockets

/** Where it goes on when the budget is used up. */
export const OVER_BUDGET = 'overBudget'

/** What a node that asks a model is set to. */
export interface AskConfig {
  readonly model: string
  readonly fallbacks: readonly string[]
  readonly budget?: unknown
  readonly temperature?: number | undefined
  readonly maxTokens?: number | undefined
  readonly stop?: readonly string[]
  readonly seed?: number | undefined
  readonly topP?: number | undefined
  readonly frequencyPenalty?: number | undefined
  readonly presencePenalty?: number | undefined
  readonly logitBias?: JsonObject | undefined
  readonly reasoningEffort?: string
}
interface QuestionInputs {
  readonly prompt: string
  readonly system?: string | undefined
  readonly messages?: readonly Json[] | undefined
  readonly images?: Json | undefined
}

/** What is asked, beside what the settings say. */
export interface Question {
  readonly messages: readonly Message[]
  /** JSON Schema that the answer must fit: then nothing is streamed, since the answer may begin again. */
  readonly schema?: Json
  /** In place of the one in the settings. */
  readonly temperature?: number
  readonly tools?: readonly Tool[]
  /** `auto`, `none`, `required`, or a tool’s name; empty: `auto`. */
  readonly toolChoice?: string
  readonly parallel?: boolean | undefined
}
/** A tool as the model is told of it. */
export interface Tool {
  readonly name: string
  readonly description: string
  /** JSON Schema of its arguments. */
  readonly parameters: Json
}

/** A whole answer. */
export interface Answer {
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ToolCall[]
  readonly model: string
  readonly reason: string
  /** Which budget is used up; empty: none. */
  readonly budget: string
  readonly usage: Usage
}
/** What came next: more text, or that all before it is void. */
export type Piece = { readonly text: string } | { readonly restart: string }

type Asking = Pick<NodeContext, 'services' | 'signal' | 'token' | 'idempotencyKey' | 'log' | 'node'> & {
  readonly config: AskConfig
}

/** The messages of a question in words: instructions, what was said before, what is asked now. */
export function messagesOf({ prompt, system, messages, images }: QuestionInputs, usual: string): readonly Message[] {
  const instructions = system ?? usual
  const seen = readImages(images, 'images')
  return [
    ...(instructions === '' ? [] : [{ role: 'system', content: instructions }]),
    ...readMessages(messages),
    { role: 'user', content: prompt, ...(seen.length === 0 ? {} : { images: seen }) },
  ]
}

/**
 * Asks, and gives the answer piece by piece; each is also streamed into the node (`token`). Returns the whole of it. The model is read from no faster than the
 * pieces are taken. A budget that is used up ends the answer, it does not fail. Throws `UNAVAILABLE` where the answer breaks off, and the service’s own codes.
 */
export async function* answerTo(question: Question, context: Asking): AsyncGenerator<Piece, Answer> {
  checkImages(question.messages)
  const { services, signal, idempotencyKey } = context
  const said = createSaid()
  const options = { signal, metadata: { 'idempotency-key': idempotencyKey } }
  try {
    for await (const { part } of services.completion.complete(requestOf(question, context), options)) {
      const end = take(part, said, context)
      if (end) return end
      if (part?.$case === 'restart') yield { restart: part.value }
      else if (part?.$case === 'text' && question.schema === undefined) {
        context.token(part.value)
        yield { text: part.value }
      }
    }
  } catch (error) {
    if (!isOverBudget(error)) throw error
    context.log('warn', error.message)
    return { ...said.all(), model: '', reason: 'budget', budget: error.message, usage: {} }
  }
  throw new NodeFailure('UNAVAILABLE', 'the model’s answer broke off')
}

/** Asks, and waits for the whole answer. */
export async function wholeAnswer(question: Question, context: Asking): Promise<Answer> {
  const answer = answerTo(question, context)
  for (;;) {
    const step = await answer.next()
    if (step.done) return step.value
  }
}

/** How an answer ended, without what it said. */
export type AnswerEnd = Pick<Answer, 'model' | 'reason' | 'budget' | 'usage'>

/** The result of a node that gave an answer: it goes on along `out`, or along `overBudget`. */
export function toResult(
  { model, reason, budget, usage }: AnswerEnd,
  outputs: NonNullable<NodeResult['outputs']>,
  pulse: string | readonly string[] = 'out',
): NodeResult {
  return { outputs: { ...outputs, model, reason, budget }, usage, pulse: reason === 'budget' ? OVER_BUDGET : pulse }
}

/** The value that an answer with a schema stands for. Throws `BAD_ANSWER` where it is no JSON. */
export function valueOf({ text, reason, model }: Answer): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    const why = reason === 'length' ? 'it was cut off at the most tokens' : `it begins with ${text.slice(0, 60)}`
    throw new NodeFailure('BAD_ANSWER', `expected JSON from ${model}: ${why}`, { cause: error })
  }
}

function requestOf(question: Question, { config, node }: Asking) {
  const { messages, schema, tools, toolChoice, parallel: parallelToolCalls } = question
  const { maxTokens, seed, topP, frequencyPenalty, presencePenalty } = config
  const temperature = question.temperature ?? config.temperature
  return {
    model: config.model,
    messages: messages.map(({ role, content, images = [], toolCalls = [], toolCallId = '' }) => ({
      role,
      content,
      images: images.map(url => ({ url })),
      toolCalls: [...toolCalls],
      toolCallId,
    })),
    ...given({ temperature, maxTokens, seed, topP, frequencyPenalty, presencePenalty, parallelToolCalls }),
    stop: [...(config.stop ?? [])],
    logitBias: (config.logitBias ?? {}) as Record<string, number>,
    reasoningEffort: config.reasoningEffort ?? '',
    fallbacks: [...config.fallbacks],
    ...(schema === undefined ? {} : { responseSchema: encoded(schema) }),
    ...(tools === undefined || tools.length === 0
      ? {}
      : {
          tools: tools.map(one => ({ ...one, parameters: encoded(one.parameters) })),
          toolChoice: toolChoice ?? '',
        }),
    origin: { nodeId: node },
    limits: limitsOf(config.budget),
  }
}

/** Only what has a value. */
function given<T extends object>(all: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

const encoder = new TextEncoder()
function encoded(value: Json): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(value))
}

/** A node’s budget, as the service takes it. */
export function limitsOf(budget: unknown): { scope: string; tokens: number; cost: number }[] {
  const { tokens, cost } = isObject(budget as Json) ? (budget as Record<string, Json>) : {}
  const limit = {
    scope: 'node',
    tokens: typeof tokens === 'number' ? tokens : 0,
    cost: typeof cost === 'number' ? cost : 0,
  }
  return limit.tokens + limit.cost > 0 ? [limit] : []
}

function createSaid() {
  let [text, reasoning] = ['', '']
  let toolCalls: ToolCall[] = []
  return {
    text: (piece: string) => void (text += piece),
    reasoning: (piece: string) => void (reasoning += piece),
    toolCall: ({ id, name, arguments: written }: ToolCall) => void toolCalls.push({ id, name, arguments: written }),
    restart() {
      text = reasoning = ''
      toolCalls = []
    },
    all: () => ({ text, reasoning, toolCalls }),
  }
}

/** Takes a part in; gives the whole answer with the last one. */
function take(
  part: CompleteResponse['part'],
  said: ReturnType<typeof createSaid>,
  { log }: Asking,
): Answer | undefined {
  switch (part?.$case) {
    case 'text':
      said.text(part.value)
      break
    case 'reasoning':
      said.reasoning(part.value)
      break
    case 'toolCall':
      said.toolCall(part.value)
      break
    case 'restart':
      said.restart()
      log('info', `the answer begins again: ${part.value}`)
      break
    case 'notice':
      log('info', part.value)
      break
    case 'finish': {
      const { reason, usage, model, budget } = part.value
      if (reason === 'budget') log('warn', `cut off: the budget of ${budget} is used up`)
      return { ...said.all(), model, reason, budget, usage: toUsage(usage, model) }
    }
    case undefined:
  }
  return undefined
}

interface Used {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cost?: number | undefined
}

/** What was used, as the journal keeps it. */
export function toUsage(usage: Used | undefined, model: string): Usage {
  if (!usage) return { model }
  const { inputTokens, outputTokens, cost } = usage
  return { inputTokens, outputTokens, model, ...(cost === undefined ? {} : { cost }) }
}

/** What a node does that asks no language model: a budget that is used up does not fail it either. */
export async function unlessOverBudget(
  work: () => Promise<NodeResult>,
  { log }: Pick<NodeContext, 'log'>,
): Promise<NodeResult> {
  try {
    const { outputs, ...result } = await work()
    return { ...result, outputs: { budget: '', ...outputs } }
  } catch (error) {
    if (!isOverBudget(error)) throw error
    log('warn', error.message)
    return { outputs: { budget: error.message }, pulse: OVER_BUDGET }
  }
}

/** Whether a call was refused because a budget was used up before it began. */
function isOverBudget(error: unknown): error is Error {
  const { code, reason } = error as { code?: unknown; reason?: unknown }
  return error instanceof Error && code === 'RESOURCE_EXHAUSTED' && reason === 'BUDGET'
}
