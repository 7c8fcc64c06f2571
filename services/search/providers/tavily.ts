// https://docs.tavily.com/documentation/api-reference/endpoint/search
import type { WebProviderDefinition } from '../provider.ts'
import { askForJson, dayOf, shorten, toPages } from '../web-answer.ts'

const URL_OF_TAVILY = 'https://api.tavily.com'
/** Its limits of a query, and of one answer. */
const MOST_CHARACTERS = 400
const MOST_PAGES = 20

const definition: WebProviderDefinition = {
  name: 'tavily',
  about: 'Tavily: set TAVILY_API_KEY, or add a secret of that name; a key is made at https://app.tavily.com',
  secret: 'TAVILY_API_KEY',
  open({ settings, outbound }) {
    const base = (settings.TAVILY_URL || URL_OF_TAVILY).replace(/\/+$/, '')
    return {
      async search({ query, limit, from, to }, call) {
        const body = JSON.stringify({
          query: shorten(query, MOST_CHARACTERS),
          max_results: Math.min(limit, MOST_PAGES),
          search_depth: 'basic',
          include_answer: false,
          ...(from > 0 ? { start_date: dayOf(from) } : {}),
          ...(to > 0 ? { end_date: dayOf(to) } : {}),
        })
        const headers = {
          accept: 'application/json',
          authorization: `Bearer ${call.key}`,
          'content-type': 'application/json',
        }
        const request = { method: 'POST', headers, body }
        const { results } = await askForJson('Tavily', { outbound, url: `${base}/search`, request }, call)
        return toPages(results, { text: 'content', at: 'published_date' }).slice(0, limit)
      },
    }
  },
}
export default definition
