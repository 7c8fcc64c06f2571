import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { loadServices } from '#mesh/discover.ts'
import { isCoded } from '#mesh/errors.ts'
import { startHost } from '#mesh/host.ts'
import type { Host } from '#mesh/host.ts'
import { missingPrograms, startGround } from '#test/processes.ts'
import type { Ground } from '#test/processes.ts'
import { json, known, parsed } from './kit.suite.ts'
import type { Entities } from './kit.suite.ts'

const missing = missingPrograms()
const SERVICES = ['entity', 'weaviate', 'completion', 'cache', 'huggingface', 'user']

;(missing.length === 0 ? describe : describe.skip)(
  missing.length === 0
    ? 'two processes on PostgreSQL'
    : `two processes on PostgreSQL (skipped: no ${missing.join(', ')})`,
  () => {
    let ground: Ground
    let hosts: readonly Host[] = []
    beforeAll(async () => {
      ground = await startGround()
      const { DATABASE_URL, NATS_URL } = ground.settings
      const source = { DATABASE_URL, NATS_URL, LOG_LEVEL: 'error' }
      const open = async () => startHost({ services: await loadServices(SERVICES), source, serve: false })
      hosts = [await open(), await open()]
    }, 120_000)
    afterAll(async () => {
      for (const host of hosts) await host.stop()
      await ground?.[Symbol.asyncDispose]()
    }, 60_000)

    const both = (user: string): readonly [Entities, Entities] => {
      const [one, other] = hosts.map(host => host.client(EntityServiceDefinition, { user, service: 'edge' }))
      if (!one || !other) throw new Error('two hosts are started')
      return [one, other]
    }
    const often = <T>(count: number, work: (index: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, index) => work(index)))

    test('many upserts of one name at once make one entity, and lose nothing', async () => {
      const clients = both('ada')
      const made = await often(24, index =>
        clients[index % 2 ? 1 : 0].upsert({
          entity: { kind: 'person', name: index % 3 ? 'Grace' : 'GRACE', attributes: json({ [`k${index}`]: index }) },
        }),
      )
      expect(made.filter(({ created }) => created)).toHaveLength(1)
      const { entities } = await clients[0].list({})
      expect(entities).toHaveLength(1)
      expect(Object.keys(parsed(entities[0]?.attributes) as object)).toHaveLength(24)
    })

    test('relations and merges in every direction at once end in one consistent state', async () => {
      const clients = both('eve')
      const ids = await often(6, index => known(clients[0], `Name ${index}`))
      await often(60, async index => {
        const [from = '', to = ''] = [ids[index % 6], ids[(index * 5 + 1) % 6]]
        const client = clients[index % 2 ? 1 : 0]
        const step =
          index % 10 === 9
            ? client.merge({ intoId: from, entityId: to })
            : client.link({ fromId: from, kind: 'knows', toId: to })
        // They may be one by then, or the same from the start.
        await step.catch((error: unknown) => {
          if (!isCoded(error, 'INVALID_ARGUMENT')) throw error
        })
      })
      const { entities } = await clients[1].list({})
      expect(entities.length).toBeLessThan(6)
      const roots = new Set(entities.map(({ id }) => id))
      for (const id of ids) {
        const { entity } = await clients[0].get({ entityId: id })
        expect(roots.has(entity?.id ?? '')).toBe(true)
        for (const { fromId, toId } of entity?.relations ?? [])
          expect([roots.has(fromId), roots.has(toId)]).toEqual([true, true])
        const { changes } = await clients[0].history({ entityId: id, limit: 200 })
        expect(changes.map(({ version }) => version)).toEqual(changes.map((_, index) => changes.length - index))
      }
    })
  },
)
