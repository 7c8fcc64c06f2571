// The openai package's client for each vendor and key, and its errors in our words.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type OpenAI from 'openai'
import type { APIError } from 'openai'
import {
  cancelled,
  CodedError,
  deadline,
  denied,
  exhausted,
  invalid,
  notFound,
  precondition,
  unavailable,
} from '#mesh/errors.ts'
import type { ErrorParts } from '#mesh/errors.ts'

/** A vendor that is set up. */
export interface Vendor {
  readonly title: string
  readonly url: string
  /** The setting and the secret that has its key. */
  readonly secret: string
  /** Longest wait for the beginning of an answer. */
  readonly timeoutMs: number
}

/** Gives the client of a vendor for a key; empty: none is needed. Clients hold no connections of their own. */
export type ClientFor = (key: string) => Promise<OpenAI>

/** Large, and many an instance never asks: read when the first client is made. */
let library: typeof import('openai') | undefined

const MOST_CLIENTS = 1_000

export function createClients({ url, timeoutMs }: Vendor): ClientFor {
  const clients = new LRUCache<string, OpenAI>({ max: MOST_CLIENTS })
  return async key => {
    library ??= await import('openai')
    const name = createHash('sha256').update(key).digest('base64url')
    const known = clients.get(name)
    if (known) return known
    // It reads no variables of its own; waiting and trying again is ours: a person is told of it.
    const client = new library.OpenAI({
      apiKey: key || 'none',
      baseURL: url,
      timeout: timeoutMs,
      maxRetries: 0,
      organization: null,
      project: null,
      logLevel: 'off',
    })
    clients.set(name, client)
    return client
  }
}

const MOST_WORDS = 1_000

/** The vendor's words, under the code that says what to do about it. The key that was used never is among them. */
export function toCoded(error: unknown, asked: { vendor: Vendor; key: string; model: string }): CodedError {
  if (error instanceof CodedError) return error
  if (library && error instanceof library.APIUserAbortError) return cancelled()
  const { vendor, key, model } = asked
  if (library && error instanceof library.APIConnectionTimeoutError)
    return deadline("the model's provider did not answer in time")
  const without = (text: string) => {
    const hidden = key === '' ? text : text.replaceAll(key, '…')
    return hidden.length > MOST_WORDS ? `${hidden.slice(0, MOST_WORDS)} …` : hidden
  }
  if (!library || !(error instanceof library.APIError)) {
    const said = without(error instanceof Error ? reasonOf(error) : String(error))
    const isWrong = error instanceof SyntaxError
    return unavailable(
      isWrong
        ? `the model's provider cannot be understood: ${said}`
        : `the connection to the model's provider broke: ${said}`,
    )
  }
  const said = without(error.message.replace(/^\d{3} /, ''))
  const parts = retryAfterOf(error)
  switch (error.status) {
    case 400:
    case 413:
    case 422:
      return invalid(`the model's provider refuses the request: ${said}`)
    case 401:
      return precondition(`the model's provider refuses the key in ${vendor.secret}: ${said}`)
    case 402:
      return precondition(`the model's provider wants to be paid: ${said}`)
    case 403:
      return denied(`the model's provider does not allow this: ${said}`)
    case 404:
      return notFound(`the model's provider does not know "${model}": ${said}`)
    case 429:
      return exhausted(`the model's provider is at its limit: ${said}`, parts)
    case undefined:
      return unavailable(
        error instanceof library.APIConnectionError
          ? `the model's provider cannot be reached: ${without(reasonOf(error))}`
          : `the model's provider failed: ${said}`,
      )
    default:
      return unavailable(`the model's provider failed (${error.status}): ${said}`, parts)
  }
}

/** What a failed connection says at its bottom: "Connection error." alone helps nobody. */
function reasonOf(error: Error): string {
  let words = error.message
  for (
    let at: unknown = error.cause;
    typeof at === 'object' && at !== null;
    at = 'cause' in at ? at.cause : undefined
  ) {
    const said = [at as { message?: unknown; code?: unknown }].flatMap(({ message, code }) => [message, code])
    words = said.find((one): one is string => typeof one === 'string' && one !== '') ?? words
  }
  return words
}

/** When the vendor wants to be asked again: in milliseconds, seconds, or at a date. */
function retryAfterOf({ headers }: APIError): ErrorParts {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '')
  const said = headers?.get('retry-after') ?? ''
  const seconds = Number.parseFloat(said)
  const retryAfterMs = !Number.isNaN(ms) ? ms : !Number.isNaN(seconds) ? seconds * 1_000 : Date.parse(said) - Date.now()
  return Number.isFinite(retryAfterMs) && retryAfterMs >= 0 ? { details: { retryAfterMs } } : {}
}
