import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { SearchResponse } from '#gen/spellmesh/search/v1/search.ts'
import type { Charge } from '#mesh/charge.ts'
import { CodedError, deadline, isCoded, unavailable } from '#mesh/errors.ts'
import type { Call, Client, ClientCallOptions } from '#mesh/service.ts'
import { byScore } from './fusion.ts'
import { toHit } from './hits.ts'
import { rerank, RERANKED } from './rerank.ts'
import { createVectors, optionsFor } from './source.ts'
import type { Answer, Asking, Source } from './source.ts'
import type { SourceName, Wish } from './wish.ts'
import { readWords } from './words.ts'

export interface SearchingOptions {
  readonly sources: Readonly<Record<SourceName, Source>>
  readonly completion: Pick<Client<typeof CompletionServiceDefinition>, 'embed' | 'complete'>
  /** The longest wait for one source, and for the rerank. */
  readonly timeoutMs: number
  readonly rerankTimeoutMs: number
}

type Searched = Omit<SearchResponse, 'tookMs'>

/** The signal is to end calls, not their own deadlines: it says which source was waited for. */
const GRACE_MS = 1_000

/** Asks all sources at once, and puts what they found into one order. */
export function createSearching({ sources, completion, timeoutMs, rerankTimeoutMs }: SearchingOptions) {
  return async (wish: Wish, call: Call, charge: Charge): Promise<Searched> => {
    const limited = timed(call.signal, timeoutMs)
    const options = optionsFor(call, limited, timeoutMs + GRACE_MS)
    const vectorOf = createVectors(wish.query, completion, options, charge)
    const asking: Asking = { call, options, signal: limited, vectorOf }
    // So many that a rerank has something to choose from.
    const wider = { ...wish, limit: Math.max(wish.limit, RERANKED[wish.rerank]) }
    const outcomes = await Promise.all(
      wish.sources.map(name =>
        settle(name, untilAborted(sources[name].find(wider, asking), limited), limited, timeoutMs),
      ),
    )
    call.signal.throwIfAborted()
    const answers = outcomes.flatMap(outcome => ('answer' in outcome ? [outcome.answer] : []))
    const failures = outcomes.flatMap(outcome => ('failure' in outcome ? [outcome.failure] : []))
    if (answers.length === 0) throw together(failures)
    const found = answers.flatMap(answer => answer.found).toSorted(byScore)
    const judged = await rerank(found, wish, { completion, charge, options: rerankOptions(call, rerankTimeoutMs) })
    call.signal.throwIfAborted()
    const words = readWords(wish.query)
    return {
      hits: judged.found.slice(0, wish.limit).map(one => toHit(one, words)),
      notices: [
        ...failures.map(({ message }) => message),
        ...new Set(answers.flatMap(({ notices }) => notices)),
        ...judged.notices,
      ],
    }
  }
}

const timed = (signal: AbortSignal, ms: number) => AbortSignal.any([signal, AbortSignal.timeout(ms)])

function rerankOptions(call: Call, timeoutMs: number): ClientCallOptions {
  const options = optionsFor(call, timed(call.signal, timeoutMs), timeoutMs)
  const key = call.metadata.get('idempotency-key')
  // Who asks again under a key does not pay again.
  return key === undefined
    ? options
    : { ...options, metadata: { ...options.metadata, 'idempotency-key': `${key.slice(0, 190)}:rerank` } }
}

type Outcome = { readonly answer: Answer } | { readonly failure: CodedError }

/** A part that fails leaves the others their answers; what the wish itself has wrong does not, nor do bugs. */
async function settle(
  source: SourceName,
  asked: Promise<Answer>,
  limited: AbortSignal,
  timeoutMs: number,
): Promise<Outcome> {
  const name = source === 'web' ? 'the web' : source
  try {
    return { answer: await asked }
  } catch (error) {
    // Whoever noticed it first.
    if (limited.aborted && isTimeout(limited.reason))
      return { failure: deadline(`${name} did not answer within ${timeoutMs} ms`) }
    if (!isCoded(error) || error.code === 'NOT_FOUND') throw error
    const { code, message, reason, details } = error
    return {
      failure: new CodedError(code, `${name}: ${message}`, {
        cause: error,
        ...(reason ? { reason } : {}),
        ...(details ? { details } : {}),
      }),
    }
  }
}

/** What `AbortSignal.timeout` aborts with. */
const isTimeout = (error: unknown) =>
  typeof error === 'object' && error !== null && 'name' in error && error.name === 'TimeoutError'

/** One failure is told as it is, several as what they have in common. */
function together(failures: readonly CodedError[]): CodedError {
  const [first, ...others] = failures
  if (!first) return unavailable('nothing could be asked')
  const message = failures.map(failure => failure.message).join('; ')
  if (others.length === 0) return first
  return others.every(({ code }) => code === first.code) ? new CodedError(first.code, message) : unavailable(message)
}

/** Rejects with the signal's reason, whatever still works on it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(isTimeout(signal.reason) ? deadline() : (signal.reason as Error))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
