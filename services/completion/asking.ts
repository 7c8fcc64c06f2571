import type { Origin, SpendLimit } from '#gen/spellmesh/completion/v1/completion.ts'
import { CodedError, isCoded, precondition } from '#mesh/errors.ts'
import type { Call } from '#mesh/service.ts'
import type { AnswerPart } from './answers.ts'
import type { Attempts } from './attempts.ts'
import type { Catalogue, Found } from './catalogue.ts'
import { refuseTooLong } from './context-size.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Meter } from './ledger/meter.ts'
import type { ProviderFinish, ProviderMessage, ProviderPart, ProviderUsage } from './provider.ts'
import type { CheckedRequest } from './request.ts'
import { checkAnswer, jsonWithin } from './schema.ts'

/** What is asked, of whom, and for whom. */
export interface Asked {
  /** The model, then those to ask where it fails. */
  readonly models: readonly [string, ...string[]]
  readonly request: CheckedRequest
  readonly idempotencyKey: string
  readonly call: Pick<Call, 'caller' | 'metadata' | 'signal'>
  readonly origin: Origin | undefined
  readonly limits: readonly SpendLimit[]
}

export interface AskingOptions {
  readonly catalogue: Pick<Catalogue, 'find' | 'nearest'>
  readonly attempt: Attempts
  readonly ledger: Pick<Ledger, 'begin'>
}

/** Asks the model, or those after it where it fails before it has said anything. */
export function createAsking(options: AskingOptions): (asked: Asked) => AsyncGenerator<AnswerPart> {
  return async function* ask(asked) {
    const failures: { readonly name: string; readonly error: CodedError }[] = []
    for (const [index, name] of asked.models.entries()) {
      let hasSpoken = false
      try {
        for await (const part of askModel(name, asked, options)) {
          if (!('notice' in part)) hasSpoken = true
          yield part
        }
        return
      } catch (error) {
        const next = asked.models[index + 1]
        if (hasSpoken || !isCoded(error) || error.code === 'CANCELLED') throw error
        failures.push({ name, error })
        if (next === undefined) throw summary(failures, error)
        yield { notice: `"${name}" failed: ${error.message}; asking "${next}"` }
      }
    }
  }
}

/** The one error, or all of them under the code of the last. */
function summary(failures: readonly { readonly name: string; readonly error: CodedError }[], last: CodedError) {
  if (failures.length === 1) return last
  const told = failures.map(({ name, error }) => `"${name}": ${error.message}`).join('; ')
  return new CodedError(last.code, `all models failed: ${told}`, {
    problems: last.problems,
    ...(last.reason === undefined ? {} : { reason: last.reason }),
  })
}

async function* askModel(name: string, asked: Asked, options: AskingOptions): AsyncGenerator<AnswerPart> {
  const { call, request, origin, limits } = asked
  const { signal, caller } = call
  const found = await options.catalogue.find(name, 'chat', call, signal)
  await refuseTooLong(request, { id: found.id, contextTokens: found.figures?.contextTokens }, signal)
  const inputTokensEstimate = estimate(request)
  const meter = await options.ledger.begin({ caller, origin, limits, model: found.id, inputTokensEstimate, signal })
  try {
    yield* askUntilItFits(found, asked, { attempt: options.attempt, meter })
  } catch (error) {
    if (!isCoded(error, 'NOT_FOUND')) throw error
    throw new CodedError(
      'NOT_FOUND',
      `${error.message}; there are ${await options.catalogue.nearest(name, 'chat', call)}`,
    )
  } finally {
    await meter[Symbol.asyncDispose]()
  }
}

interface Metered {
  readonly attempt: Attempts
  readonly meter: Meter
}

/** Once, and once more where the answer does not fit the schema that was asked for. */
async function* askUntilItFits(found: Found, asked: Asked, { attempt, meter }: Metered): AsyncGenerator<AnswerPart> {
  const { request, idempotencyKey } = asked
  let messages = request.messages
  let before: ProviderUsage = NO_USAGE
  for (const isLast of [false, true]) {
    const answer = createAnswer()
    const key = isLast && idempotencyKey !== '' ? `${idempotencyKey}/again` : idempotencyKey
    const abilities = found.figures?.abilities
    const one = { ...request, messages, model: found.model, idempotencyKey: key, ...(abilities ? { abilities } : {}) }
    for await (const part of attempt(found, () => found.provider.complete(one, found.call))) {
      const said = answer.take(part)
      if ('reason' in part) continue
      yield part
      const budget = said === '' ? undefined : meter.spent(said)
      if (budget === undefined) continue
      const { cost, ...usage } = await meter.end(
        before === NO_USAGE ? undefined : sum(before, answer.estimate(request)),
      )
      return yield {
        reason: 'budget',
        model: found.id,
        usage: { ...usage, ...(cost === undefined ? {} : { cost }) },
        budget,
      }
    }
    const finish = answer.finish()
    before = sum(before, finish.usage)
    const verdict = await judge(answer.text(), finish, request)
    if (verdict.fits !== undefined && verdict.fits !== answer.text()) {
      yield { restart: 'its JSON stood among other words' }
      yield { text: verdict.fits }
    }
    if (verdict.problems.length > 0 && !isLast && finish.reason === 'stop') {
      yield { restart: `the answer does not fit its schema: ${verdict.problems.join('; ')}` }
      messages = [...messages, ...correction(answer.text(), verdict.problems)]
      continue
    }
    const { cost, ...usage } = await meter.end(before)
    if (verdict.problems.length > 0) throw misfit(found.id, finish, verdict.problems)
    return yield {
      reason: finish.reason,
      model: found.id,
      usage: { ...usage, ...(cost === undefined ? {} : { cost }) },
    }
  }
}

const NO_USAGE: ProviderUsage = { inputTokens: 0, outputTokens: 0 }

function sum(one: ProviderUsage, other: ProviderUsage): ProviderUsage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cachedTokens: (one.cachedTokens ?? 0) + (other.cachedTokens ?? 0),
    reasoningTokens: (one.reasoningTokens ?? 0) + (other.reasoningTokens ?? 0),
  }
}

/** About as many tokens as a request has. */
function estimate({ messages, tools = [] }: CheckedRequest): number {
  const letters = messages.reduce((all, { content }) => all + content.length, 0)
  return Math.ceil((letters + (tools.length === 0 ? 0 : JSON.stringify(tools).length)) / 4)
}

/** What comes, as far as it is needed at the end. */
function createAnswer() {
  const texts: string[] = []
  let letters = 0
  let end: ProviderFinish | undefined
  return {
    /** What of a part is to be paid for. */
    take(part: ProviderPart): string {
      if ('reason' in part) {
        end = part
        return ''
      }
      if ('notice' in part) return ''
      if ('text' in part) texts.push(part.text)
      const said =
        'text' in part ? part.text : 'reasoning' in part ? part.reasoning : part.toolCall.name + part.toolCall.arguments
      letters += said.length
      return said
    },
    text: () => texts.join(''),
    estimate: (request: CheckedRequest): ProviderUsage => ({
      inputTokens: estimate(request),
      outputTokens: Math.ceil(letters / 4),
    }),
    finish(): ProviderFinish {
      if (!end) throw new Error('the provider ended its answer without a finish')
      return end
    },
  }
}

/** What is wrong with an answer, and what of it fits. An answer that calls tools is no answer yet. */
async function judge(text: string, { reason }: ProviderFinish, { responseSchema }: CheckedRequest) {
  if (!responseSchema || reason === 'tools') return { problems: [], fits: undefined }
  const problems = await checkAnswer(text, responseSchema)
  if (problems.length === 0) return { problems: [], fits: text }
  const within = jsonWithin(text)
  const fits = within !== undefined && (await checkAnswer(within, responseSchema)).length === 0 ? within : undefined
  return { problems: fits === undefined ? problems : [], fits }
}

function correction(text: string, problems: readonly string[]): readonly ProviderMessage[] {
  return [
    { role: 'assistant', content: text },
    {
      role: 'user',
      content: `This does not fit the JSON Schema that was asked for:\n${problems.map(one => `- ${one}`).join('\n')}\nAnswer again with the corrected JSON only.`,
    },
  ]
}

function misfit(id: string, { reason }: ProviderFinish, problems: readonly string[]): CodedError {
  const why =
    reason === 'length'
      ? ', because it was cut off at the most tokens'
      : reason === 'filtered'
        ? ', because the provider withheld it'
        : ''
  return precondition(`the answer of "${id}" does not fit its schema${why}: ${problems.join('; ')}`, {
    reason: 'SCHEMA',
    problems: problems.map(message => ({ path: '', message })),
  })
}
