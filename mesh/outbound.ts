import { lookup as resolve } from 'node:dns'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import type { Agent, Response } from 'undici'
import { CodedError, denied, exhausted, invalid, unavailable } from './errors.ts'
import { text } from './settings.ts'

/** What a service that calls the outside declares. */
export const OUTBOUND_SETTINGS = {
  OUTBOUND_ALLOW: text(
    'hosts inside this network that spells may reach, as host or host:port, separated by commas, e.g. localhost:11434',
  ),
}

export interface OutboundOptions {
  readonly OUTBOUND_ALLOW: string
  /** Of one answer's body. */
  readonly limitBytes?: number
  /** From the call to the last byte. */
  readonly timeoutMs?: number
  /** To one host at the same time. */
  readonly connections?: number
}

export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}
export interface OutboundAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  text(): Promise<string>
}
/** An answer that is read as it comes. */
export interface OutboundStream {
  readonly status: number
  readonly headers: Record<string, string>
  /** Who leaves it closes the connection. */
  readonly body: AsyncIterable<Uint8Array>
}

/** The one client for requests that users cause. */
export interface Outbound extends AsyncDisposable {
  /**
   * http and https only; no private, loopback, link-local or metadata address, whatever the name says, unless the operator allows the host; redirects are
   * checked again and carry no credentials to another origin; size and time are limited. Rejects with a coded error.
   */
  fetch(url: string, request?: OutboundRequest): Promise<OutboundAnswer>
  /** The same for answers that stream: size and time are the caller's to limit, by the request's signal. */
  open(url: string, request: OutboundRequest & { readonly signal: AbortSignal }): Promise<OutboundStream>
}

const MOST_REDIRECTS = 5
const LIMIT_BYTES = 10 * 1024 * 1024
const TIMEOUT_MS = 30_000

export function createOutbound({
  OUTBOUND_ALLOW,
  limitBytes = LIMIT_BYTES,
  timeoutMs = TIMEOUT_MS,
  connections = 64,
}: OutboundOptions): Outbound {
  const allowed = new Set(
    OUTBOUND_ALLOW.split(',')
      .map(one => one.trim().toLowerCase())
      .filter(Boolean),
  )
  // Its library is large, and most of those who could call never do.
  const openAgents = async () => {
    const { Agent } = await import('undici')
    return {
      guarded: new Agent({ connect: { lookup: guardedLookup }, connections }),
      open: new Agent({ connections }),
    }
  }
  let agents: ReturnType<typeof openAgents> | undefined
  const isAllowed = (url: URL) =>
    allowed.has(url.hostname) ||
    allowed.has(`${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`)
  const follow = async (given: string, request: OutboundRequest, signal: AbortSignal): Promise<Response> => {
    let url = readUrl(given)
    let headers = { ...request.headers }
    let { method = 'GET', body } = request
    for (let redirects = 0; ; redirects++) {
      const free = isAllowed(url)
      if (!free) refuseAddress(url.hostname)
      const { guarded, open } = await (agents ??= openAgents())
      const response = await send(url, { method, headers, body, signal, dispatcher: free ? open : guarded }, timeoutMs)
      const location = response.headers.get('location')
      if (response.status < 300 || response.status > 399 || !location) return response
      await response.body?.cancel()
      if (redirects >= MOST_REDIRECTS) throw unavailable(`${given} redirects more than ${MOST_REDIRECTS} times`)
      const next = readUrl(new URL(location, url).href)
      if (next.origin !== url.origin) headers = withoutCredentials(headers)
      if (response.status === 303 || (response.status < 303 && method === 'POST')) {
        method = 'GET'
        body = undefined
      }
      url = next
    }
  }
  return {
    async fetch(given, request = {}) {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(request.signal ? [request.signal] : [])])
      return toAnswer(await follow(given, request, signal), limitBytes)
    },
    async open(given, request) {
      const response = await follow(given, request, request.signal)
      const { status, headers, body } = response
      return { status, headers: Object.fromEntries(headers), body: body ?? NOTHING }
    },
    async [Symbol.asyncDispose]() {
      const opened = await agents
      await Promise.all([opened?.guarded.close(), opened?.open.close()])
    },
  }
}

interface Sent {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array | undefined
  readonly signal: AbortSignal
  readonly dispatcher: Agent
}
const NOTHING: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} }

async function send(url: URL, { body, ...rest }: Sent, timeoutMs: number): Promise<Response> {
  const { fetch } = await import('undici')
  try {
    return await fetch(url, { ...rest, ...(body === undefined ? {} : { body }), redirect: 'manual' })
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    if (cause instanceof CodedError) throw cause
    if (rest.signal.aborted && isTimeout(rest.signal.reason))
      throw new CodedError('DEADLINE_EXCEEDED', `${url.host} did not answer within ${timeoutMs} ms`)
    if (rest.signal.aborted) throw new CodedError('CANCELLED', 'the request was cancelled')
    throw unavailable(`${url.host} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause: error,
    })
  }
}

const isTimeout = (reason: unknown) =>
  typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === 'TimeoutError'

function readUrl(text: string): URL {
  const url = URL.parse(text)
  if (!url) throw invalid([{ path: 'url', message: `"${text}" is not a URL` }])
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid([{ path: 'url', message: `"${url.protocol}" is neither http: nor https:` }])
  if (url.username || url.password)
    throw invalid([{ path: 'url', message: 'must not contain a user name or password' }])
  return url
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^(authorization|cookie|proxy-authorization|x-api-key|api-key)$/i.test(name),
    ),
  )
}

function toAnswer(response: Response, limitBytes: number): OutboundAnswer {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: async () => readBody(response, limitBytes),
  }
}

/** Counted after decompression: a small answer that unpacks to a large one is stopped too. */
async function readBody(response: Response, limitBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > limitBytes) throw exhausted(`the answer is larger than ${limitBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** What no user may reach through this program: RFC 6890's special-purpose ranges, where cloud metadata is also found. */
const BLOCKED = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  BLOCKED.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  BLOCKED.addSubnet(net, prefix, 'ipv6')

function isBlocked(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return BLOCKED.check(mapped, 'ipv4')
  return BLOCKED.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function blocked(host: string): CodedError {
  return denied(`"${host}" is inside this network: an operator can allow it with OUTBOUND_ALLOW`)
}

/** An address instead of a name is never looked up. */
function refuseAddress(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, '')
  if (isIP(address) !== 0 && isBlocked(address)) throw blocked(hostname)
}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** Resolves a name and refuses it when any of its addresses is blocked: what was checked is what is connected to. */
function guardedLookup(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [])
    if (addresses.some(({ address }) => isBlocked(address))) return callback(blocked(hostname), [])
    const [first] = addresses
    if (options.all) callback(null, addresses)
    else callback(null, first?.address ?? '', first?.family)
  })
}
