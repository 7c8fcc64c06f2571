// What servers of models say when they do not answer, and what it means to the caller.
import { denied, exhausted, invalid, notFound, precondition, unavailable } from '#mesh/errors.ts'
import type { CodedError } from '#mesh/errors.ts'
import { isRecord } from './task.ts'

/** An answer that is not one. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The beginning of its body. */
  readonly body: string
}

const MOST_CHARACTERS = 400

/** The other side's own words, without the key. */
export function wordsOf(body: string, token: string): string {
  const said = readWords(body).replaceAll(/\s+/g, ' ').trim()
  const hidden = token === '' ? said : said.replaceAll(token, '[key]')
  return hidden.length > MOST_CHARACTERS ? `${hidden.slice(0, MOST_CHARACTERS)} …` : hidden
}

function readWords(body: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(body)?.[1]
  if (/^\s*</.test(body)) return title ? `an HTML page, "${title}"` : 'an HTML page'
  try {
    return findWords(JSON.parse(body)) ?? body
  } catch {
    return body
  }
}

/** `{error}`, `{error: {message}}`, `{message}`, `{detail}`, `{detail: [{msg}]}`, `{errors: […]}` and the like. */
function findWords(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(findWords).filter(Boolean).join('; ') || undefined
  if (!isRecord(value)) return undefined
  for (const name of ['error', 'message', 'detail', 'msg', 'errors']) {
    const found = findWords(value[name])
    if (found !== undefined) return found
  }
  return undefined
}

/** The error that a refusal is. `model`: what was asked; `keyName`: where the key came from. */
export function toCoded({ status, body }: Refusal, { model, token }: { model: string; token: string }): CodedError {
  const said = wordsOf(body, token)
  switch (status) {
    case 400:
      if (/model_not_found|does not exist/.test(body)) return notFound(`there is no model "${model}": ${said}`)
      return invalid(`"${model}" refuses the request: ${said}`)
    case 409:
    case 413:
    case 415:
    case 422:
      return invalid(`"${model}" refuses the request: ${said}`)
    case 401:
      return precondition(
        token === ''
          ? `"${model}" needs a key: set HF_TOKEN, or add a secret of that name under Account > Secrets (${said})`
          : `Hugging Face refuses the key HF_TOKEN: ${said}`,
      )
    case 402:
      return exhausted(`the credit of the key HF_TOKEN is used up: ${said}`)
    case 403:
      return denied(`the key HF_TOKEN may not use "${model}": ${said}`)
    case 404:
    case 410:
      return notFound(`there is no model "${model}": ${said}`)
    case 429:
      return exhausted(`"${model}" is at its limit: ${said}`)
    default:
      return unavailable(`"${model}" failed (${status}): ${said}`)
  }
}

/** How long a server asks one to wait, in milliseconds; undefined: it does not say. */
export function retryAfterOf({ headers }: Refusal, now: number): number | undefined {
  const given = headers['retry-after']
  if (given === undefined) return undefined
  const ms = /^\d+(\.\d+)?$/.test(given.trim()) ? Number(given) * 1000 : Date.parse(given) - now
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** Whether a model is still being loaded, and how long that takes by its own estimate. */
export function loadingOf(refusal: Refusal, isEndpoint: boolean): { readonly estimatedMs?: number } | undefined {
  if (refusal.status !== 503) return undefined
  const estimatedMs = estimateOf(refusal.body)
  if (estimatedMs !== undefined) return { estimatedMs }
  // A dedicated endpoint that sleeps says nothing but 503 until it is awake.
  return isEndpoint || LOADING.test(refusal.body) ? {} : undefined
}

const LOADING = /\b(loading|initiali[sz]ing|warming up|waking|starting up)\b|\bscal(ed|ing) (to zero|up)\b/i

function estimateOf(body: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    const seconds = isRecord(parsed) ? parsed['estimated_time'] : undefined
    return typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : undefined
  } catch {
    return undefined
  }
}
