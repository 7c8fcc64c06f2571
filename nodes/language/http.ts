// Requests to the outside: what the nodes of web/ have in common.
import { NodeFailure } from '#graph/define.ts'
import type { NodeContext, Schema, Sockets } from '#graph/define.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { show } from '#graph/schema.ts'
import { toText } from './text.ts'

/** What any request may be set to. */
export const REQUEST_CONFIG = {
  url: { type: 'string', title: 'URL', maxLength: 8000, default: '', description: 'http or https' },
  headers: {
    type: 'object',
    title: 'Headers',
    additionalProperties: { type: 'string' },
    default: {},
    description: 'Part of the spell: no place for secrets',
  },
  fail: { type: 'boolean', title: 'Fail at a status of 400 and above', default: true },
} as const satisfies Readonly<Record<string, Schema>>

/** What any request takes over wires. */
export const REQUEST_INPUTS = {
  url: { type: 'string', about: 'In place of the one in the settings' },
  query: { type: 'object', about: 'Added to the URL; a list once for each item, null not at all' },
  headers: { type: 'object', about: 'Beside those of the settings; the same one counts from here' },
} as const satisfies Sockets

/** What any answer gives. */
export const ANSWER_OUTPUTS = {
  status: { type: 'number' },
  ok: { type: 'boolean', about: 'Whether the status is below 400' },
  headers: { type: 'object', about: 'By their names in small letters' },
  text: { type: 'string', about: 'The body' },
  json: { type: 'any', about: 'The body as a value where it is JSON; else null' },
} as const satisfies Sockets

export interface RequestConfig {
  readonly url: string
  readonly headers: JsonObject
  readonly fail: boolean
}
export interface RequestInputs {
  readonly url?: string | undefined
  readonly query?: JsonObject | undefined
  readonly headers?: JsonObject | undefined
}

/** What is wrong with the settings of a request. */
export function problemsOfRequest({ url, headers }: RequestConfig): { path: string; message: string }[] {
  const bad = Object.keys(headers).filter(name => !isHeaderName(name))
  return [
    ...(url === '' || isUrl(url)
      ? []
      : [{ path: 'url', message: `${show(url)} is not a URL that begins with http: or https:` }]),
    ...bad.map(name => ({ path: `headers.${name}`, message: 'is not the name of a header' })),
  ]
}

/**
 * Sends a request through the guarded client and answers outputs. Fails with `BAD_REQUEST` for what cannot be sent, `HTTP_ERROR` for a status of 400 and
 * above where the config wants that, and with the client's own codes (`PERMISSION_DENIED`, `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `RESOURCE_EXHAUSTED`).
 */
export async function request(
  inputs: RequestInputs,
  { config, fetch, signal }: Pick<NodeContext<RequestConfig>, 'config' | 'fetch' | 'signal'>,
  sent: { readonly method: string; readonly headers?: Record<string, string>; readonly body?: string },
): Promise<Values> {
  const url = withQuery(inputs.url ?? config.url, inputs.query ?? {})
  const headers = { ...sent.headers, ...headersOf(config.headers), ...headersOf(inputs.headers ?? {}) }
  const { answer, text } = await told(async () => {
    const { method, body } = sent
    const given = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) })
    return { answer: given, text: await given.text() }
  })
  const { status } = answer
  if (config.fail && status >= 400)
    throw new NodeFailure('HTTP_ERROR', `${sent.method} ${shown(url)} answered ${status}: ${text.slice(0, 200)}`, {
      retry: status >= 500 || status === 408 || status === 429,
    })
  const isJson = /[/+]json\b/i.test(answer.headers['content-type'] ?? '')
  return { status, ok: status < 400, headers: answer.headers, text, json: isJson ? valueOf(text) : null }
}

/** Passes on what the client refuses: another attempt would not help there. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (typeof code !== 'string' || !FINAL.has(code)) throw error
    throw new NodeFailure(code, error instanceof Error ? error.message : code, { retry: false, cause: error })
  }
}

const FINAL: ReadonlySet<string> = new Set(['PERMISSION_DENIED', 'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED'])

/** A body of a wire: a text as it is, any other value as JSON. */
export function bodyOf(body: Json): { readonly body: string; readonly headers: Record<string, string> } {
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
  return { body: toText(body), headers: { 'content-type': type } }
}

const isUrl = (url: string) => /^https?:\/\/[^\s/]/i.test(url)
const isHeaderName = (name: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(name)

function withQuery(url: string, query: JsonObject): string {
  if (!isUrl(url))
    throw new NodeFailure('BAD_REQUEST', `expected a URL that begins with http: or https:, got ${show(url)}`, {
      retry: false,
    })
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as readonly Json[]) : [value])
      .filter(one => one !== null)
      .map(one => `${encoded(name)}=${encoded(toText(one))}`),
  )
  if (pairs.length === 0) return url
  const [before = '', ...fragment] = url.split('#')
  const joint = before.includes('?') ? (/[?&]$/.test(before) ? '' : '&') : '?'
  return [before + joint + pairs.join('&'), ...fragment].join('#')
}

/** Half a surrogate pair cannot be encoded: it is replaced, as everywhere in UTF-8. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** By names in small letters: one name cannot be there twice. */
function headersOf(given: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => {
        const text = isObject(value) || Array.isArray(value) ? undefined : toText(value)
        if (!isHeaderName(name) || text === undefined || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
          throw new NodeFailure('BAD_REQUEST', `header ${show(name)}: ${show(value)} cannot be sent`, { retry: false })
        return [name.toLowerCase(), text]
      }),
  )
}

/** Without its query, which may hold what is nobody else's business. */
function shown(url: string): string {
  return (url.split(/[?#]/)[0] ?? '').slice(0, 200)
}

function valueOf(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}
