// Pages and files of the web, from a local server that an operator allows.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { nameFrom } from './ingest/name-from.ts'
import { documentsOf, done, piecesOf, uploaded } from './kit.suite.ts'
import type { Documents } from './kit.suite.ts'

type Reply = (request: IncomingMessage, response: ServerResponse) => void
let reply: Reply = (_, response) => void response.writeHead(500).end()
const asked: IncomingMessage['headers'][] = []
const server = createServer((request, response) => {
  asked.push(request.headers)
  reply(request, response)
})
let url: string
let system: TestSystem
let ada: Documents
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  url = `http://localhost:${port}`
  system = await embedded({
    services: ['document'],
    settings: {
      OUTBOUND_ALLOW: `localhost:${port}`,
      DOCUMENT_LIMIT_BYTES: '200000',
      DOCUMENT_FETCH_MS: '30000',
    },
  })
  ada = documentsOf('ada', system)
})
afterAll(async () => {
  await system?.stop()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})
beforeEach(() => {
  asked.length = 0
})

const page = (words: string) =>
  `<!doctype html><html lang="en"><head><title>Of herons</title></head><body><main><h1>Herons</h1><p>${words}</p></main></body></html>`
const answerWith =
  (body: string | Buffer, headers: Record<string, string> = {}): Reply =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body)

async function fetched(path: string, more: { collection?: string; title?: string } = {}) {
  const { document, duplicate } = await ada.fetch({ url: `${url}${path}`, ...more })
  return { duplicate, document: await done(ada, document?.id ?? '') }
}

test('a page is got and read, and only what is new of it when it is asked for again', async () => {
  reply = (request, response) => {
    if (request.headers['if-none-match'] === '"one"') return void response.writeHead(304).end()
    answerWith(page('A heron stands at the ford, and waits for fish.'), {
      etag: '"one"',
      'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
    })(request, response)
  }
  const { document, duplicate } = await fetched('/birds/herons.html#ford')
  expect(duplicate).toBe(false)
  expect(document).toMatchObject({
    source: `${url}/birds/herons.html`,
    name: 'herons.html',
    title: 'Of herons',
    type: 'html',
    mediaType: 'text/html; charset=utf-8',
    job: { state: 'ready' },
  })
  const pieces = await piecesOf(ada, document.id)
  expect(pieces.map(({ text }) => text).join('\n')).toContain('waits for fish')

  const same = await fetched('/birds/herons.html')
  expect(asked.at(-1)).toMatchObject({ 'if-none-match': '"one"', 'if-modified-since': 'Sat, 21 Nov 2026 10:00:00 GMT' })
  expect(same).toMatchObject({
    duplicate: true,
    document: { id: document.id, job: { state: 'ready', message: 'nothing has changed at its source' } },
  })
  expect(await piecesOf(ada, document.id)).toEqual(pieces)

  reply = answerWith(page('The heron has flown away.'))
  const changed = await fetched('/birds/herons.html')
  expect(changed.document).toMatchObject({ id: document.id, job: { state: 'ready', message: '' } })
  expect((await piecesOf(ada, document.id)).map(({ text }) => text).join('\n')).toContain('flown away')

  // Without a tag of its own, the bytes tell.
  const unchanged = await fetched('/birds/herons.html')
  expect(unchanged.document.job?.message).toBe('nothing has changed at its source')
  reply = answerWith(page('Somebody painted the heron.'))
  await ada.reindex({ documentId: document.id })
  await done(ada, document.id)
  expect((await piecesOf(ada, document.id)).map(({ text }) => text).join('\n')).toContain('painted')
})

test('redirects are followed, and the name is what the server says', async () => {
  reply = (request, response) => {
    if (request.url === '/old') return void response.writeHead(302, { location: '/new' }).end()
    answerWith('Plain words of an egret.', {
      'content-type': 'text/plain',
      'content-disposition': `attachment; filename="x.txt"; filename*=UTF-8''%C3%A9gret%20notes.txt`,
    })(request, response)
  }
  const { document } = await fetched('/old')
  expect(document).toMatchObject({
    source: `${url}/old`,
    name: 'égret notes.txt',
    type: 'text',
    job: { state: 'ready' },
  })
})

test('the same file as another document is skipped, and says of which', async () => {
  const first = await uploaded(ada, 'Exactly these words.', { name: 'first.txt', collection: 'S' })
  reply = answerWith('Exactly these words.', { 'content-type': 'text/plain' })
  const { document } = await fetched('/same.txt', { collection: 'S' })
  expect(document.job).toMatchObject({
    state: 'skipped',
    code: 'DUPLICATE',
    message: `the same file as "first.txt" (${first.id})`,
  })
  expect(document.chunks).toBe(0)
})

describe('what cannot be got', () => {
  test.each([
    [
      'an answer that says no',
      '/404',
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(404).end('no'),
      'answered 404',
    ],
    ['more than a document may have', '/large', answerWith(Buffer.alloc(300_000, 'x')), 'larger than 200000 bytes'],
  ])('%s fails', async (_, path, given, why) => {
    reply = given
    const { document } = await fetched(path)
    expect(document.job).toMatchObject({ state: 'failed', code: 'FETCH' })
    expect(document.job?.message).toContain(why)
    expect(document).toMatchObject({ chunks: 0, sizeBytes: 0 })
  })

  test('an address inside this network is refused, by name or by number', async () => {
    for (const address of ['http://127.0.0.1:1/', 'http://169.254.169.254/latest/meta-data', 'http://[::1]/']) {
      const { document } = await ada.fetch({ url: address })
      expect((await done(ada, document?.id ?? '')).job).toMatchObject({
        state: 'failed',
        code: 'FETCH',
        message: expect.stringContaining('is inside this network'),
      })
    }
    expect(asked).toEqual([])
  })

  test('what fails now is asked again, and once it answers it is read', async () => {
    let times = 0
    reply = (request, response) => {
      if (times++ === 0) return void response.writeHead(503).end()
      answerWith(page('It was only busy.'))(request, response)
    }
    const { document } = await fetched('/busy')
    expect(document.job).toMatchObject({ state: 'ready', attempts: 2 })
    expect(times).toBe(2)
  })

  test('what never answers well is given up', async () => {
    let times = 0
    reply = (_, response) => {
      times++
      response.writeHead(503).end()
    }
    const { document } = await fetched('/down')
    expect(document.job).toMatchObject({ state: 'failed', code: 'FETCH' })
    expect(times).toBeGreaterThan(3)
    expect(times).toBeLessThan(7)
  }, 90_000)

  test('what is no URL of the web is refused at once', async () => {
    for (const bad of [
      '',
      'herons',
      'file:///etc/passwd',
      'ftp://a/b',
      'http://me:secret@a/',
      `http://a/${'x'.repeat(2_000)}`,
    ])
      await expect(ada.fetch({ url: bad })).rejects.toMatchObject({ problems: [{ path: 'url' }] })
    await expect(ada.fetch({ url: 'x', collection: '/', metadata: Buffer.from('[]') })).rejects.toMatchObject({
      problems: [{ path: 'url' }, { path: 'collection' }, { path: 'metadata' }],
    })
  })
})

test('names come from headers, then from the URL, and are never paths', () => {
  expect(nameFrom('https://a.example/x/report.pdf?y=1', '')).toBe('report.pdf')
  expect(nameFrom('https://a.example/%C3%A9t%C3%A9.txt', '')).toBe('été.txt')
  expect(nameFrom('https://a.example/', '')).toBe('a.example')
  expect(nameFrom('https://a.example/x', 'attachment; filename=plain.csv')).toBe('plain.csv')
  expect(nameFrom('https://a.example/x', 'attachment; filename="..\\..\\etc/passwd"')).toBe('passwd')
  expect(nameFrom('https://a.example/x', `attachment; filename*=utf-8''%2e%2e`)).toBe('x')
  expect(nameFrom('https://a.example/%zz', '')).toBe('%zz')
})
