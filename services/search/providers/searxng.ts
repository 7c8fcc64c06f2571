// https://docs.searxng.org/dev/search_api.html
import { denied, isCoded } from '#mesh/errors.ts'
import type { WebProviderDefinition } from '../provider.ts'
import { askForJson, shorten, toPages } from '../web-answer.ts'

const MOST_CHARACTERS = 2_000

const DAY_MS = 86_400_000
/** The ranges that every version of it knows, all up to now. */
const RANGES = [
  { name: 'day', ms: DAY_MS },
  { name: 'month', ms: 30 * DAY_MS },
  { name: 'year', ms: 365 * DAY_MS },
]

/** The shortest range that has all since then; undefined: none has. */
const rangeSince = (from: number, now: number) => RANGES.find(({ ms }) => from >= now - ms)?.name

const definition: WebProviderDefinition = {
  name: 'searxng',
  about: 'a SearXNG server of one’s own: set SEARXNG_URL, and allow it `json` under search.formats in its settings.yml',
  open({ settings, outbound }) {
    const base = settings.SEARXNG_URL.replace(/\/+$/, '')
    if (base === '') return undefined
    return {
      async search({ query, limit, from }, call) {
        const range = from > 0 ? rangeSince(from, Date.now()) : undefined
        const asked = new URLSearchParams({
          q: shorten(query, MOST_CHARACTERS),
          format: 'json',
          ...(range ? { time_range: range } : {}),
        })
        const url = `${base}/search?${asked.toString()}`
        try {
          const request = { headers: { accept: 'application/json' } }
          const { results } = await askForJson('SearXNG', { outbound, url, request }, call)
          return toPages(results, { text: 'content', at: 'publishedDate' }).slice(0, limit)
        } catch (error) {
          if (isCoded(error, 'PERMISSION_DENIED') && /\(?status 403/.test(error.message))
            throw denied('SearXNG does not answer with JSON: add `json` to search.formats in its settings.yml')
          throw error
        }
      },
    }
  },
}
export default definition
