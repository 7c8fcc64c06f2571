import { setTimeout as sleep } from 'node:timers/promises'
import { cancelled, deadline, exhausted, isCoded, unavailable } from '#mesh/errors.ts'
import type { CodedError } from '#mesh/errors.ts'
import type { Outbound } from '#mesh/outbound.ts'
import { loadingOf, retryAfterOf, toCoded, wordsOf } from './failures.ts'
import type { Refusal } from './failures.ts'

export interface WireRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Goes along as a bearer token, never into a message; empty: none. */
  readonly token: string
  /** What is asked, for messages. */
  readonly model: string
  /** A server of its own: it may sleep, and says so by 503 alone. */
  readonly isEndpoint: boolean
  readonly outbound: Pick<Outbound, 'open'>
}
export interface WireAnswer {
  /** Without parameters. */
  readonly contentType: string
  /** Read once. Throws DEADLINE_EXCEEDED where it falls silent, UNAVAILABLE where it breaks off. */
  readonly body: AsyncIterable<Uint8Array>
}
export interface WireProgress {
  readonly progress: string
  readonly fraction?: number
}
export interface WireLimits {
  /** Longest silence. */
  readonly timeoutMs: number
  /** Longest wait for a model that is being loaded. */
  readonly loadTimeoutMs: number
}

const RETRIES = 3
const FIRST_WAIT_MS = 250
const MOST_WAIT_MS = 8_000
const MOST_RETRY_AFTER_MS = 60_000
const LOAD_POLL_MS = 5_000
const MOST_BYTES = 64 * 1024 * 1024
const MOST_REFUSAL_BYTES = 16 * 1024

/**
 * Sends a request until it is answered: waits while the model is loaded, telling how far that is; waits as `Retry-After` says, else with full jitter, where the
 * server is at its limit, fails or cannot be reached. Throws coded errors, in the server's own words.
 */
export async function* reach(
  request: WireRequest,
  { timeoutMs, loadTimeoutMs }: WireLimits,
  signal: AbortSignal,
): AsyncGenerator<WireProgress, WireAnswer> {
  const startedAt = performance.now()
  let fraction = 0
  for (let failures = 0; ;) {
    const got = await attempt(request, timeoutMs, signal)
    if ('answer' in got) return got.answer
    const loading = 'refusal' in got ? loadingOf(got.refusal, request.isEndpoint) : undefined
    if (loading && 'refusal' in got) {
      const waited = performance.now() - startedAt
      const left = loadTimeoutMs - waited
      if (left <= 0) throw deadline(`"${request.model}" did not load within ${loadTimeoutMs} ms`)
      const { estimatedMs } = loading
      if (estimatedMs !== undefined) fraction = Math.max(fraction, Math.min(0.99, waited / (waited + estimatedMs + 1)))
      const progress = `loading ${request.model}`
      yield estimatedMs === undefined ? { progress } : { progress, fraction }
      const next = retryAfterOf(got.refusal, Date.now()) ?? estimatedMs ?? LOAD_POLL_MS
      await pause(Math.min(Math.max(next, 50), LOAD_POLL_MS, left), signal)
      continue
    }
    const waitMs = waitFor(got, failures++, request)
    yield {
      progress: `${'refusal' in got && got.refusal.status === 429 ? 'waiting for' : 'trying again:'} ${request.model}`,
    }
    await pause(waitMs, signal)
  }
}

type Failed = { readonly refusal: Refusal } | { readonly unreachable: CodedError }

/** How long to wait before the next attempt. Throws where there is none. */
function waitFor(failed: Failed, failures: number, request: WireRequest): number {
  if ('unreachable' in failed) {
    if (failures >= RETRIES) throw failed.unreachable
    return jitter(failures)
  }
  const { refusal } = failed
  const error = toCoded(refusal, request)
  if (refusal.status !== 429 && refusal.status !== 408 && refusal.status < 500) throw error
  const told = retryAfterOf(refusal, Date.now())
  if (told !== undefined && told > MOST_RETRY_AFTER_MS)
    throw exhausted(`${error.message}; it asks to wait ${Math.round(told / 1000)} s`)
  if (failures >= RETRIES) throw error
  return told === undefined ? jitter(failures) : told + Math.random() * FIRST_WAIT_MS
}

/** Full jitter: anything up to a bound that doubles. */
const jitter = (failures: number): number => Math.random() * Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures + 1))

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (signal.aborted) throw cancelled()
    throw error
  }
}

async function attempt(
  { url, method = 'POST', headers, body, token, outbound }: WireRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly answer: WireAnswer } | Failed> {
  const patience = createPatience(timeoutMs, signal)
  try {
    const answer = await outbound.open(url, {
      method,
      headers: { ...headers, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body }),
      signal: patience.signal,
    })
    const bytes = patience.watch(answer.body)
    const { status } = answer
    if (status < 200 || status > 299)
      return { refusal: { status, headers: answer.headers, body: await readBeginning(bytes) } }
    const contentType = (answer.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
    return { answer: { contentType, body: bytes } }
  } catch (error) {
    patience.end()
    const known = patience.explain(error)
    if (isCoded(known, 'UNAVAILABLE')) return { unreachable: hidden(known, token) }
    throw known
  }
}

function hidden(error: CodedError, token: string): CodedError {
  return token !== '' && error.message.includes(token) ? unavailable(wordsOf(error.message, token)) : error
}

/** Gives up on a connection that falls silent. */
function createPatience(timeoutMs: number, caller: AbortSignal) {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), timeoutMs)
  const explain = (error: unknown): unknown => {
    if (caller.aborted) return cancelled()
    if (silence.signal.aborted) return deadline(`the server of the model was silent for ${timeoutMs} ms`)
    if (isCoded(error)) return error
    const why = error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error)
    return unavailable(`the answer of the model broke off: ${why}`, { cause: error })
  }
  return {
    signal: AbortSignal.any([caller, silence.signal]),
    explain,
    end: () => clearTimeout(timer),
    async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      try {
        for await (const bytes of body) {
          clearTimeout(timer)
          yield bytes
          timer = setTimeout(() => silence.abort(), timeoutMs)
        }
      } catch (error) {
        throw explain(error)
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

async function readBeginning(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const bytes of body) {
    parts.push(bytes)
    size += bytes.length
    if (size > MOST_REFUSAL_BYTES) break
  }
  return Buffer.concat(parts).subarray(0, MOST_REFUSAL_BYTES).toString('utf8')
}

/** All of a body. Throws RESOURCE_EXHAUSTED where it is too large. */
export async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const bytes of limited(body)) parts.push(bytes)
  return Buffer.concat(parts)
}

/** The same bytes, until they are too many: then it throws RESOURCE_EXHAUSTED. */
export async function* limited(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const bytes of body) {
    size += bytes.length
    if (size > MOST_BYTES) throw exhausted(`the answer of the model is larger than ${MOST_BYTES} bytes`)
    yield bytes
  }
}

/** The JSON of an answer. Throws UNAVAILABLE where it is none. */
export async function readJsonAnswer(
  { body, contentType }: WireAnswer,
  { model, token }: WireRequest,
): Promise<unknown> {
  const text = (await readWhole(body)).toString('utf8')
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const said = wordsOf(text, token)
    throw unavailable(`"${model}" answers ${contentType || 'something'} that is not JSON: ${said.slice(0, 120)}`, {
      cause: error,
    })
  }
}
