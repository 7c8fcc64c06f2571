import type { Published } from '#gen/spellmesh/event/v1/event.ts'
import type { EventRow } from './event.ts'
import type { LiveOptions } from './live.ts'
import type { EventStore } from './store.ts'

const PAGE = 200
const ANY = { agentId: '', client: '', channel: '', sender: '', type: '', entityId: '', from: 0, to: 0 }

/** What was told and kept since then, oldest first: events of type `event`, whose channel is their topic. */
export function createKept(store: Pick<EventStore, 'page' | 'many'>): LiveOptions['keptSince'] {
  return async function* (owner, topics, after) {
    const [last] = after.id === '' ? [] : (await store.many(owner, [after.id])).rows
    const [topic = ''] = topics.length === 1 ? topics : []
    const filter = { ...ANY, type: 'event', channel: topic }
    let place = { at: last?.at ?? after.at, seq: last?.seq ?? -1 }
    for (let more = true; more;) {
      const page = await store.page(owner, { filter, oldestFirst: true, limit: PAGE, after: place })
      for (const row of page.rows) {
        place = row
        if (topics.length === 0 || topics.includes(row.channel)) yield toPublished(row)
      }
      more = page.more && page.rows.length > 0
    }
  }
}

function toPublished({ id, channel, sender, at, data }: EventRow): Published {
  return { id, topic: channel, sender, at, kept: true, value: Buffer.from(data === '' ? 'null' : data) }
}
