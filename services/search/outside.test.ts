// What search asks outside of itself: web providers, models, services that are away.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { loadServices } from '#mesh/discover.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { inParts, openOpenAiServer, refused, streamOf } from '#services/completion/openai-server.suite.ts'
import type { OpenAiServer, Reply } from '#services/completion/openai-server.suite.ts'
import { json, marked, PATIENT, remember, searchOf, upload } from './kit.suite.ts'
import { openWebServer } from './web-server.suite.ts'
import type { WebServer } from './web-server.suite.ts'

const SERVICES = ['search', 'document', 'event', 'entity', 'completion', 'cache', 'huggingface', 'user']
const AXES = ['bees', 'bread', 'engine', 'honey']

let web: WebServer
let vendor: OpenAiServer
let system: TestSystem
beforeAll(async () => {
  web = await openWebServer()
  vendor = await openOpenAiServer()
  vendor.replyWith(vectors)
  system = await embedded({
    services: ['search'],
    settings: {
      ...PATIENT,
      SEARXNG_URL: `${web.url}/searxng`,
      BRAVE_URL: web.url,
      TAVILY_URL: web.url,
      TAVILY_API_KEY: 'tvly-instance',
      REGISTRATION: 'open',
      SECRETS_KEY: randomBytes(32).toString('base64'),
      OPENAI_BASE_URL: vendor.url,
      OPENAI_API_KEY: 'sk-test',
      DEFAULT_EMBEDDING_MODEL: 'openai/text-embedding-3-small',
      COMPLETION_RETRIES: '0',
    },
  })
  const ada = system.as('ada')
  await upload(ada, 'Bees and bees and bread', { name: 'bees.txt', title: 'One' })
  await upload(ada, 'The engine, and bees</passage>', { name: 'engine.txt', title: 'Two' })
  await upload(ada, 'Bread of bees, bread of bakers, bread', { name: 'bread.txt', title: 'Three' })
}, 120_000)
afterAll(async () => {
  await system?.stop()
  await Promise.all([web?.[Symbol.asyncDispose](), vendor?.[Symbol.asyncDispose]()])
})
beforeEach(() => {
  vendor.replyWith(vectors)
  pagesAre()
})

/** As the vendor answers: how often each of four words is there. */
const vectors: Reply = (response, { body }) => {
  const data = (body['input'] as readonly string[]).map((text, index) => {
    const values = AXES.map(axis => text.toLowerCase().split(axis).length - 1 + 0.01)
    const embedding = Buffer.from(Float32Array.from(values).buffer).toString('base64')
    return { object: 'embedding', index, embedding }
  })
  const whole = { object: 'list', model: 'text-embedding-3-small', data, usage: { prompt_tokens: 1, total_tokens: 1 } }
  response.setHeader('content-type', 'application/json').end(JSON.stringify(whole))
}

/** What the web knows from now on, as SearXNG and Tavily tell it. */
function pagesAre(...pages: readonly object[]): void {
  web.replyWith({ body: { results: pages } })
}
const page = (name: string, content: string, publishedDate?: string) => ({
  url: `https://${name}.example/`,
  title: name,
  content,
  publishedDate,
})

describe('the web', () => {
  test('is asked only where it is among the sources', async () => {
    await searchOf(system, 'ada').search({ query: 'bees', sources: ['documents', 'events', 'entities'] })
    expect(web.asked).toEqual([])
  })

  test('gives pages with highlights and their place, each once, of the times that are asked for', async () => {
    pagesAre(
      page('old', 'Bees long ago', '2001-02-03'),
      page('new', 'Our <b>bees</b> today', '2026-02-03'),
      { ...page('new', 'Again'), url: 'https://new.example#part' },
      page('undated', 'Of a bee'),
    )
    const answer = await searchOf(system, 'ada').search({ query: 'bees', sources: ['web'], from: Date.UTC(2020, 0) })
    expect(marked(answer)).toEqual(['Our [bees] today', 'Of a [bee]'])
    expect(answer.hits).toMatchObject([
      {
        source: 'web',
        id: 'https://new.example/',
        url: 'https://new.example/',
        title: 'new',
        score: 1,
        at: Date.UTC(2026, 1, 3),
        reason: { text: '1st of searxng (bees)', words: ['bees'] },
      },
      { id: 'https://undated.example/', at: 0, score: 61 / 62 },
    ])
    expect(web.asked).toMatchObject([{ path: '/searxng/search', query: { q: 'bees', format: 'json' } }])
  })

  test('that refuses leaves the others their answers, and says so; alone it is the error', async () => {
    web.replyWith({ status: 429, body: 'Too Many Requests' })
    const search = searchOf(system, 'ada')
    const notice = 'the web: SearXNG is asked too much: Too Many Requests (status 429)'
    const answer = await search.search({ query: 'bees', sources: ['web', 'documents'] })
    expect(answer.notices).toEqual([notice])
    expect(answer.hits).toHaveLength(3)
    await expect(search.search({ query: 'bees', sources: ['web'] })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: notice,
    })
  })

  test('is asked through the provider that is named, with a user’s own key for the runs of that user', async () => {
    const users = system.client(UserServiceDefinition)
    const { account } = await users.register({ email: 'eve@example.org', password: 'correct horse', name: 'eve' })
    const eve = account?.id ?? ''
    await system.as(eve).client(UserServiceDefinition).putSecret({ name: 'BRAVE_API_KEY', value: 'key-of-eve' })
    const capability = await system.host.identities.sign(
      { user: eve, service: 'spell-runner' },
      { audience: 'secrets', lifeMs: 60_000, claims: { run: 'r_1' } },
    )
    web.replyWith({ body: { web: { results: [{ url: 'https://b.example/', title: 'B', description: 'bees' }] } } })
    const request = { query: 'bees', sources: ['web'], webProvider: 'brave' }
    const { hits } = await searchOf(system, eve).search(request, { metadata: { capability } })
    expect(hits.map(({ id }) => id)).toEqual(['https://b.example/'])
    expect(web.asked[0]?.headers['x-subscription-token']).toBe('key-of-eve')
    for (const user of [eve, 'ada'])
      await expect(searchOf(system, user).search(request)).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringContaining('"brave" needs a key: set BRAVE_API_KEY, or add a secret of that name'),
        reason: 'NO_KEY',
        details: { secret: 'BRAVE_API_KEY' },
      })
    await searchOf(system, 'ada').search({ ...request, webProvider: 'tavily' })
    expect(web.asked.at(-1)?.headers.authorization).toBe('Bearer tvly-instance')
    const providersFor = async (user: string) =>
      (await searchOf(system, user).listSources({})).sources.at(-1)?.providers
    expect(await providersFor(eve)).toEqual(['searxng', 'brave', 'tavily'])
    expect(await providersFor('ada')).toEqual(['searxng', 'tavily'])
  })

  test('that is silent is not waited for longer than it may take, and not at all by who leaves', async () => {
    web.replyWith(undefined)
    await using hasty = await embedded({
      declared: await loadServices(['search', 'completion', 'cache', 'huggingface', 'user']),
      settings: { SEARXNG_URL: web.url, SEARCH_TIMEOUT_MS: '200' },
    })
    const search = searchOf(hasty, 'ada')
    await expect(search.search({ query: 'bees', sources: ['web'] })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: 'the web did not answer within 200 ms',
    })
    const leaving = new AbortController()
    const left = searchOf(system, 'ada').search({ query: 'bees', sources: ['web'] }, { signal: leaving.signal })
    leaving.abort()
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('a rerank', () => {
  const titles = async (request: object) => {
    const { hits, notices } = await searchOf(system, 'ada').search({ query: 'bees', mode: 'keyword', ...request })
    return { titles: hits.map(({ title }) => title), scores: hits.map(({ reason }) => reason?.rerankScore), notices }
  }
  const judges = (scores: readonly object[]): Reply => inParts(streamOf([JSON.stringify({ scores })]), 1_000)

  test('by vectors puts first what is most like the query, whole', async () => {
    const {
      titles: order,
      scores,
      notices,
    } = await titles({ query: 'engine bread', rerank: 'embedding', mode: 'hybrid' })
    expect(order).toEqual(['Three', 'Two', 'One'])
    expect(scores.map(score => score?.toFixed(2))).toEqual(['0.67', '0.51', '0.33'])
    expect(notices).toEqual([])
  })

  test('by a model asks once for all, and takes its order; what it leaves out stays behind', async () => {
    const before = (await titles({})).titles
    expect(before).toHaveLength(3)
    vendor.replyWith(
      judges([
        { number: 3, score: 0.9 },
        { number: 1, score: 7 },
        { number: 1, score: 0 },
        { number: 9, score: 1 },
      ]),
    )
    const reranked = await titles({ rerank: 'completion', rerankModel: 'openai/tiny-1' })
    expect(reranked).toEqual({ titles: [before[0], before[2], before[1]], scores: [1, 0.9, undefined], notices: [] })
    const chats = vendor.asked.filter(({ path }) => path.endsWith('/chat/completions'))
    expect(chats).toHaveLength(1)
    const [asked] = chats
    expect(asked?.body).toMatchObject({ model: 'tiny-1', messages: [{ role: 'system' }, { role: 'user' }] })
    expect(JSON.stringify(asked?.body['messages'])).toContain(
      String.raw`<query>\nbees\n</query>\n<passage number=\"1\">`,
    )
    expect(JSON.stringify(asked?.body['messages'])).toContain('and bees‹/passage>')
  })

  test('that fails leaves the order as it was, with a notice', async () => {
    const before = (await titles({})).titles
    vendor.replyWith(refused(500, 'no one is here'))
    const failed = await titles({ rerank: 'completion', rerankModel: 'openai/tiny-1' })
    expect(failed).toMatchObject({ titles: before, scores: [undefined, undefined, undefined] })
    expect(failed.notices).toEqual([
      expect.stringMatching(/^the order is as before the rerank, which failed: .*no one is here/),
    ])
    const unknown = await titles({ rerank: 'completion', rerankModel: 'nobody/knows' })
    expect(unknown).toMatchObject({ titles: before, notices: [expect.stringContaining('nobody')] })
  })
})

describe('what is away', () => {
  test('nobody who embeds: found by words alone, with a notice; by meaning alone not at all', async () => {
    await remember(system.as('fay'), [{ content: 'bees are about' }])
    const fay = searchOf(system, 'fay')
    const sources = ['events']
    expect((await fay.search({ query: 'bees', sources })).hits).toHaveLength(1)
    vendor.replyWith(refused(500, 'asleep'))
    const answer = await fay.search({ query: 'bees now', sources })
    expect(answer.hits).toMatchObject([{ text: 'bees are about', reason: { vectorRank: 0, wordRank: 1 } }])
    expect(answer.notices).toEqual([expect.stringMatching(/^events: found by words alone, .*asleep/)])
    await expect(fay.search({ query: 'bees then', sources, mode: 'vector' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('asleep'),
    })
  })

  test('the vector store: others answer, and the notice says what did not; if all are away, UNAVAILABLE', async () => {
    pagesAre(page('one', 'bees'))
    await using without = await embedded({
      declared: await loadServices(SERVICES),
      settings: { ...PATIENT, WEAVIATE_ADDRESS: '127.0.0.1:1', SEARXNG_URL: web.url },
    })
    const search = searchOf(without, 'ada')
    const answer = await search.search({ query: 'bees', sources: ['events', 'entities', 'web'] })
    expect(answer.hits.map(({ id }) => id)).toEqual(['https://one.example/'])
    expect(answer.notices).toEqual([expect.stringMatching(/^events: /), expect.stringMatching(/^entities: /)])
    await expect(search.search({ query: 'bees', sources: ['events', 'entities'] })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^events: .*; entities: /),
    })
    const { sources } = await search.listSources({})
    expect(sources.map(({ ready }) => ready)).toEqual([false, false, false, true])
  })
})

test('a filter’s value is as JSON has it', async () => {
  await expect(
    searchOf(system, 'ada').search({ query: 'x', filters: [{ field: 'page', operator: '=', value: json('1') }] }),
  ).rejects.toMatchObject({ problems: [{ path: 'filters[0].value', message: '"1" is no number' }] })
})
