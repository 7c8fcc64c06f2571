// Events as several processes of one mesh have them: PostgreSQL and NATS instead of what is in the process.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { SubscribeResponse } from '#gen/spellmesh/event/v1/event.ts'
import { isCoded } from '#mesh/errors.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Host } from '#mesh/host.ts'
import { contents, eventsOf, freePort, indexed, json, say, until } from '#services/event/kit.suite.ts'
import type { Events } from '#services/event/kit.suite.ts'
import { missingPrograms, startGround } from './processes.ts'
import type { Ground } from './processes.ts'

const SERVICES = ['user', 'cache', 'huggingface', 'completion', 'weaviate', 'event']

const missing = missingPrograms()
const onMesh = missing.length === 0 ? describe : describe.skip
onMesh(`events in two processes${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let ground: Ground
  let hosts: readonly Host[] = []
  const at = (index: number, user: string): Events => {
    const host = hosts[index] as Host
    return eventsOf(
      { as: name => ({ client: contract => host.client(contract, { user: name, service: 'edge' }) }) },
      user,
    )
  }

  beforeAll(async () => {
    ground = await startGround()
    const services = await loadServices(SERVICES)
    const start = async () => {
      const source = { LOG_LEVEL: 'error', GRPC_HOST: '127.0.0.1', ...ground.settings, EVENT_MOST: '600' }
      return startHost({ services, source: { ...source, GRPC_PORT: String(await freePort()) }, serve: true })
    }
    hosts = [await start(), await start()]
  }, 90_000)
  afterAll(async () => {
    for (const host of hosts) await host.stop()
    await ground[Symbol.asyncDispose]()
  }, 60_000)

  const waitingFor = (answers: AsyncIterator<SubscribeResponse>) => async () => {
    const { value } = (await answers.next()) as { value: SubscribeResponse | undefined }
    const part = value?.part
    return part?.$case === 'published' ? Buffer.from(part.value.value).toString() : part?.$case
  }

  test('what is kept in one is found in the other, at once and by meaning', async () => {
    const [one, two] = [at(0, 'ada'), at(1, 'ada')]
    await say(one, 'lobby', { content: 'The lantern needs oil.', entityIds: ['lantern'], sender: 'Ada' })
    await say(two, 'lobby', { content: 'I filled the lantern yesterday.', entityIds: ['lantern'], sender: 'Bo' })
    const text = 'Ada: The lantern needs oil.\nBo: I filled the lantern yesterday.'
    await expect(two.transcript({ channel: 'lobby' })).resolves.toMatchObject({ text, more: false })
    const { events: found } = await one.query({ entityId: 'lantern', oldestFirst: true, limit: 1 })
    expect(contents(found)).toEqual(['The lantern needs oil.'])
    const [first] = (await two.search({ text: 'lantern oil', recency: 0 })).found
    expect(first?.event?.content).toBe('The lantern needs oil.')
    await indexed(one)
    const [best] = (await two.search({ text: 'lantern oil', recency: 0 })).found
    expect(best?.event).toMatchObject({ content: 'The lantern needs oil.', indexed: true })
  })

  test('both write, delete and index at the same time, and nothing is lost or left over', async () => {
    const lines = (from: number) =>
      Array.from({ length: 60 }, (_, n) => ({ id: `e${from + n}`, content: `box ${from + n}`, entityIds: ['box'] }))
    const writes = Array.from({ length: 10 }, (_, n) => say(at(n % 2, 'busy'), 'a', ...lines(Math.floor(n / 2) * 60)))
    const forget = (n: number, id: string) =>
      at(n % 2, 'busy')
        .delete({ eventId: id })
        .catch((error: unknown) => {
          // Not there yet, or gone already.
          if (!isCoded(error, 'NOT_FOUND')) throw error
        })
    const forgets = Array.from({ length: 30 }, (_, n) => forget(n, `e${n * 3}`))
    await Promise.all([...writes, ...forgets])
    await Promise.all(
      Array.from({ length: 300 }, (_, n) => n)
        .filter(n => n % 3 === 0)
        .map(n => forget(n, `e${n}`)),
    )
    await indexed(at(0, 'busy'))
    expect((await at(1, 'busy').getRetention({})).events).toBe(200)
    const store = (hosts[0] as Host).client(WeaviateServiceDefinition, { user: 'busy', service: 'edge' })
    await until(async () => (await store.stats({})).collections[0]?.objects === 200)
    const { found } = await at(1, 'busy').search({ text: 'box 100', recency: 0, limit: 1 })
    expect(found[0]?.event?.content).toBe('box 100')
  })

  test('the same events, sent to both at once in any order, are kept once', async () => {
    const given = Array.from({ length: 40 }, (_, n) => ({ id: `same${n}`, content: `line ${n}`, at: 1_000 }))
    const orders = [given, given.toReversed(), given.toSpliced(0, 20).concat(given.slice(0, 20))]
    for (let round = 0; round < 5; round++) {
      const events = given.map(one => ({ ...one, id: `${one.id}-${round}` }))
      const sent = orders.map((order, n) => {
        const ids = order.map(({ id }) => `${id}-${round}`)
        return at(n % 2, 'same').append({ events: ids.map(id => events.find(one => one.id === id) ?? {}) })
      })
      const answers = await Promise.all(sent)
      expect(answers.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(80)
    }
    expect((await at(0, 'same').getRetention({})).events).toBe(200)
  })

  test('what is told in one is heard in the other; a listener is told when the bus was away', async () => {
    const answers = at(0, 'ada')
      .subscribe({ topics: ['bell'] })
      [Symbol.asyncIterator]()
    const next = waitingFor(answers)
    expect(await next()).toBe('ready')
    await at(1, 'bo').publish({ topic: 'bell', value: json('not for her') })
    await at(1, 'ada').publish({ topic: 'bell', value: json({ rings: 2 }) })
    expect(await next()).toBe('{"rings":2}')
    await ground.nats.stop('SIGKILL')
    await ground.nats.start()
    expect(await next()).toBe('gap')
    const heard = next()
    let isHeard = false
    void heard.then(() => (isHeard = true))
    await until(async () => {
      await at(1, 'ada').publish({ topic: 'bell', value: json('again') })
      return isHeard
    })
    // The other may be back later, and that is told, too.
    expect(['"again"', 'gap']).toContain(await heard)
    await answers.return?.()
  })

  test('too many go, whoever sweeps', async () => {
    const lines = Array.from({ length: 250 }, (_, n) => `line ${n}`)
    await Promise.all([0, 1, 0, 1].map(index => say(at(index, 'many'), 'a', ...lines)))
    await until(async () => (await at(0, 'many').getRetention({})).events === 600)
    const { events: left } = await at(1, 'many').query({ oldestFirst: true, limit: 500 })
    expect(left).toHaveLength(500)
  })
})
