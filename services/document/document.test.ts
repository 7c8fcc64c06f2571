// The service whole, at its contract.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { collectionOf } from '#mesh/knowledge.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { documentsOf, done, eventually, piecesOf, sent, textOf, uploaded } from './kit.suite.ts'
import type { Documents } from './kit.suite.ts'

let system: TestSystem
let ada: Documents
beforeAll(async () => {
  system = await embedded({ services: ['document'], settings: { DOCUMENT_LIMIT_BYTES: '3000000' } })
  ada = documentsOf('ada', system)
})
afterAll(async () => system?.stop())

const LEXICAL = collectionOf('documents', 'local/lexical')
async function found(user: string, text: string, collection = LEXICAL) {
  const answer = await system
    .as(user)
    .client(WeaviateServiceDefinition)
    .query({ collection, mode: 'keyword', text, limit: 50 })
  return answer.found.map(({ object }) => ({
    id: object?.id ?? '',
    properties: JSON.parse(Buffer.from(object?.properties ?? []).toString()) as Record<string, unknown>,
  }))
}
const idsOf = async (documents: Documents) =>
  (await documents.listDocuments({ limit: 200 })).documents.map(({ id }) => id)
const bytesOf = async (documents: Documents, documentId: string) => {
  const pieces: Uint8Array[] = []
  for await (const { part } of documents.download({ documentId })) if (part?.$case === 'data') pieces.push(part.value)
  return Buffer.concat(pieces)
}

describe('upload', () => {
  test('a text is kept, read, cut, found, and given back as it was', async () => {
    const text = `# Rivers\n\n${textOf(12)}\n\n## Zambezi\n\nThe heron waits at the ford.\n`
    const document = await uploaded(ada, text, {
      name: 'rivers.md',
      mediaType: 'text/markdown',
      collection: 'Notes',
      metadata: { year: 1843, draft: false, by: 'Ada' },
    })
    expect(document).toMatchObject({
      collection: 'Notes',
      name: 'rivers.md',
      title: 'Rivers',
      type: 'markdown',
      encoding: 'utf-8',
      language: 'en',
      sizeBytes: Buffer.byteLength(text),
      job: { state: 'ready', progress: 1, code: '', attempts: 1, keptChunks: 0, withoutVectors: false },
    })
    expect(JSON.parse(Buffer.from(document.metadata).toString())).toEqual({ year: 1843, draft: false, by: 'Ada' })
    const pieces = await piecesOf(ada, document.id)
    expect(pieces).toHaveLength(document.chunks)
    expect(document.job?.newChunks).toBe(document.chunks)
    expect(pieces.map(({ position }) => position)).toEqual(pieces.map((_, index) => index))
    const heron = pieces.find(piece => piece.text.includes('heron'))
    expect(heron).toMatchObject({ documentId: document.id, headings: ['Rivers', 'Zambezi'], kind: 'text', page: 0 })
    const [first] = await found('ada', 'heron')
    expect(first?.id).toBe(heron?.id)
    expect(first?.properties).toMatchObject({
      collection: 'Notes',
      document: document.id,
      type: 'markdown',
      language: 'en',
      metadata: ['year=1843', 'draft=false', 'by=Ada'],
      at: document.createdAt,
    })
    expect((await bytesOf(ada, document.id)).toString()).toBe(text)
  })

  test('the same bytes in the same collection are the document that is there, elsewhere another one', async () => {
    const first = await uploaded(ada, 'The very same words.', { collection: 'A' })
    const again = await ada.upload(sent('The very same words.', { collection: 'A', name: 'other.txt' }))
    expect(again).toMatchObject({ duplicate: true, document: { id: first.id, name: 'note.txt' } })
    const elsewhere = await ada.upload(sent('The very same words.', { collection: 'B' }))
    expect(elsewhere.duplicate).toBe(false)
    expect(elsewhere.document?.id).not.toBe(first.id)
    const at = await Promise.all(
      Array.from({ length: 5 }, () => ada.upload(sent('At the same time.', { collection: 'A' }))),
    )
    expect(new Set(at.map(({ document }) => document?.id)).size).toBe(1)
    expect(at.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
  })

  test('every bad field is named before a byte is taken, and nothing is kept', async () => {
    let taken = 0
    async function* bad() {
      yield {
        part: {
          $case: 'options' as const,
          value: {
            name: '',
            collection: '../etc',
            mediaType: 'ä',
            title: 'a\0b',
            metadata: Buffer.from(JSON.stringify({ 'no good': 1, deep: { a: 1 }, long: 'x'.repeat(1_001) })),
            chunking: { size: 50, overlap: 40 },
          },
        },
      }
      taken++
      yield { part: { $case: 'data' as const, value: Buffer.from('x') } }
    }
    const before = await idsOf(ada)
    const error: unknown = await ada.upload(bad()).catch((problem: unknown) => problem)
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect((error as { problems: { path: string }[] }).problems.map(({ path }) => path).toSorted()).toEqual([
      'options.chunking.overlap',
      'options.chunking.size',
      'options.collection',
      'options.mediaType',
      'options.metadata.deep',
      'options.metadata.long',
      'options.metadata.no good',
      'options.name',
      'options.title',
    ])
    expect(taken).toBe(0)
    expect(await idsOf(ada)).toEqual(before)
  })

  test('what is out of order or in too large pieces is refused', async () => {
    const options = { $case: 'options' as const, value: { name: 'a.txt' } }
    const data = { $case: 'data' as const, value: Buffer.from('x') }
    const upload = (parts: readonly (typeof options | typeof data)[]) =>
      ada.upload(
        (async function* () {
          for (const part of parts) yield { part }
        })(),
      )
    for (const parts of [[], [data], [options, options], [options, { ...data, value: Buffer.alloc(1024 * 1024 + 1) }]])
      await expect(upload(parts)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('beyond the limit it is refused, and nothing is kept', async () => {
    const before = await idsOf(ada)
    await expect(ada.upload(sent(Buffer.alloc(3_000_001, 'x')))).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    expect(await idsOf(ada)).toEqual(before)
  })

  test('who leaves in the middle leaves nothing behind', async () => {
    const before = await idsOf(ada)
    const controller = new AbortController()
    async function* endless() {
      yield* sent('begun')
      controller.abort()
      await new Promise(() => {})
    }
    await expect(ada.upload(endless(), { signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await idsOf(ada)).toEqual(before)
  })
})

test('a document is another user’s business in no way', async () => {
  const { id } = await uploaded(ada, 'Of nobody else: the cormorant.')
  const [piece] = await piecesOf(ada, id)
  const eve = documentsOf('eve', system)
  const tries = [
    eve.getDocument({ documentId: id }),
    eve.listChunks({ documentId: id }),
    eve.updateDocument({ documentId: id, title: 'mine' }),
    eve.reindex({ documentId: id }),
    eve.deleteDocument({ documentId: id }),
    eve.upload(sent('mine', { documentId: id })),
    bytesOf(eve, id),
    done(eve, id),
  ]
  for (const tried of tries) await expect(tried).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await eve.getChunks({ chunkIds: [piece?.id ?? ''] })).toEqual({ chunks: [], documents: [] })
  expect((await eve.listDocuments({})).documents).toEqual([])
  await expect(found('eve', 'cormorant')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await eve.deleteCollection({ collection: 'default' })
  expect((await ada.getDocument({ documentId: id })).document?.id).toBe(id)
})

test('pieces are given by their ids in the order asked for, and by page of the list', async () => {
  const { id, chunks } = await uploaded(ada, textOf(40, 60, 7))
  expect(chunks).toBeGreaterThan(5)
  const pieces = await piecesOf(ada, id)
  const wanted = [pieces[3]?.id ?? '', 'c_unknown', pieces[0]?.id ?? '']
  const given = await ada.getChunks({ chunkIds: wanted })
  expect(given.chunks.map(piece => piece.id)).toEqual([wanted[0], wanted[2]])
  expect(given.documents.map(document => document.id)).toEqual([id])
  const first = await ada.listChunks({ documentId: id, limit: 2 })
  expect(first.chunks).toEqual(pieces.slice(0, 2))
  const second = await ada.listChunks({ documentId: id, limit: 2, pageToken: first.nextPageToken })
  expect(second.chunks).toEqual(pieces.slice(2, 4))
  for (const bad of [{ limit: 201 }, { pageToken: 'x' }])
    await expect(ada.listChunks({ documentId: id, ...bad })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(ada.getChunks({ chunkIds: Array.from({ length: 201 }, () => 'c') })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})

test('a list is newest first, paged, and narrowed by collection, state and text', async () => {
  const grace = documentsOf('grace', system)
  for (const name of ['one.txt', 'two.txt', 'three.txt'])
    await uploaded(grace, `Words of ${name}.`, { name, collection: name === 'two.txt' ? 'X' : 'Y' })
  await uploaded(grace, '', { name: 'empty.txt', collection: 'X' })
  const namesOf = async (request: Parameters<Documents['listDocuments']>[0]) =>
    (await grace.listDocuments(request)).documents.map(({ name }) => name)
  expect(await namesOf({})).toEqual(['empty.txt', 'three.txt', 'two.txt', 'one.txt'])
  expect(await namesOf({ collection: 'X' })).toEqual(['empty.txt', 'two.txt'])
  expect(await namesOf({ state: 'skipped' })).toEqual(['empty.txt'])
  expect(await namesOf({ text: 'TWO' })).toEqual(['two.txt'])
  expect(await namesOf({ text: '%' })).toEqual([])
  const first = await grace.listDocuments({ limit: 3 })
  expect(first.documents).toHaveLength(3)
  expect(await namesOf({ limit: 3, pageToken: first.nextPageToken })).toEqual(['one.txt'])
  await expect(grace.listDocuments({ state: 'gone', collection: '/', limit: 500 })).rejects.toMatchObject({
    problems: [{ path: 'collection' }, { path: 'state' }, { path: 'limit' }],
  })
})

describe('change', () => {
  test('another file keeps the pieces that are alike, and only their ids stay', async () => {
    const paragraphs = textOf(20, 150, 3).split('\n\n')
    const document = await uploaded(ada, paragraphs.join('\n\n'), { collection: 'R' })
    const before = await piecesOf(ada, document.id)
    const changed = [...paragraphs.slice(0, 10), 'Here is a wholly new one about the bittern.', ...paragraphs.slice(10)]
    const after = await uploaded(ada, changed.join('\n\n'), { documentId: document.id, name: 'second.txt' })
    expect(after).toMatchObject({ id: document.id, name: 'second.txt', collection: 'R', job: { state: 'ready' } })
    const now = await piecesOf(ada, document.id)
    const stayed = now.filter(piece => before.some(old => old.id === piece.id))
    expect(after.job?.keptChunks).toBe(stayed.length)
    expect(after.job?.newChunks).toBe(now.length - stayed.length)
    expect(stayed.length).toBeGreaterThan(before.length / 2)
    for (const piece of stayed) expect(before.find(old => old.id === piece.id)?.text).toBe(piece.text)
    expect((await found('ada', 'bittern')).map(({ id }) => id)).toEqual(
      now.filter(({ text }) => text.includes('bittern')).map(({ id }) => id),
    )
    const gone = before.filter(old => !now.some(piece => piece.id === old.id))
    expect((await ada.getChunks({ chunkIds: gone.map(({ id }) => id) })).chunks).toEqual([])
    await eventually(async () => {
      const all = await found('ada', 'paragraph')
      expect(all.filter(({ id }) => gone.some(old => old.id === id))).toEqual([])
    })
  })

  test('the same bytes again begin nothing, but may tell a title', async () => {
    const { id } = await uploaded(ada, 'Stays as it is.', { collection: 'R' })
    const again = await ada.upload(sent('Stays as it is.', { documentId: id, title: 'Told' }))
    expect(again).toMatchObject({ duplicate: true, document: { id, title: 'Told', job: { state: 'ready' } } })
  })

  test('a document stays in its collection', async () => {
    const { id } = await uploaded(ada, 'Stays where it is.', { collection: 'R' })
    await expect(ada.upload(sent('x', { documentId: id, collection: 'S' }))).rejects.toMatchObject({
      problems: [{ path: 'options.collection', message: `"${id}" is in "R", where it stays` }],
    })
  })

  test('a title and metadata are changed, and found by', async () => {
    const { id } = await uploaded(ada, 'A text of the egret.', { metadata: { topic: 'birds' } })
    const metadata = Buffer.from(JSON.stringify({ topic: 'herons' }))
    const { document } = await ada.updateDocument({ documentId: id, title: 'Egrets', metadata })
    expect(document).toMatchObject({ title: 'Egrets', job: { state: 'ready' } })
    await eventually(async () => {
      const [first] = await found('ada', 'egret')
      expect(first?.properties).toMatchObject({ metadata: ['topic=herons'] })
    })
    expect(await ada.reindex({ documentId: id }).then(() => done(ada, id))).toMatchObject({ title: 'Egrets' })
    await expect(ada.updateDocument({ documentId: id })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(ada.updateDocument({ documentId: id, title: ' ' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('a reading again keeps every piece; cut otherwise, there are others', async () => {
    const { id, chunks } = await uploaded(ada, textOf(20, 60, 9))
    await ada.reindex({ documentId: id })
    expect(await done(ada, id)).toMatchObject({ chunks, job: { state: 'ready', newChunks: 0, keptChunks: chunks } })
    await ada.reindex({ documentId: id, chunking: { size: 300 } })
    const smaller = await done(ada, id)
    expect(smaller.chunks).toBeGreaterThan(2 * chunks)
    const lengths = (await piecesOf(ada, id)).map(({ text }) => text.length)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(600)
    await expect(ada.reindex({ documentId: id, chunking: { size: 300, overlap: 200 } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  test('what is deleted is gone from everywhere', async () => {
    const { id } = await uploaded(ada, 'Soon gone: the spoonbill.', { name: 'gone.txt' })
    const [piece] = await piecesOf(ada, id)
    await ada.deleteDocument({ documentId: id })
    await expect(ada.getDocument({ documentId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(ada.deleteDocument({ documentId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await ada.getChunks({ chunkIds: [piece?.id ?? ''] })).chunks).toEqual([])
    await eventually(async () => expect(await found('ada', 'spoonbill')).toEqual([]))
    const again = await uploaded(ada, 'Soon gone: the spoonbill.', { name: 'gone.txt' })
    expect(again.id).not.toBe(id)
  })
})

test('collections are made, listed with what is in them, and deleted with it', async () => {
  const hedy = documentsOf('hedy', system)
  expect((await hedy.listCollections({})).collections).toMatchObject([{ name: 'default', documents: 0 }])
  await hedy.createCollection({ name: 'Radio' })
  await expect(hedy.createCollection({ name: 'Radio' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
  for (const name of ['', ' a', 'a/b', 'x'.repeat(64)])
    await expect(hedy.createCollection({ name })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  const one = await uploaded(hedy, textOf(10), { collection: 'Radio' })
  const two = await uploaded(hedy, textOf(10, 60, 2), { collection: 'Radio' })
  expect((await hedy.listCollections({})).collections).toMatchObject([
    {
      name: 'Radio',
      documents: 2,
      chunks: one.chunks + two.chunks,
      sizeBytes: one.sizeBytes + two.sizeBytes,
      embeddingModels: ['local/lexical'],
    },
    { name: 'default' },
  ])
  await hedy.deleteCollection({ collection: 'Radio' })
  expect((await hedy.listCollections({})).collections).toMatchObject([{ name: 'default' }])
  expect((await hedy.listDocuments({})).documents).toEqual([])
  await eventually(async () => expect(await found('hedy', 'paragraph')).toEqual([]))
})

describe('watch', () => {
  test('tells of all that are at work and that come, each state in order', async () => {
    const mary = documentsOf('mary', system)
    const controller = new AbortController()
    const told: string[] = []
    const watching = (async () => {
      for await (const { document, deleted } of mary.watch({}, { signal: controller.signal })) {
        told.push(deleted ? 'deleted' : (document?.job?.state ?? ''))
        if (told.at(-1) === 'ready') await mary.deleteDocument({ documentId: document?.id ?? '' })
        if (deleted) return document?.id
      }
      return undefined
    })()
    const { document } = await mary.upload(sent(textOf(30)))
    expect(await watching).toBe(document?.id)
    controller.abort()
    const order = ['pending', 'parsing', 'embedding', 'ready', 'deleted']
    expect(told.map(state => order.indexOf(state))).toEqual(
      told.map(state => order.indexOf(state)).toSorted((a, b) => a - b),
    )
    expect(told.slice(-2)).toEqual(['ready', 'deleted'])
  })

  test('with `until_done` it ends at once where nothing is at work', async () => {
    const told: unknown[] = []
    for await (const one of documentsOf('nobody', system).watch({ untilDone: true })) told.push(one)
    expect(told).toEqual([])
  })
})

test('bytes that are no text are kept as they are', async () => {
  const bytes = randomBytes(300_000)
  const document = await uploaded(ada, bytes, { name: 'random.bin' })
  expect(['failed', 'skipped']).toContain(document.job?.state)
  expect((await bytesOf(ada, document.id)).equals(bytes)).toBe(true)
})
