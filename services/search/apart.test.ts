// Search as a process of its own: what it asks comes over gRPC, whose messages are limited.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Host } from '#mesh/host.ts'
import type { Clients } from '#mesh/testing.ts'
import { freePort, missingPrograms, startGround } from '#test/processes.ts'
import type { Ground } from '#test/processes.ts'
import { know, PATIENT, remember, searchOf, upload } from './kit.suite.ts'

const OWNERS = ['user', 'cache', 'huggingface', 'completion', 'weaviate', 'document', 'event', 'entity']
const SOURCES = ['documents', 'events', 'entities']

/** Where PostgreSQL has no pgvector, it is told that words are all there is. */
const otherThanWords = (notices: readonly string[]) =>
  notices.filter(notice => !notice.includes('the PostgreSQL server has no pgvector'))

const missing = missingPrograms()
const onMesh = missing.length === 0 ? describe : describe.skip
onMesh(`search apart from what it asks${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let ground: Ground
  let owners: Host
  let alone: Host
  const where = {
    as: (user: string): Clients => ({ client: contract => alone.client(contract, { user, service: 'edge' }) }),
  }
  const atOwners = (user: string): Clients => ({
    client: contract => owners.client(contract, { user, service: 'edge' }),
  })

  beforeAll(async () => {
    ground = await startGround()
    const port = String(await freePort())
    const source = { LOG_LEVEL: 'silent', GRPC_HOST: '127.0.0.1', ...ground.settings, ...PATIENT }
    owners = await startHost({
      services: await loadServices(OWNERS),
      source: { ...source, GRPC_PORT: port },
      serve: true,
    })
    const addresses = OWNERS.map(name => [`${name.toUpperCase()}_ADDRESS`, `127.0.0.1:${port}`])
    const own = { ...source, ...Object.fromEntries(addresses), GRPC_PORT: String(await freePort()) }
    alone = await startHost({ services: await loadServices(['search']), source: own, serve: true })
  }, 120_000)
  afterAll(async () => {
    await alone?.stop()
    await owners?.stop()
    await ground?.[Symbol.asyncDispose]()
  }, 60_000)

  test('finds what is kept there; other errors than its own come through', async () => {
    const ada = atOwners('ada')
    await upload(ada, 'Where the lantern hangs', { metadata: { year: 2026 } })
    await remember(ada, [{ content: 'The lantern is lit', channel: 'lobby' }])
    await know(ada, [{ kind: 'thing', name: 'Lantern' }])
    const search = searchOf(where, 'ada')
    const answer = await search.search({ query: 'lantern', sources: SOURCES })
    expect(answer.hits.map(({ source }) => source).toSorted()).toEqual(['documents', 'entities', 'events'])
    expect(otherThanWords(answer.notices)).toEqual([])
    await expect(search.search({ query: 'lantern', collections: ['theirs'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'there is no collection "theirs"',
    })
  })

  test('texts that are too long for one message together are found all the same, in pieces', async () => {
    const bea = atOwners('bea')
    const content = (index: number) => `lantern ${index} ${'€€ '.repeat(30_000)}`
    // 210 KB each: 24 of them are no message.
    for (let index = 0; index < 24; index += 8)
      await remember(
        bea,
        Array.from({ length: 8 }, (_, at) => ({ content: content(index + at), channel: 'long' })),
      )
    const { hits, notices } = await searchOf(where, 'bea').search({ query: 'lantern', sources: ['events'], limit: 10 })
    expect(otherThanWords(notices)).toEqual([])
    expect(hits).toHaveLength(10)
    for (const { text } of hits) expect(text.length).toBeLessThanOrEqual(2_100)
  })

  test('when all it asks is gone it says so, UNAVAILABLE', async () => {
    await owners.stop()
    const search = searchOf(where, 'ada')
    await expect(search.search({ query: 'lantern', sources: SOURCES })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^documents: .*; events: .*; entities: /),
    })
    const { sources } = await search.listSources({})
    expect(sources.map(({ ready }) => ready)).toEqual([false, false, false, false])
  })
})
