// What goes on behind, while everything around it fails.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { UpsertRequest } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { exhausted, precondition, unavailable } from '#mesh/errors.ts'
import { collectionOf } from '#mesh/knowledge.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { behindWires, documentsOf, done, eventually, piecesOf, sent, textOf, uploaded } from './kit.suite.ts'
import type { Documents, Wire } from './kit.suite.ts'

let wire: Wire = () => {}
let embeddings: string[] = []
let system: TestSystem
let ada: Documents
beforeAll(async () => {
  system = await behindWires((service, method, request) => {
    if (method === 'embed') embeddings.push(...(request as { texts: string[] }).texts)
    return wire(service, method, request)
  })
  ada = documentsOf('ada', system)
})
afterAll(async () => system?.stop())
beforeEach(() => {
  wire = () => {}
  embeddings = []
})

const LEXICAL = collectionOf('documents', 'local/lexical')

/** Ids of the objects in the vector store, by collection. */
async function stored(user: string): Promise<Record<string, string[]>> {
  const weaviate = system.as(user).client(WeaviateServiceDefinition)
  const { collections } = await weaviate.stats({})
  const all: Record<string, string[]> = {}
  for (const { collection, objects } of collections) {
    if (objects === 0) continue
    const { found } = await weaviate.query({ collection, mode: 'keyword', text: 'paragraph', limit: 200 })
    all[collection] = found.map(({ object }) => object?.id ?? '').toSorted()
  }
  return all
}

/** Resolves when people are told that a document waits for this. */
async function waitsFor(documents: Documents, documentId: string, what: string): Promise<string> {
  for await (const { document } of documents.watch({ documentId }))
    if (document?.job?.message.includes(what)) return document.job.message
  return ''
}

test('while the vector store is away pieces wait, and nothing is embedded twice', async () => {
  wire = (service, method) => {
    if (service === 'weaviate' && method === 'upsert') throw unavailable('it is away')
  }
  const { document } = await ada.upload(sent(textOf(12)))
  const id = document?.id ?? ''
  expect(await waitsFor(ada, id, 'waits')).toBe('waits for the vector store: it is away')
  expect(await ada.getDocument({ documentId: id })).toMatchObject({ document: { job: { state: 'embedding' } } })
  // They can be read already.
  const pieces = await piecesOf(ada, id)
  expect(pieces.length).toBeGreaterThan(3)
  wire = () => {}
  expect(await done(ada, id)).toMatchObject({ job: { state: 'ready', message: '' } })
  expect(embeddings).toHaveLength(pieces.length)
  expect(await stored('ada')).toEqual({ [LEXICAL]: pieces.map(piece => piece.id).toSorted() })
})

test('while completion is away it waits, a used-up budget too', async () => {
  for (const problem of [unavailable('no provider answers'), exhausted('the budget of the month is used up')]) {
    wire = (_, method) => {
      if (method === 'embed') throw problem
    }
    const { document } = await ada.upload(sent(`Waits: ${problem.message}. ${textOf(2)}`))
    const id = document?.id ?? ''
    expect(await waitsFor(ada, id, 'waits')).toBe(`waits for vectors: ${problem.message}`)
    wire = () => {}
    expect(await done(ada, id)).toMatchObject({ job: { state: 'ready', withoutVectors: false } })
  }
})

test('where nobody can make vectors its pieces are found by words; a reading later on makes them', async () => {
  const bob = documentsOf('bob', system)
  wire = (_, method) => {
    if (method === 'embed') throw precondition('the provider has no key')
  }
  const document = await uploaded(bob, textOf(8), { collection: 'K' })
  expect(document.job).toMatchObject({
    state: 'ready',
    withoutVectors: true,
    message: 'found by words alone: the provider has no key',
  })
  const ids = (await piecesOf(bob, document.id)).map(({ id }) => id).toSorted()
  expect(await stored('bob')).toEqual({ [collectionOf('documents', '')]: ids })
  const modelsOf = async () =>
    (await bob.listCollections({})).collections.find(({ name }) => name === 'K')?.embeddingModels
  expect(await modelsOf()).toEqual([''])
  wire = () => {}
  await bob.reindex({ documentId: document.id })
  expect((await done(bob, document.id)).job).toMatchObject({ state: 'ready', withoutVectors: false, message: '' })
  await eventually(async () => expect(await stored('bob')).toEqual({ [LEXICAL]: ids }))
  await eventually(async () => expect(await modelsOf()).toEqual(['local/lexical']))
})

test('pieces that stay are not embedded again', async () => {
  const paragraphs = textOf(12, 150, 4).split('\n\n')
  const document = await uploaded(ada, paragraphs.join('\n\n'))
  expect(embeddings).toHaveLength(document.chunks)
  embeddings = []
  await ada.reindex({ documentId: document.id })
  await done(ada, document.id)
  expect(embeddings).toEqual([])
  const after = await uploaded(ada, [...paragraphs, 'One more at the end.'].join('\n\n'), { documentId: document.id })
  expect(embeddings).toHaveLength(after.job?.newChunks ?? 0)
  expect(embeddings.length).toBeLessThan(document.chunks)
})

test('a change of metadata, and a deletion, wait for the vector store and need no model', async () => {
  const eve = documentsOf('eve', system)
  const kept = await uploaded(eve, textOf(4))
  const gone = await uploaded(eve, textOf(4, 60, 2))
  embeddings = []
  const refused: string[] = []
  wire = (service, method) => {
    if (service !== 'weaviate' || (method !== 'upsert' && method !== 'delete')) return
    refused.push(method)
    throw unavailable('it is away')
  }
  await eve.updateDocument({ documentId: kept.id, metadata: Buffer.from('{"a":1}') })
  await eve.deleteDocument({ documentId: gone.id })
  await eventually(async () => expect(new Set(refused)).toEqual(new Set(['upsert', 'delete'])))
  wire = () => {}
  const ids = (await piecesOf(eve, kept.id)).map(({ id }) => id).toSorted()
  await eventually(async () => expect(await stored('eve')).toEqual({ [LEXICAL]: ids }))
  const weaviate = system.as('eve').client(WeaviateServiceDefinition)
  await eventually(async () => {
    const { found } = await weaviate.query({ collection: LEXICAL, mode: 'keyword', text: 'paragraph' })
    expect(found.map(({ object }) => JSON.parse(Buffer.from(object?.properties ?? []).toString()))).toEqual(
      found.map(() => expect.objectContaining({ metadata: ['a=1'] })),
    )
  })
  expect(embeddings).toEqual([])
})

test('a file that is replaced while it is read is left, and only the new one is there in the end', async () => {
  const held = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  wire = async (_, method) => {
    if (method !== 'embed') return
    begun.resolve()
    await held.promise
  }
  const carl = documentsOf('carl', system)
  const { document } = await carl.upload(sent(textOf(6)))
  const id = document?.id ?? ''
  await begun.promise
  await carl.upload(sent(textOf(3, 60, 5), { documentId: id }))
  wire = () => {}
  held.resolve()
  const after = await done(carl, id)
  const pieces = await piecesOf(carl, id)
  expect(pieces[0]?.text).toMatch(/^Paragraph 5000 /)
  expect(after.chunks).toBe(pieces.length)
  await eventually(async () =>
    expect(await stored('carl')).toEqual({ [LEXICAL]: pieces.map(piece => piece.id).toSorted() }),
  )
})

test('a file that is replaced by one that cannot be read has no pieces; one that cannot be read once more keeps them', async () => {
  const dora = documentsOf('dora', system)
  const document = await uploaded(dora, textOf(5))
  const broken = await uploaded(dora, '', { documentId: document.id })
  expect(broken).toMatchObject({ chunks: 0, job: { state: 'skipped', code: 'EMPTY' } })
  expect(await piecesOf(dora, document.id)).toEqual([])
  await eventually(async () => expect(await stored('dora')).toEqual({}))
})

test('what the vector store refuses of some pieces is told, and the others are found', async () => {
  let refuses = ''
  const fred = documentsOf('fred', system)
  wire = (service, method, request) => {
    if (service !== 'weaviate' || method !== 'upsert') return
    const { objects } = UpsertRequest.fromPartial(request as object)
    const [first] = objects
    refuses ||= first?.id ?? ''
    // What it gets of that one is nothing that it takes.
    const given = (request as { objects: { id: string; properties: Uint8Array }[] }).objects
    for (const object of given) if (object.id === refuses) object.properties = Buffer.from('{"page":"no number"}')
  }
  const document = await uploaded(fred, textOf(6))
  expect(document.job?.state).toBe('ready')
  expect(document.job?.message).toMatch(/^1 pieces are not found: /)
  const ids = (await piecesOf(fred, document.id)).map(({ id }) => id)
  expect((await stored('fred'))[LEXICAL]).toEqual(ids.filter(id => id !== refuses).toSorted())
})

test('no chunk, object or file is left of what is gone', async () => {
  for (const user of ['ada', 'bob', 'eve', 'carl', 'dora', 'fred'])
    for (const { name } of (await documentsOf(user, system).listCollections({})).collections)
      await documentsOf(user, system).deleteCollection({ collection: name })
  await eventually(async () => {
    const { rows } = await sql`
      select (select count(*)::integer from document.documents) as documents, (select count(*)::integer from document.chunks) as chunks,
        (select count(*)::integer from document.objects) as objects`.execute(system.database.kysely)
    expect(rows).toEqual([{ documents: 0, chunks: 0, objects: 0 }])
  })
})
