import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

/** What tests read of an answer, where it has it. */
interface Shown {
  readonly accessToken: string
  readonly document: Document
  readonly documents?: readonly Document[]
  readonly hits?: readonly object[]
  readonly events: readonly object[]
  readonly found: readonly object[]
  readonly error: { readonly message: string; readonly problems: readonly { path: string; message: string }[] }
  readonly paths: Readonly<Record<string, Record<string, { readonly operationId: string }>>>
  readonly components: {
    readonly schemas: {
      readonly EventGetResponse: { readonly properties: { readonly event: { readonly $ref: string } } }
    }
  }
}
interface Document {
  readonly id: string
  readonly job: { readonly state: string }
}
interface Heard {
  readonly event: string
  readonly id: string | undefined
  readonly data: { readonly document: Document }
}

let system: TestSystem
const tokens = new Map<string, string>()

beforeAll(async () => {
  system = await embedded({
    settings: { REGISTRATION: 'open', LOG_LEVEL: 'silent', UPLOAD_BYTES: '3000000', DOCUMENT_LIMIT_BYTES: '2000000' },
  })
  for (const name of ['ada', 'bob']) {
    const { json } = await send('POST', '/v1/auth/register', {
      body: JSON.stringify({ email: `${name}@example.org`, password: 'correct horse', name }),
    })
    tokens.set(name, json.accessToken)
  }
}, 60_000)
afterAll(async () => system?.stop())

interface Sent {
  readonly as?: string
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
  readonly headers?: Record<string, string>
}

async function open(method: string, path: string, { as = 'ada', body, headers = {} }: Sent = {}): Promise<Response> {
  const token = tokens.get(as)
  return fetch(`${system.url}${path}`, {
    method,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  })
}

async function send(method: string, path: string, sent: Sent = {}) {
  const answer = await open(method, path, sent)
  const text = await answer.text()
  const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Shown
  return { status: answer.status, headers: answer.headers, text, json }
}

const POEM = '# Lamps\n\nThe lamplighter of Tarn walks at dusk.\n\n# Boats\n\nBoats come home before the fog.\n'

/** Resolves with the document when its job is over. */
async function ready(id: string, as = 'ada'): Promise<Document> {
  const events = await open('GET', `/v1/documents/watch?documentId=${id}`, { as })
  for await (const { event, data } of eventsOf(events))
    if (event === 'document' && ['ready', 'failed', 'skipped'].includes(data.document.job.state)) return data.document
  throw new Error('the events ended')
}

async function* eventsOf(answer: Response): AsyncGenerator<Heard> {
  let text = ''
  for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event, id, data] = /^event: (\w+)\n(?:id: (.*)\n)?data: (.*)$/.exec(text.slice(0, end)) ?? []
      text = text.slice(end + 2)
      if (event !== undefined && data !== undefined) yield { event, id, data: JSON.parse(data) as Heard['data'] }
    }
  }
}

test('a file goes up as a body, is told of while it is read, is found, and comes down as it went', async () => {
  const path = `/v1/documents?name=${encodeURIComponent('höhle (1).md')}&collection=Poems&metadata=${encodeURIComponent('{"year":1871}')}`
  const sent = await send('POST', path, { body: POEM })
  expect(sent).toMatchObject({
    status: 201,
    json: { duplicate: false, document: { name: 'höhle (1).md', collection: 'Poems', metadata: { year: 1871 } } },
  })
  const { id } = sent.json.document
  expect(await ready(id)).toMatchObject({ title: 'Lamps', type: 'markdown', job: { state: 'ready' } })

  const { json } = await send('POST', '/v1/search', {
    body: JSON.stringify({ query: 'when do boats come home?', collections: ['Poems'], limit: 1 }),
  })
  expect(json.hits).toMatchObject([
    { source: 'documents', documentId: id, text: 'Boats come home before the fog.', headings: ['Boats'] },
  ])
  const down = await open('GET', `/v1/documents/${id}/file`)
  expect(await down.text()).toBe(POEM)
  expect(down.headers.get('content-disposition')).toBe("inline; filename*=UTF-8''h%C3%B6hle%20%281%29.md")
  expect(down.headers.get('content-type')).toMatch(/^text\/plain/)

  const again = await send('POST', path, { body: POEM })
  expect(again).toMatchObject({ status: 200, json: { duplicate: true, document: { id } } })
})

test('what a browser could run is only to be saved', async () => {
  const sent = await send('POST', '/v1/documents?name=page.html', {
    body: '<title>Page</title><p>Hello there, reader.</p><script>alert(1)</script>',
    headers: { 'content-type': 'text/html' },
  })
  const down = await open('GET', `/v1/documents/${sent.json.document.id}/file`)
  expect(down.headers.get('content-disposition')).toMatch(/^attachment/)
  expect(down.headers.get('content-type')).toBe('application/octet-stream')
  expect(down.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  await down.body?.cancel()
})

test('bad uploads are refused with every problem, and nothing of them is there', async () => {
  const refused = await send('POST', '/v1/documents?nam=a&chunkSize=many', { body: 'x' })
  expect(refused.status).toBe(400)
  expect(refused.json.error.problems).toEqual([
    {
      path: 'nam',
      message: 'is not known here; expected name, collection, title, metadata, documentId, chunkSize, chunkOverlap',
    },
    { path: 'chunkSize', message: 'expected a whole number, got "many"' },
  ])
  expect((await send('POST', '/v1/documents?name=a&metadata=%7B', { body: 'x' })).status).toBe(400)
  const large = (bytes: number) =>
    send('POST', '/v1/documents?name=large.txt&collection=Large', { body: streamOf(bytes) }).catch(() => undefined)
  // Larger than a document may be, and than the edge takes: the second may end before its answer is read.
  expect((await large(2_500_000))?.status).toBe(429)
  expect([undefined, 413, 429]).toContain((await large(30_000_000))?.status)
  expect((await send('GET', '/v1/documents?collection=Large')).json.documents ?? []).toEqual([])
  expect((await send('POST', '/v1/documents?name=a.txt', { as: 'nobody', body: 'x' })).status).toBe(401)
})

test('nobody sees another one’s documents, files or topics', async () => {
  const { json } = await send('POST', '/v1/documents?name=secret.txt', { body: 'The key is under the mat.' })
  const { id } = json.document
  await ready(id)
  for (const path of [`/v1/documents/${id}`, `/v1/documents/${id}/file`, `/v1/documents/${id}/chunks`])
    expect({ path, status: (await send('GET', path, { as: 'bob' })).status }).toEqual({ path, status: 404 })
  const found = await send('POST', '/v1/search', { as: 'bob', body: '{"query":"key under the mat"}' })
  expect(found.json.hits ?? []).toEqual([])
})

test('custom events are heard live, by their user alone', async () => {
  const [mine, others] = await Promise.all([
    open('GET', '/v1/topics/watch?topics=door'),
    open('GET', '/v1/topics/watch', { as: 'bob' }),
  ])
  const [heard, elsewhere] = [eventsOf(mine), eventsOf(others)]
  expect((await heard.next()).value).toEqual({ event: 'ready', data: { ready: true } })
  expect((await elsewhere.next()).value).toEqual({ event: 'ready', data: { ready: true } })
  expect((await send('POST', '/v1/topics/door', { body: '{"value":{"who":"Eve"},"sender":"bell"}' })).status).toBe(200)
  await send('POST', '/v1/topics/door', { as: 'bob', body: '{"value":2}' })
  expect((await heard.next()).value).toMatchObject({
    event: 'published',
    data: { published: { topic: 'door', value: { who: 'Eve' }, sender: 'bell' } },
  })
  expect((await elsewhere.next()).value).toMatchObject({ data: { published: { value: 2 } } })
  await Promise.all([heard.return(undefined), elsewhere.return(undefined)])
})

test('whoever comes back is told first what was kept since the last event that it heard', async () => {
  const tell = (value: number, keep: boolean) =>
    send('POST', '/v1/topics/bell', { body: JSON.stringify({ value, keep }) })
  const first = eventsOf(await open('GET', '/v1/topics/watch?topics=bell'))
  await first.next()
  await tell(1, true)
  const { value: heard } = await first.next()
  await first.return(undefined)
  const id = heard?.id ?? ''
  await tell(2, false)
  await tell(3, true)
  const again = eventsOf(await open('GET', '/v1/topics/watch?topics=bell', { headers: { 'last-event-id': id } }))
  expect((await again.next()).value).toMatchObject({ event: 'ready' })
  expect((await again.next()).value).toMatchObject({ data: { published: { value: 3, kept: true } } })
  await tell(4, true)
  expect((await again.next()).value).toMatchObject({ data: { published: { value: 4 } } })
  await again.return(undefined)
  const wrong = await open('GET', '/v1/topics/watch', { headers: { 'last-event-id': 'x' } })
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { problems: [{ path: 'Last-Event-ID' }] } }])
})

test('events and entities are kept, found and read back over REST', async () => {
  const { json } = await send('POST', '/v1/events', {
    body: JSON.stringify({ events: [{ channel: 'kitchen', sender: 'Ada', content: 'The kettle is blue.' }] }),
  })
  expect(json.events).toMatchObject([{ channel: 'kitchen', content: 'The kettle is blue.' }])
  expect((await send('GET', '/v1/events/search?text=kettle&recency=0.5')).json.found).toMatchObject([
    { event: { content: 'The kettle is blue.' } },
  ])
  const made = await send('PUT', '/v1/entities', {
    body: JSON.stringify({ entity: { kind: 'person', name: 'Ada', attributes: { likes: 'tea' } } }),
  })
  expect(made.json).toMatchObject({ created: true, entity: { attributes: { likes: 'tea' } } })
  expect((await send('GET', '/v1/entities/find?name=ada')).json).toMatchObject({ likeness: 1, entity: { name: 'Ada' } })
})

test('a query of a megabyte, an unknown filter and another one’s collection are told with what was expected', async () => {
  const search = (body: object) => send('POST', '/v1/search', { body: JSON.stringify(body) })
  const long = await search({ query: 'x '.repeat(450_000) })
  expect({ status: long.status, path: long.json.error.problems[0]?.path }).toEqual({ status: 400, path: 'query' })
  const unknown = await search({ query: 'x', filters: [{ field: 'colour', value: 1 }] })
  expect({ status: unknown.status, problem: unknown.json.error.problems[0] }).toEqual({
    status: 400,
    problem: { path: 'filters[0].field', message: expect.stringContaining('metadata.') as unknown },
  })
  const others = await search({ query: 'x', collections: ['Nowhere'] })
  expect({ status: others.status, message: others.json.error.message }).toEqual({
    status: 404,
    message: expect.stringContaining('"Nowhere"') as unknown,
  })
})

test('the description of REST has every path once, and its names are unique', async () => {
  const { json } = await send('GET', '/openapi.json')
  const { paths } = json
  const ids = Object.values(paths).flatMap(operations =>
    Object.values(operations).map(({ operationId }) => operationId),
  )
  expect(ids.length).toBeGreaterThan(75)
  expect(new Set(ids).size).toBe(ids.length)
  expect(Object.keys(paths['/v1/documents'] ?? {}).toSorted()).toEqual(['get', 'post'])
  expect(json.components.schemas.EventGetResponse.properties.event.$ref).toBe('#/components/schemas/Event')
})

function streamOf(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close()
      const size = Math.min(left, 100_000)
      left -= size
      controller.enqueue(new Uint8Array(size).fill(97))
    },
  })
}
