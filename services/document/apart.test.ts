// Several processes on one PostgreSQL and NATS: one answers, others read, and die at it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { startHost } from '#mesh/host.ts'
import type { Host } from '#mesh/host.ts'
import { freePort, missingPrograms, startGround, startProgram } from '#test/processes.ts'
import type { Ground, Program } from '#test/processes.ts'
import { done, piecesOf, sent, servicesBehind, textOf } from './kit.suite.ts'
import type { Documents, Wire } from './kit.suite.ts'

const missing = missingPrograms()
const onMesh = missing.length === 0 ? describe : describe.skip
onMesh(`documents on a mesh${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let wire: Wire = () => {}
  let ground: Ground
  let answering: Host
  let settings: Record<string, string>
  let ada: Documents
  const readers: Program[] = []
  const startReader = async () => {
    const reader = await startProgram(['document'], { ...settings, GRPC_PORT: String(await freePort()) })
    readers.push(reader)
    return reader
  }

  beforeAll(async () => {
    ground = await startGround()
    const port = String(await freePort())
    const source = { LOG_LEVEL: 'error', GRPC_HOST: '127.0.0.1', DOCUMENT_LEASE_MS: '2000', ...ground.settings }
    answering = await startHost({
      services: await servicesBehind((service, method, request) => wire(service, method, request)),
      source: { ...source, DOCUMENT_JOBS: '0', GRPC_PORT: port },
      serve: true,
    })
    const at = ['WEAVIATE', 'COMPLETION'].map(name => [`${name}_ADDRESS`, `127.0.0.1:${port}`] as const)
    settings = { ...source, ...Object.fromEntries(at) }
    ada = answering.client(DocumentServiceDefinition, { user: 'ada', service: 'edge' })
  }, 120_000)
  afterAll(async () => {
    await Promise.all(readers.map(reader => reader.stop('SIGKILL')))
    await answering?.stop()
    await ground?.[Symbol.asyncDispose]()
  }, 60_000)
  beforeEach(() => {
    wire = () => {}
  })

  test('who is killed in the middle is followed by another, which does not do again what was done', async () => {
    const written: string[][] = []
    const held = Promise.withResolvers<void>()
    wire = async (_, method, request) => {
      if (method !== 'upsert') return
      if (written.length === 1) {
        held.resolve()
        await new Promise(() => {})
      }
      written.push((request as { objects: { id: string }[] }).objects.map(({ id }) => id))
    }
    const first = await startReader()
    const { document } = await ada.upload(sent(textOf(1_600, 90)), { deadlineMs: 30_000 })
    const id = document?.id ?? ''
    await held.promise
    expect(await first.stop('SIGKILL')).toBe('SIGKILL')
    const [done0 = []] = written
    wire = (_, method, request) => {
      if (method === 'upsert') written.push((request as { objects: { id: string }[] }).objects.map(object => object.id))
    }
    await startReader()
    const after = await done(ada, id)
    expect(after.job).toMatchObject({ state: 'ready', attempts: 2 })
    const pieces = await piecesOf(ada, id)
    expect(pieces.length).toBeGreaterThan(800)
    expect(written.flat().toSorted()).toEqual(pieces.map(piece => piece.id).toSorted())
    expect(done0.length).toBeLessThan(pieces.length)
  }, 120_000)

  test('two readers share the work, and none does what another one does', async () => {
    await startReader()
    const ids = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const { document } = await ada.upload(sent(textOf(6, 60, index + 10), { collection: 'Many' }), {
          deadlineMs: 60_000,
        })
        return document?.id ?? ''
      }),
    )
    for await (const _ of ada.watch({ untilDone: true }));
    const { documents } = await ada.listDocuments({ collection: 'Many' })
    expect(documents.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    expect(documents.map(({ job }) => [job?.state, job?.attempts])).toEqual(ids.map(() => ['ready', 1]))
  }, 120_000)

  test('who is to end leaves its work to others at once', async () => {
    const [, second, third] = readers
    const begun = Promise.withResolvers<void>()
    wire = async (_, method) => {
      if (method !== 'upsert') return
      begun.resolve()
      await new Promise(() => {})
    }
    const { document } = await ada.upload(sent(textOf(10, 60, 40)))
    await begun.promise
    wire = () => {}
    // One of them has it; the other one, started anew, is there for what it leaves.
    await second?.stop()
    await startReader()
    await third?.stop()
    expect((await done(ada, document?.id ?? '')).job?.state).toBe('ready')
  }, 120_000)
})
