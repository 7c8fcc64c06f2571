// One folder, and the systems that have it one after the other.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openS3Server } from '#mesh/s3-server.suite.ts'
import { embedded } from '#mesh/testing.ts'
import { behindWires, documentsOf, done, eventually, piecesOf, sent, textOf, uploaded } from './kit.suite.ts'
import type { Wire } from './kit.suite.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'documents-'))
})
afterAll(async () => rm(dataDir, { recursive: true, force: true }))

const open = (wire: Wire = () => {}) => behindWires(wire, { dataDir })
const files = async () =>
  (await readdir(join(dataDir, 'blobs'), { recursive: true })).filter(name => name.endsWith('.blob'))

test('what was begun is gone on with, what was embedded is not embedded again, and what is deleted leaves no file', async () => {
  const asked: string[][] = []
  const begun = Promise.withResolvers<void>()
  const first = await open(async (_, method, request) => {
    if (method !== 'embed') return
    if (asked.length === 1) {
      begun.resolve()
      await new Promise(() => {})
    }
    asked.push((request as { texts: string[] }).texts)
  })
  const { document } = await documentsOf('ada', first).upload(sent(textOf(300, 90)))
  const id = document?.id ?? ''
  await begun.promise
  await first.stop()

  {
    await using second = await open((_, method, request) => {
      if (method === 'embed') asked.push((request as { texts: string[] }).texts)
    })
    const ada = documentsOf('ada', second)
    expect(await done(ada, id)).toMatchObject({ job: { state: 'ready', withoutVectors: false } })
    const pieces = await piecesOf(ada, id)
    expect(pieces.length).toBeGreaterThan(130)
    const texts = asked.flat()
    expect(texts).toHaveLength(pieces.length)
    expect(new Set(texts).size).toBe(pieces.length)
    expect(await files()).toHaveLength(1)
    await ada.deleteDocument({ documentId: id })
    await eventually(async () => expect(await files()).toEqual([]))
  }
}, 120_000)

test('what a crash left leased is taken up at once; a file at which processes end is not read for ever', async () => {
  const first = await open()
  const { id } = await uploaded(documentsOf('ada', first), textOf(4))
  const { id: deadly } = await uploaded(documentsOf('ada', first), textOf(4, 60, 2))
  await sql`update document.documents set state = 'parsing', generation = generation + 1, reading = null, due_at = now(),
    lease = 'of who is gone', lease_until = now() + interval '1 hour', crashes = case when id = ${deadly} then 3 else 0 end`.execute(
    first.database.kysely,
  )
  await first.stop()
  await using second = await open()
  const ada = documentsOf('ada', second)
  expect(await done(ada, id)).toMatchObject({ job: { state: 'ready' } })
  expect(await done(ada, deadly)).toMatchObject({ job: { state: 'failed', code: 'CRASH' } })
}, 120_000)

test('files may be in a bucket', async () => {
  await using bucket = await openS3Server()
  await using system = await embedded({ services: ['document'], settings: { BLOB_URL: bucket.url } })
  const ada = documentsOf('ada', system)
  const document = await uploaded(ada, 'Words in a bucket.')
  expect(document.job?.state).toBe('ready')
  expect([...bucket.files.values()].map(String)).toEqual(['Words in a bucket.'])
  const pieces: Uint8Array[] = []
  for await (const { part } of ada.download({ documentId: document.id }))
    if (part?.$case === 'data') pieces.push(part.value)
  expect(Buffer.concat(pieces).toString()).toBe('Words in a bucket.')
  await ada.deleteDocument({ documentId: document.id })
  await eventually(async () => expect(bucket.files.size).toBe(0))
}, 120_000)
