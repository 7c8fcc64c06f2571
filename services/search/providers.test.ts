import { expect } from '@jest/globals'
import { testProvider } from './provider.suite.ts'
import brave from './providers/brave.ts'
import searxng from './providers/searxng.ts'
import tavily from './providers/tavily.ts'
import { dayOf } from './web-answer.ts'

testProvider({
  definition: searxng,
  settingsFor: url => ({ SEARXNG_URL: `${url}/` }),
  // As searx/webutils.py writes `format=json`.
  answer: pages => ({
    body: {
      query: 'tea & "cake"',
      number_of_results: 0,
      results: pages.map(({ url, title, text, date = null }, index) => ({
        template: 'default.html',
        url,
        title,
        content: text,
        publishedDate: date,
        engine: 'duckduckgo',
        engines: ['duckduckgo', 'brave'],
        parsed_url: ['https', 'one.example', '/', '', '', ''],
        positions: [index + 1],
        score: 1 / (index + 1),
        category: 'general',
      })),
      answers: [],
      corrections: [],
      infoboxes: [],
      suggestions: [],
      unresponsive_engines: [['google', 'timeout']],
    },
  }),
  refusals: [
    {
      name: 'JSON that is not allowed',
      reply: { status: 403, body: '<!doctype html>\n<title>403 Forbidden</title>\n<h1>Forbidden</h1>' },
      error: {
        code: 'PERMISSION_DENIED',
        message: 'SearXNG does not answer with JSON: add `json` to search.formats in its settings.yml',
      },
    },
    {
      name: 'its limiter',
      reply: { status: 429, body: 'Too Many Requests' },
      error: { code: 'RESOURCE_EXHAUSTED', message: 'SearXNG is asked too much: Too Many Requests (status 429)' },
    },
  ],
  asked: { method: 'GET', path: '/search', query: { q: 'tea & "cake"', format: 'json' } },
  headers: { accept: 'application/json' },
  askedLong: { query: { q: expect.stringMatching(/^(seven\.\. ){249}seven\.\.$/) } },
  askedSince(from) {
    const days = (Date.now() - from) / 86_400_000
    const range = days < 1 ? 'day' : days < 30 ? 'month' : days < 365 ? 'year' : undefined
    return { query: range ? { time_range: range } : {} }
  },
})

testProvider({
  definition: brave,
  settingsFor: url => ({ BRAVE_URL: url }),
  // WebSearchApiResponse of its reference.
  answer: pages => ({
    body: {
      type: 'search',
      query: { original: 'tea & "cake"', more_results_available: true },
      mixed: { type: 'mixed', main: pages.map((_, index) => ({ type: 'web', index, all: false })), top: [], side: [] },
      web: {
        type: 'search',
        results: pages.map(({ url, title, text, date }) => ({
          type: 'search_result',
          subtype: 'generic',
          title,
          url,
          description: text,
          is_source_local: false,
          is_source_both: false,
          language: 'en',
          family_friendly: true,
          profile: { name: 'One', url, long_name: 'one.example', img: '' },
          meta_url: { scheme: 'https', netloc: 'one.example', hostname: 'one.example', favicon: '', path: '' },
          ...(date === undefined ? {} : { page_age: date, age: 'January 5, 2026' }),
        })),
        family_friendly: true,
      },
    },
  }),
  refusals: [
    {
      name: 'a key it does not take',
      reply: {
        status: 422,
        body: {
          id: '7d5d',
          status: 422,
          type: 'ErrorResponse',
          error: {
            id: '7d5d',
            status: 422,
            code: 'SUBSCRIPTION_TOKEN_INVALID',
            detail: 'The provided subscription token is invalid: key-1234',
            meta: { component: 'authentication' },
          },
          time: 1_763_000_000,
        },
      },
      error: {
        code: 'FAILED_PRECONDITION',
        message: 'Brave Search refuses the key: The provided subscription token is invalid: [key] (status 422)',
      },
    },
    {
      name: 'too many requests',
      reply: {
        status: 429,
        body: {
          type: 'ErrorResponse',
          error: { status: 429, code: 'RATE_LIMITED', detail: 'Request rate limit exceeded for plan.' },
        },
      },
      error: {
        code: 'RESOURCE_EXHAUSTED',
        message: 'Brave Search is asked too much: Request rate limit exceeded for plan. (status 429)',
      },
    },
  ],
  asked: {
    method: 'GET',
    path: '/res/v1/web/search',
    query: { q: 'tea & "cake"', count: '3', text_decorations: 'false' },
  },
  headers: { accept: 'application/json', 'x-subscription-token': 'key-1234' },
  askedLong: {
    query: {
      q: expect.stringMatching(/^(seven\.\. ){49}seven\.\.$/),
      count: '20',
      freshness: '2026-01-02to2026-01-09',
    },
  },
  askedSince: from => ({
    query: { freshness: expect.stringMatching(new RegExp(`^${dayOf(from)}to\\d{4}-\\d\\d-\\d\\d$`)) },
  }),
})

testProvider({
  definition: tavily,
  settingsFor: url => ({ TAVILY_URL: `${url}//` }),
  answer: pages => ({
    body: {
      query: 'tea & "cake"',
      follow_up_questions: null,
      answer: null,
      images: [],
      results: pages.map(({ url, title, text, date }, index) => ({
        url,
        title,
        content: text,
        score: 0.9 - index / 10,
        raw_content: null,
        ...(date === undefined ? {} : { published_date: date }),
      })),
      response_time: 0.8,
      request_id: '123e4567-e89b-12d3-a456-426614174111',
    },
  }),
  refusals: [
    {
      name: 'a key it does not take',
      reply: { status: 401, body: { detail: { error: 'Unauthorized: missing or invalid API key.' } } },
      error: {
        code: 'FAILED_PRECONDITION',
        message: 'Tavily refuses the key: Unauthorized: missing or invalid API key. (status 401)',
      },
    },
    ...[429, 432].map(status => ({
      name: `too many requests, ${status}`,
      reply: { status, body: { detail: { error: 'This request exceeds your plan’s set usage limit.' } } },
      error: {
        code: 'RESOURCE_EXHAUSTED',
        message: `Tavily is asked too much: This request exceeds your plan’s set usage limit. (status ${status})`,
      },
    })),
  ],
  asked: {
    method: 'POST',
    path: '/search',
    query: {},
    body: { query: 'tea & "cake"', max_results: 3, search_depth: 'basic', include_answer: false },
  },
  headers: { accept: 'application/json', authorization: 'Bearer key-1234', 'content-type': 'application/json' },
  askedLong: {
    body: {
      query: expect.stringMatching(/^(seven\.\. ){49}seven\.\.$/),
      max_results: 20,
      start_date: '2026-01-02',
      end_date: '2026-01-09',
    },
  },
  askedSince: from => ({ body: { start_date: dayOf(from) } }),
})
