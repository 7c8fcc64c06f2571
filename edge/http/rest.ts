import type { Hono } from 'hono'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Identity } from '#mesh/identity.ts'
import type { ClientCallOptions } from '#mesh/service.ts'
import { checkOrigin, cookieOf, isLoopback, isLoopbackHost, SESSION_COOKIE } from '../authentication.ts'
import type { Authentication } from '../authentication.ts'
import { DOCUMENT_LIMITS, JSON_LIMITS, parseJson } from '../json.ts'
import type { Contracts, HttpRule } from './descriptors.ts'
import { cookiesOf, readMessage, readText, writeMessage } from './messages.ts'
import { jsonReply } from './replies.ts'
import { denied } from '#mesh/errors.ts'

type Fields = Record<string, unknown>
/** A client of a service, without its types: the rules say what it takes. */
export type AnyClient = Readonly<Record<string, (request: Fields, options: ClientCallOptions) => unknown>>
export interface Bindings {
  readonly address: string
  /** The route that answered, told to traces. */
  route?: string
}
export type EdgeApp = Hono<{ Bindings: Bindings }>

export interface RestOptions {
  readonly contracts: Contracts
  /** By the full name of the gRPC service. */
  readonly clients: Readonly<Record<string, AnyClient>>
  readonly authentication: Authentication
  /** Whether cookies are for HTTPS only. */
  readonly secure: boolean
}

/** RPCs that somebody may call who is nobody yet. */
const OPEN = new Set(['GetInstance', 'Register', 'Login', 'OpenLocal', 'Refresh', 'Logout', 'Keys'])
const DEADLINE_MS = 15_000
/** A run ends by its own limit before this. */
export const RUN_DEADLINE_MS = 25 * 3_600_000
/** Those that wait for longer: for the end of a run, or for models and what they read. */
const DEADLINES_MS: Readonly<Record<string, number>> = {
  ForkRun: RUN_DEADLINE_MS,
  Search: 60_000,
  Suggest: 400_000,
  DeleteMany: 120_000,
}

/** Adds a route for each rule, by transcoding: path, query and body become the request; the answer becomes JSON. */
export function addRest(app: EdgeApp, options: RestOptions): void {
  for (const rule of options.contracts.rules) {
    const client = options.clients[rule.rpc.parent.typeName]
    const call = client?.[rule.rpc.localName]
    if (!call) continue
    app.on(rule.method.toUpperCase(), toRoute(rule.path), async context => {
      const request = context.req.raw
      const caller = await identify(rule, request, context.env.address, options)
      const fields = await readRequest(rule, request, context.req.param(), options.contracts)
      const answer = (await call(fields, {
        caller,
        signal: request.signal,
        deadlineMs: DEADLINES_MS[rule.rpc.name] ?? DEADLINE_MS,
      })) as Fields
      const reply = jsonReply(writeMessage(rule.rpc.output, answer, options.contracts))
      for (const [name, value] of cookiesOf(rule.rpc.output, answer, options.contracts))
        reply.headers.append('set-cookie', toCookie(name, value, options.secure))
      return reply
    })
  }
}

/** `{spell_id}` as Hono writes it. */
export function toRoute(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

async function identify(
  { rpc }: HttpRule,
  request: Request,
  address: string,
  { authentication }: RestOptions,
): Promise<Identity> {
  if (!OPEN.has(rpc.name)) return { user: (await authentication.ofRequest(request)).userId, service: 'edge' }
  checkOrigin(request, authentication.isOwnOrigin)
  // Whoever has this account needs no password: it is for this machine alone, and for no page that only pretends to come from it.
  if (rpc.name === 'OpenLocal' && !(isLoopback(address) && isLoopbackHost(request.headers.get('host') ?? '')))
    throw denied('the local account is for this computer only: open http://localhost')
  return { user: '', service: 'edge' }
}

/** The request of an RPC from path, query, body and cookies. Throws INVALID_ARGUMENT with every problem. */
export async function readRequest(
  rule: HttpRule,
  request: Request,
  params: Readonly<Record<string, string>>,
  contracts: Contracts,
): Promise<Fields> {
  const { input } = rule.rpc
  const problems: Problem[] = []
  const body = rule.hasBody ? await readBody(request) : {}
  const inPath = new Set(Object.keys(params))
  const fields = readMessage(input, body, contracts, problems)
  for (const field of input.fields) {
    const cookie = contracts.cookieOf(field)
    if (cookie) fields[field.localName] = cookieOf(request, cookie)
    const text = params[field.name]
    if (text === undefined) continue
    const given = fields[field.localName]
    if (given !== undefined && given !== text)
      problems.push({ path: field.jsonName, message: `is "${text}" in the URL` })
    fields[field.localName] = readText(field, text, problems)
  }
  if (!rule.hasBody) readQuery(rule, new URL(request.url).searchParams, inPath, contracts, fields, problems)
  if (problems.length > 0) throw invalid(problems)
  return fields
}

function readQuery(
  rule: HttpRule,
  query: URLSearchParams,
  inPath: ReadonlySet<string>,
  contracts: Contracts,
  fields: Fields,
  problems: Problem[],
): void {
  const known = rule.rpc.input.fields.filter(field => !inPath.has(field.name) && !contracts.cookieOf(field))
  for (const [name, text] of query) {
    const field = known.find(one => one.jsonName === name)
    if (field) fields[field.localName] = readText(field, text, problems)
    else
      problems.push({
        path: name,
        message: `is not known here; expected ${known.map(one => one.jsonName).join(', ') || 'no query'}`,
      })
  }
}

async function readBody(request: Request): Promise<Fields> {
  const text = decode(await request.arrayBuffer())
  if (text === '') return {}
  const body = parseJson(text, /\/v1\/spells(?:\/|$)/.test(request.url) ? DOCUMENT_LIMITS : JSON_LIMITS)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('expected a JSON object')
  return body as Fields
}

const STRICT = new TextDecoder('utf-8', { fatal: true })

/** Bytes that are no UTF-8 are not to become other ones unnoticed. */
function decode(bytes: ArrayBuffer): string {
  try {
    return STRICT.decode(bytes)
  } catch {
    throw invalid('the body is not UTF-8')
  }
}

function toCookie(name: string, value: string, secure: boolean): string {
  const life = value === '' ? 'Max-Age=0' : `Max-Age=${name === SESSION_COOKIE ? 30 * 86_400 : 86_400}`
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; ${life}${secure ? '; Secure' : ''}`
}
