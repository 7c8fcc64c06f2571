// The openai package's client, its errors in our words, and silence.
import type OpenAI from 'openai'
import {
  cancelled,
  CodedError,
  deadline,
  denied,
  exhausted,
  invalid,
  isCoded,
  notFound,
  precondition,
  unavailable,
} from '#mesh/errors.ts'

/** Where an API of that kind answers, and with which key. */
export interface Api {
  readonly url: string
  /** Empty: none is needed. */
  readonly key: string
  /** The setting and the secret of the key. */
  readonly secret: string
  readonly timeoutMs: number
}

const RETRIES = 2
/** Large, and many an instance never asks: read when the first client is made. */
let library: typeof import('openai') | undefined

/** The client waits as `Retry-After` says, else with back-off and jitter, and reads no variables of its own. */
export async function createClient({ url, key, timeoutMs }: Api): Promise<OpenAI> {
  library ??= await import('openai')
  return new library.OpenAI({
    apiKey: key || 'none',
    baseURL: url,
    timeout: timeoutMs,
    maxRetries: RETRIES,
    organization: null,
    project: null,
    logLevel: 'off',
  })
}

/** Aborts when the caller does, or when nothing was heard for that long. */
export interface Patience extends Disposable {
  readonly signal: AbortSignal
  /** Something came. */
  renew(): void
  /** What an error means, or an end that came too soon. */
  explain(error: unknown): CodedError
}

export function createPatience(caller: AbortSignal, api: Api, asked: string): Patience {
  const silence = new AbortController()
  const start = () => setTimeout(() => silence.abort(), api.timeoutMs)
  let timer = start()
  return {
    signal: AbortSignal.any([caller, silence.signal]),
    renew() {
      clearTimeout(timer)
      timer = start()
    },
    explain(error) {
      if (caller.aborted) return isCoded(caller.reason) ? caller.reason : cancelled()
      if (silence.signal.aborted) return deadline(`the provider of speech was silent for ${api.timeoutMs} ms`)
      return toCoded(error, api, asked)
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}

const MOST_WORDS = 1_000

/** The provider's words, under the code that says what to do about it; never with the key. */
function toCoded(error: unknown, { key, secret }: Api, asked: string): CodedError {
  if (error instanceof CodedError) return error
  if (library && error instanceof library.APIUserAbortError) return cancelled()
  if (library && error instanceof library.APIConnectionTimeoutError)
    return deadline('the provider of speech did not answer in time')
  const without = (text: string) => (key === '' ? text : text.replaceAll(key, '…')).slice(0, MOST_WORDS)
  if (!library || !(error instanceof library.APIError))
    return unavailable(`the provider of speech broke off: ${without(reasonOf(error))}`)
  const said = without(error.message.replace(/^\d{3} /, ''))
  switch (error.status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return invalid(`the provider of speech refuses the request: ${said}`)
    case 401:
      return precondition(`the provider of speech refuses the key in ${secret}: ${said}`)
    case 402:
      return precondition(`the provider of speech wants to be paid: ${said}`)
    case 403:
      return denied(`the provider of speech does not allow this: ${said}`)
    case 404:
      return notFound(`the provider of speech does not know ${asked}: ${said}`)
    case 429:
      return exhausted(`the provider of speech is at its limit: ${said}`)
    case undefined:
      return unavailable(`the provider of speech cannot be reached: ${without(reasonOf(error))}`)
    default:
      return unavailable(`the provider of speech failed (${error.status}): ${said}`)
  }
}

/** What stands at the bottom of an error: "Connection error." alone helps nobody. */
function reasonOf(error: unknown): string {
  let words = String(error)
  for (let at = error; typeof at === 'object' && at !== null; at = 'cause' in at ? at.cause : undefined) {
    const { message, code } = at as { message?: unknown; code?: unknown }
    words = [message, code].find((one): one is string => typeof one === 'string' && one !== '') ?? words
  }
  return words
}
