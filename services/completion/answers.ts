import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { cancelled, isCoded, precondition, unavailable } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Environment } from '#mesh/service.ts'
import type { SettingsDeclaration } from '#mesh/settings.ts'
import type { ProviderUsage, ToolCall } from './provider.ts'
import { createAnswerStore } from './store.ts'
import type { AnswerKey, AnswerStore } from './store.ts'

/** What a model says in order, then exactly one finish. After `restart`, what was said before is void. */
export type AnswerPart =
  | { readonly text: string }
  | { readonly reasoning: string }
  | { readonly toolCall: ToolCall }
  | { readonly restart: string }
  | { readonly notice: string }
  | AnswerFinish
export interface AnswerFinish {
  readonly reason: string
  /** As `provider/model`. */
  readonly model: string
  readonly usage: ProviderUsage & { readonly cost?: number }
  /** With the reason `budget`: which one. */
  readonly budget?: string
}

/** Something that is asked once. */
export interface Question extends AnswerKey {
  /** All that makes the answer what it is. JSON. */
  readonly request: object
  readonly signal: AbortSignal
  /** Asks the model. Not called where the answer is known. */
  ask(): AsyncIterable<AnswerPart>
}

/** Answers by idempotency key. */
export interface Answers {
  /**
   * Gives the answer that is stored under the question's key, as one piece of text, its tool calls and a finish; else asks, and stores the answer before its
   * finish is given. Thoughts are not stored.
   * Two who ask at the same time, anywhere in the mesh: the second waits for the answer of the first. Where the first fails, leaves or dies before that, the
   * second asks. Throws FAILED_PRECONDITION where the key stands for another request, UNAVAILABLE where the database stays away.
   */
  once(question: Question): AsyncIterable<AnswerPart>
}

type Opened = Pick<Environment<SettingsDeclaration, {}>, 'database' | 'log' | 'metrics' | 'onStop'> & {
  readonly settings: { readonly COMPLETION_KEEP_MS: number; readonly COMPLETION_LEASE_MS: number }
}

/** Opens them in the service's own schema. */
export function openAnswers({ settings, database, log, metrics, onStop }: Opened): Answers {
  const leaseMs = settings.COMPLETION_LEASE_MS
  const store = createAnswerStore(database, { leaseMs, keepMs: settings.COMPLETION_KEEP_MS })
  const repeated = metrics.counter('completion_repeated_total', 'answers that were stored already when asked for')
  const sweep = () => void store.sweep().catch((error: unknown) => log.warn({ error }, 'sweeping answers failed'))
  const sweeping = setInterval(sweep, SWEEP_MS)
  onStop(() => clearInterval(sweeping))
  return { once: question => answerOnce(question, { store, log, leaseMs, onRepeated: () => repeated.add(1) }) }
}

interface AnswersOptions {
  readonly store: AnswerStore
  readonly log: Log
  readonly leaseMs: number
  /** A stored answer is given again. */
  onRepeated(): void
}

const SWEEP_MS = 3_600_000
const POLL_FIRST_MS = 20
const POLL_MOST_MS = 500
const AWAY_MS = 30_000

async function* answerOnce(question: Question, options: AnswersOptions): AsyncGenerator<AnswerPart> {
  const { signal } = question
  const request = createHash('sha256').update(JSON.stringify(question.request)).digest('base64url')
  const claim = randomUUID()
  for (let waitMs = POLL_FIRST_MS; ; waitMs = Math.min(POLL_MOST_MS, waitMs * 2)) {
    const kept = await whenThere(() => options.store.claim(question, request, claim), question, options.log)
    if (!kept) return yield* pay(question, claim, options)
    if (kept.request !== request)
      throw precondition(`the idempotency key "${question.key}" stands for another request: expected the same one`)
    if (kept.answer !== null) {
      options.onRepeated()
      return yield* stored(JSON.parse(kept.answer) as StoredAnswer)
    }
    await pause(waitMs, signal)
  }
}

/** As it is kept. */
interface StoredAnswer extends Omit<AnswerFinish, 'usage'> {
  readonly text: string
  readonly toolCalls?: readonly ToolCall[]
  readonly usage?: AnswerFinish['usage']
  /** Of answers that were kept before there was `usage`. */
  readonly inputTokens?: number
  readonly outputTokens?: number
}

function* stored(answer: StoredAnswer): Generator<AnswerPart> {
  const { text, toolCalls = [], inputTokens = 0, outputTokens = 0, usage, ...finish } = answer
  if (text !== '') yield { text }
  for (const toolCall of toolCalls) yield { toolCall }
  yield { ...finish, usage: usage ?? { inputTokens, outputTokens } }
}

/** Tries again while the database is away: what is asked for cannot be recorded meanwhile either. */
async function whenThere<T>(work: () => Promise<T>, { signal }: Question, log: Log): Promise<T> {
  const until = performance.now() + AWAY_MS
  for (let waitMs = POLL_FIRST_MS; ; waitMs = Math.min(POLL_MOST_MS, waitMs * 2)) {
    try {
      return await work()
    } catch (error) {
      log.warn({ error }, 'an idempotency key cannot be looked up: trying again')
      if (performance.now() > until)
        throw unavailable('what is known of the idempotency key cannot be read now: try again', { cause: error })
    }
    await pause(waitMs, signal)
  }
}

async function* pay(question: Question, claim: string, options: AnswersOptions): AsyncGenerator<AnswerPart> {
  const { store, log } = options
  const hold = holdClaim(() => store.renew(question, claim), options)
  let text = ''
  let toolCalls: ToolCall[] = []
  let isKept = false
  try {
    for await (const part of question.ask()) {
      if ('reason' in part) {
        const answer: StoredAnswer = { text, ...(toolCalls.length === 0 ? {} : { toolCalls }), ...part }
        isKept = await keep(() => store.finish(question, claim, JSON.stringify(answer)), log)
        yield part
        continue
      }
      if ('restart' in part) [text, toolCalls] = ['', []]
      else if ('text' in part) text += part.text
      else if ('toolCall' in part) toolCalls.push(part.toolCall)
      // Who does not take what there is does not hold up others for ever.
      hold.rest()
      yield part
      hold.go()
    }
  } finally {
    hold.end()
    if (!isKept) await keep(() => store.release(question, claim), log)
  }
}

/** Renews a claim while the model is waited for. */
function holdClaim(renew: () => Promise<void>, { log, leaseMs }: AnswersOptions) {
  let resting = false
  const timer = setInterval(() => {
    if (!resting) void keep(renew, log)
  }, leaseMs / 3)
  return {
    rest() {
      resting = true
    },
    go() {
      resting = false
    },
    end: () => clearInterval(timer),
  }
}

/** A database that is away costs another call of the model, where this one is asked for again. */
async function keep(work: () => Promise<void>, log: Log): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    log.warn({ error }, 'an answer cannot be kept for its idempotency key')
    return false
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    throw isCoded(signal.reason) ? signal.reason : cancelled(undefined, { cause: error })
  }
}
