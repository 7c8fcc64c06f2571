// https://api-dashboard.search.brave.com/app/documentation/web-search
import type { WebProviderDefinition } from '../provider.ts'
import { isFields } from '../json.ts'
import { askForJson, dayOf, shorten, toPages } from '../web-answer.ts'

const URL_OF_BRAVE = 'https://api.search.brave.com'
/** Its limits of a query, and of one answer. */
const MOST_CHARACTERS = 400
const MOST_WORDS = 50
const MOST_PAGES = 20

const definition: WebProviderDefinition = {
  name: 'brave',
  about:
    'Brave Search: set BRAVE_API_KEY, or add a secret of that name; a key is made at https://api-dashboard.search.brave.com',
  secret: 'BRAVE_API_KEY',
  open({ settings, outbound }) {
    const base = (settings.BRAVE_URL || URL_OF_BRAVE).replace(/\/+$/, '')
    return {
      async search({ query, limit, from, to }, call) {
        const asked = new URLSearchParams({
          q: shorten(query, MOST_CHARACTERS, MOST_WORDS),
          count: String(Math.min(limit, MOST_PAGES)),
          text_decorations: 'false',
          ...(from > 0 || to > 0 ? { freshness: `${dayOf(from)}to${dayOf(to || Date.now())}` } : {}),
        })
        const url = `${base}/res/v1/web/search?${asked.toString()}`
        const request = { headers: { accept: 'application/json', 'x-subscription-token': call.key } }
        const { web } = await askForJson('Brave Search', { outbound, url, request }, call)
        return toPages(isFields(web) ? web['results'] : [], { text: 'description', at: 'page_age' }).slice(0, limit)
      },
    }
  },
}
export default definition
