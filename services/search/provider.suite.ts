import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createOutbound } from '#mesh/outbound.ts'
import type { Outbound } from '#mesh/outbound.ts'
import type { WebProvider, WebProviderDefinition, WebQuestion, WebSettings } from './provider.ts'
import { openWebServer } from './web-server.suite.ts'
import type { Reply, WebServer } from './web-server.suite.ts'

/** A page as the vendor tells of it: with markup, and a date or none. */
export interface VendorPage {
  readonly url: string
  readonly title: string
  readonly text: string
  readonly date?: string
}

/** What is the vendor's own. */
export interface Vendor {
  readonly definition: WebProviderDefinition
  settingsFor(url: string): Partial<WebSettings>
  /** An answer in its published format. */
  answer(pages: readonly VendorPage[]): Reply
  /** Its words for a key it does not take, and for too many requests; with the code that they become. */
  readonly refusals: readonly { readonly name: string; readonly reply: Reply; readonly error: object }[]
  /** What it is asked for `tea & "cake"` with a limit of 3, and the headers that this has. */
  readonly asked: { readonly method: string; readonly path: string; readonly query: object; readonly body?: object }
  readonly headers: object
  /** What it is asked for a query that is too long, with a limit of 100, from the 2nd to the 9th of January 2026. */
  readonly askedLong: { readonly query?: object; readonly body?: object }
  /** What it is asked for pages since that time, in milliseconds. */
  askedSince(from: number): { readonly query?: object; readonly body?: object }
}

const NO_SETTINGS: WebSettings = {
  SEARXNG_URL: '',
  BRAVE_URL: '',
  BRAVE_API_KEY: '',
  TAVILY_URL: '',
  TAVILY_API_KEY: '',
}
const KEY = 'key-1234'

/** What every web provider does. */
export function testProvider(vendor: Vendor): void {
  describe(vendor.definition.name, () => {
    let server: WebServer
    let outbound: Outbound
    let provider: WebProvider
    beforeAll(async () => {
      server = await openWebServer()
      outbound = createOutbound({ OUTBOUND_ALLOW: new URL(server.url).host })
      const settings = { ...NO_SETTINGS, ...vendor.settingsFor(server.url) }
      const opened = vendor.definition.open({ settings, outbound })
      if (!opened) throw new Error('it is set up and does not open')
      provider = opened
    })
    afterAll(async () => {
      await outbound?.[Symbol.asyncDispose]()
      await server?.[Symbol.asyncDispose]()
    })
    const search = (question: Partial<WebQuestion> = {}, signal = new AbortController().signal) =>
      provider.search({ query: 'tea & "cake"', limit: 3, from: 0, to: 0, ...question }, { signal, key: KEY })

    test('gives pages in its order, as plain text, dated where it tells', async () => {
      server.replyWith(
        vendor.answer([
          {
            url: 'https://one.example/',
            title: 'Tea <b>time</b>',
            text: 'Black &amp; <strong>green</strong>&nbsp;tea&#39;s&#x2026; 1 < 2',
          },
          {
            url: 'http://two.example/a?b=c',
            title: '',
            text: '<p>Cake</p><p>with tea</p>',
            date: '2026-01-05T10:20:30',
          },
          { url: 'javascript:alert(1)', title: 'No page', text: '' },
          { url: 'https://three.example/', title: 'Three', text: '', date: '2026-02-03' },
          { url: 'https://four.example/', title: 'One too many', text: '' },
        ]),
      )
      expect(await search()).toEqual([
        { url: 'https://one.example/', title: 'Tea time', text: "Black & green tea's… 1 < 2", at: 0 },
        {
          url: 'http://two.example/a?b=c',
          title: 'http://two.example/a?b=c',
          text: 'Cake with tea',
          at: Date.UTC(2026, 0, 5, 10, 20, 30),
        },
        { url: 'https://three.example/', title: 'Three', text: '', at: Date.UTC(2026, 1, 3) },
      ])
      expect(server.asked.map(({ method, path, query, body }) => ({ method, path, query, body }))).toEqual([
        { body: undefined, ...vendor.asked },
      ])
      expect(server.asked[0]?.headers).toMatchObject(vendor.headers)
    })

    test('a query that is too long for it is cut between words, and times are passed on where it takes them', async () => {
      server.replyWith(vendor.answer([]))
      const query = 'seven.. '.repeat(1_000).trim()
      expect(await search({ query, limit: 100, from: Date.UTC(2026, 0, 2), to: Date.UTC(2026, 0, 9) })).toEqual([])
      expect(server.asked).toMatchObject([vendor.askedLong])
    })

    test('is asked for pages since then', async () => {
      for (const days of [0.5, 5, 100, 400]) {
        server.replyWith(vendor.answer([]))
        const from = Date.now() - days * 86_400_000
        await search({ from })
        const { asked } = vendor
        const more = vendor.askedSince(from)
        const { query, body } = server.asked.at(-1) ?? {}
        expect(query).toEqual({ ...asked.query, ...more.query })
        expect(body ?? {}).toEqual({ ...asked.body, ...more.body })
      }
    })

    test.each(vendor.refusals)('$name is told as it is, without the key', async ({ reply, error }) => {
      server.replyWith(reply)
      const caught = await search().catch((one: unknown) => one)
      expect(caught).toMatchObject(error)
      expect(String(caught)).not.toContain(KEY)
    })

    test.each([
      [
        'an error of the server',
        { status: 503, body: '<html><title>Oops</title><p>Down for now</p></html>' },
        'Down for now',
      ],
      ['a page instead of JSON', { body: '<html>Welcome</html>' }, 'did not answer with JSON'],
      ['a list instead of an object', { body: [] }, 'did not answer with JSON'],
    ])('%s is UNAVAILABLE', async (_, reply, words) => {
      server.replyWith(reply)
      await expect(search()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(words) })
    })

    test('an answer of another shape has no pages', async () => {
      server.replyWith({ body: { results: { not: 'a list' }, web: 7 } })
      expect(await search()).toEqual([])
    })

    test('who leaves does not wait', async () => {
      server.replyWith(undefined)
      const leaving = new AbortController()
      const searched = search({}, leaving.signal)
      leaving.abort()
      await expect(searched).rejects.toMatchObject({ code: 'CANCELLED' })
    })
  })
}
