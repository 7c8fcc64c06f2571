import { denied, exhausted, invalid, precondition, unavailable } from '#mesh/errors.ts'
import type { CodedError } from '#mesh/errors.ts'
import type { Outbound, OutboundRequest } from '#mesh/outbound.ts'
import { isFields } from './json.ts'
import type { WebCall, WebPage } from './provider.ts'

type Fields = Readonly<Record<string, unknown>>

/** Asks for JSON. What is refused becomes a coded error, in the provider's words and without its key. */
export async function askForJson(
  title: string,
  { outbound, url, request }: { outbound: Outbound; url: string; request: OutboundRequest },
  { signal, key }: WebCall,
): Promise<Fields> {
  const answer = await outbound.fetch(url, { ...request, signal })
  const body = await answer.text()
  if (answer.status < 200 || answer.status > 299)
    throw toCoded(title, isAboutKey(body) ? 401 : answer.status, wordsOf(body, key), answer.status)
  const read = parse(body)
  if (!isFields(read)) throw unavailable(`${title} did not answer with JSON`)
  return read
}

/** Brave says 422 of a key that it does not take. */
const isAboutKey = (body: string) => body.includes('SUBSCRIPTION_TOKEN_INVALID')

function toCoded(title: string, meant: number, said: string, status: number): CodedError {
  const why = said === '' ? `status ${status}` : `${said} (status ${status})`
  switch (meant) {
    case 401:
      return precondition(`${title} refuses the key: ${why}`)
    case 403:
      return denied(`${title} does not allow it: ${why}`)
    // Tavily says so where a plan is used up.
    case 402:
    case 429:
    case 432:
    case 433:
      return exhausted(`${title} is asked too much: ${why}`)
    case 400:
    case 422:
      return invalid(`${title} refuses the request: ${why}`)
    default:
      return unavailable(`${title} failed: ${why}`)
  }
}

const MOST_WORDS = 300

function wordsOf(body: string, key: string): string {
  const read = parse(body)
  const said = (read === undefined ? toPlain(body) : (findWords(read) ?? '')).replaceAll(/\s+/g, ' ').trim()
  return (key === '' ? said : said.replaceAll(key, '[key]')).slice(0, MOST_WORDS)
}

/** `{error: {detail}}`, `{detail: {error}}`, `{message}` and the like. */
function findWords(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!isFields(value)) return undefined
  for (const name of ['error', 'detail', 'message']) {
    const found = findWords(value[name])
    if (found !== undefined) return found
  }
  return undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** The pages of a list, in its order: what has no address of the web is left out. */
export function toPages(list: unknown, names: { text: string; at: string }): readonly WebPage[] {
  if (!Array.isArray(list)) return []
  return list.filter(isFields).flatMap(fields => {
    const url = textOf(fields, 'url')
    const protocol = URL.parse(url)?.protocol
    if (protocol !== 'http:' && protocol !== 'https:') return []
    const text = toPlain(textOf(fields, names.text))
    return [{ url, title: toPlain(textOf(fields, 'title')) || url, text, at: toTime(fields[names.at]) }]
  })
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

/** A time zone that is not told is UTC: so the same answer is the same everywhere. */
function toTime(value: unknown): number {
  if (typeof value !== 'string' || !/\d{4}/.test(value)) return 0
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2}|GMT|UTC)$/i.test(value.trim()) || !/\d:\d/.test(value)
  const time = Date.parse(hasZone ? value : `${value.trim()}Z`)
  return Number.isFinite(time) && time > 0 ? time : 0
}

const MOST_CHARACTERS = 4_000
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  rsquo: '’',
  lsquo: '‘',
  rdquo: '”',
  ldquo: '“',
}

/** A snippet without markup: tags go, entities become their signs, spaces are single. */
export function toPlain(html: string): string {
  return html
    .slice(0, 4 * MOST_CHARACTERS)
    .replaceAll(/<(script|style)\b[^>]{0,500}>[^<]*<\/\1>/gi, ' ')
    .replaceAll(/<\/?(?:p|div|br|li|td|th|tr|h\d)\b[^<>]{0,500}>/gi, ' ')
    .replaceAll(/<\/?[a-z!][^<>]{0,500}>/gi, '')
    .replaceAll(/&(#x[\da-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (whole, name: string) => entity(name) ?? whole)
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, MOST_CHARACTERS)
}

function entity(name: string): string | undefined {
  if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()]
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
  const isSign = code >= 32 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return isSign ? String.fromCodePoint(code) : undefined
}

/** The day, as `2026-11-21`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** At most so many characters, and so many words where they count too; cut between words where it can be. */
export function shorten(query: string, characters: number, words = Number.POSITIVE_INFINITY): string {
  const single = query.replaceAll(/\s+/g, ' ').split(' ').slice(0, words).join(' ')
  if (single.length <= characters) return single
  const cut = single.slice(0, characters)
  const space = cut.lastIndexOf(' ')
  return (space > characters / 2 ? cut.slice(0, space) : cut).toWellFormed()
}
