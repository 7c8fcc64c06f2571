import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { DeepPartial, Filter } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { loadServices } from '#mesh/discover.ts'
import type { NamedService } from '#mesh/discover.ts'
import { isCoded, unavailable } from '#mesh/errors.ts'
import { collectionOf, toText } from '#mesh/knowledge.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { entitiesOf, json, known } from './kit.suite.ts'

const SERVICES = ['entity', 'weaviate', 'completion', 'cache', 'huggingface', 'user']

/** All services, of which the vector store is away for as long as `isAway` says so. */
async function withStore(isAway: () => boolean): Promise<readonly NamedService[]> {
  const services = await loadServices(SERVICES)
  return services.map(service => {
    if (service.name !== 'weaviate') return service
    const { declaration } = service
    const start: typeof declaration.start = async environment => {
      const handlers = (await declaration.start(environment)) as Record<string, (...given: unknown[]) => unknown>
      const guarded = ([name, handler]: [string, (...given: unknown[]) => unknown]) => [
        name,
        (...given: unknown[]) => (isAway() ? Promise.reject(unavailable('the store is away')) : handler(...given)),
      ]
      return Object.fromEntries(Object.entries(handlers).map(guarded)) as never
    }
    return { ...service, declaration: { ...declaration, start } }
  })
}

async function search(system: TestSystem, user: string, text: string, filter?: DeepPartial<Filter>) {
  const { embeddings, model } = await system
    .as(user)
    .client(CompletionServiceDefinition)
    .embed({ texts: [text] })
  try {
    const { found } = await system
      .as(user)
      .client(WeaviateServiceDefinition)
      .query({
        collection: collectionOf('entities', model),
        mode: 'hybrid',
        text,
        vector: embeddings[0]?.values ?? [],
        ...(filter ? { filter } : {}),
      })
    return found.map(({ object }) => object?.id)
  } catch (error) {
    if (isCoded(error, 'NOT_FOUND')) return []
    throw error
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 20))
}

test('entities are found by what is known of them; merged and deleted ones no more', async () => {
  await using system = await embedded({ services: ['entity'] })
  const entities = entitiesOf('ada', system)
  const baker = await known(entities, 'Marie', {
    about: 'She bakes sourdough bread.',
    attributes: json({ city: 'Lyon', age: 40 }),
  })
  const smith = await known(entities, 'Jo', { about: 'He forges iron gates.' })
  const other = await known(entities, 'Joseph', { about: 'Somebody at the forge.' })
  await until(async () => (await search(system, 'ada', 'iron')).length === 3)
  expect((await search(system, 'ada', 'sourdough bread'))[0]).toBe(baker)
  const inLyon = { condition: { property: 'attributes', operator: 'contains', value: json(toText('city', 'Lyon')) } }
  expect(await search(system, 'ada', 'anybody', inLyon)).toEqual([baker])
  expect(await search(system, 'eve', 'sourdough bread')).toEqual([])
  await entities.merge({ intoId: smith, entityId: other })
  await entities.delete({ entityId: baker })
  await until(async () => (await search(system, 'ada', 'iron')).length === 1)
  expect(await search(system, 'ada', 'Joseph')).toEqual([smith])
}, 120_000)

test('what was told while the store was away is found after a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'entities-'))
  try {
    const away = await embedded({ declared: await withStore(() => true), dataDir })
    const id = await known(entitiesOf('ada', away), 'Marie', { about: 'She bakes bread.' })
    const gone = await known(entitiesOf('ada', away), 'Nobody')
    await entitiesOf('ada', away).delete({ entityId: gone })
    expect((await entitiesOf('ada', away).find({ name: 'marie' })).entity?.id).toBe(id)
    await away.stop()
    await using back = await embedded({ services: ['entity'], dataDir })
    await until(async () => (await search(back, 'ada', 'bread')).length > 0)
    expect(await search(back, 'ada', 'bread')).toEqual([id])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}, 120_000)
