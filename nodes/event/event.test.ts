import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import type { Entry, NodeEmitted } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import type { Events } from '../services.ts'
import { runSpell, spell } from '../kit.suite.ts'

let folder: string
/** Whoever answers now, or will soon. */
let system: Promise<TestSystem>
const start = async () => embedded({ services: ['event'], dataDir: folder })
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellmesh-'))
  system = start()
  await system
}, 60_000)
afterAll(async () => {
  await (await system).stop()
  await rm(folder, { recursive: true, force: true })
}, 30_000)

const client = async () => (await system).as('ada').client(EventServiceDefinition)
/** As the runner gives it to nodes. */
const events = {
  async *subscribe(request, options) {
    yield* (await client()).subscribe(request, options)
  },
} satisfies Partial<Events> as unknown as Events

const tell = async (topic: string, value: Json, keep: boolean) =>
  (await client()).publish({ topic, value: Buffer.from(JSON.stringify(value)), keep })

const listening = (topic: string, count: number) =>
  spell({ on: { type: 'event/on', config: { topics: [topic], count } } }, [])

const isEmitted = (entry: Entry): entry is NodeEmitted => entry.kind === 'node.emitted'
const heardIn = (entries: readonly Entry[]) =>
  entries.filter(isEmitted).flatMap(({ pulses, outputs }) => (pulses.includes('out') ? [outputs['value']] : []))

test('a run that is taken up hears what was kept meanwhile', async () => {
  const document = listening('news', 3)
  const first = await runSpell(document, {
    services: { event: events },
    onEntry(entry, run) {
      if (!isEmitted(entry)) return
      if (entry.index === 0) void tell('news', 'one', true)
      else run.cancel('stopped')
    },
  })
  const until = first.entries.findLastIndex(isEmitted) + 1
  await tell('news', 'lost', false)
  await tell('news', 'two', true)
  await tell('other', 'elsewhere', true)
  await tell('news', 'three', true)
  const { entries } = await runSpell(document, { services: { event: events }, journal: first.entries.slice(0, until) })
  expect(heardIn([...first.entries.slice(0, until), ...entries])).toEqual(['one', 'two', 'three'])
})

test('an event service that is replaced is listened to again', async () => {
  const { entries } = await runSpell(listening('door', 3), {
    services: { event: events },
    onEntry(entry) {
      if (!isEmitted(entry)) return
      if (entry.index === 0) void tell('door', 1, false)
      if (entry.index !== 1) return
      const before = system
      system = (async () => {
        await (await before).stop()
        return start()
      })()
      void tell('door', 2, true).then(async () => tell('door', 3, true))
    },
  })
  expect(heardIn(entries)).toEqual([1, 2, 3])
}, 60_000)
