import type { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import type { Handlers } from '#mesh/service.ts'
import { toChange, toMessage } from './answer.ts'
import { ownerOf } from './checks.ts'
import { get, missing } from './entities.ts'
import { likely } from './finding.ts'
import type { Likely } from './finding.ts'
import { NEAR } from './names.ts'
import { readFind, readGet, readHistory, readIds, readList } from './request.ts'
import type { EntityReads, EntityRow } from './store.ts'

const MOST_OTHERS = 5

type Reading = Pick<Handlers<typeof EntityServiceDefinition>, 'get' | 'find' | 'getMany' | 'list' | 'history'>

/** What is asked and changes nothing. */
export function createReading(store: EntityReads): Reading {
  return {
    async get(request, { caller }) {
      return get(store, ownerOf(caller), readGet(request))
    },
    async find(request, { caller }) {
      const owner = ownerOf(caller)
      const found = await likely(store, owner, readFind(request), MOST_OTHERS + 1)
      const [best, ...others] = found
      if (!best || best.likeness < NEAR) return { likeness: 0, others: found.slice(0, MOST_OTHERS).map(toCandidate) }
      const { entity } = await get(store, owner, { id: best.row.id, asOf: 0 })
      return { entity, likeness: best.likeness, others: others.map(toCandidate) }
    },
    async getMany({ entityIds }, { caller }) {
      return { entities: (await getMany(store, ownerOf(caller), readIds(entityIds))).map(row => toMessage(row)) }
    },
    async list(request, { caller }) {
      const owner = ownerOf(caller)
      const filter = readList(request)
      const relatedTo = (await store.chain(owner, filter.relatedTo)).at(-1)?.id ?? filter.relatedTo
      const rows = await store.list(owner, { ...filter, relatedTo, limit: filter.limit + 1 })
      const last = rows.length > filter.limit ? rows[filter.limit - 1] : undefined
      return {
        entities: rows.slice(0, filter.limit).map(row => toMessage(row)),
        nextPageToken: last ? `${last.updatedAt}.${last.id}` : '',
      }
    },
    async history(request, { caller }) {
      const owner = ownerOf(caller)
      const { id, limit, before } = readHistory(request)
      const [row] = await store.chain(owner, id)
      if (!row) throw missing(id)
      const changes = await store.changes(owner, id, before, limit + 1)
      const last = changes.length > limit ? changes[limit - 1] : undefined
      // The last change of one that was merged away shows what it has become.
      const idAfter = (version: number) => (version === row.version ? (row.mergedInto ?? id) : id)
      return {
        changes: changes.slice(0, limit).map(change => toChange(idAfter(change.version), row.createdAt, change)),
        nextPageToken: last ? String(last.version) : '',
      }
    },
  }
}

const toCandidate = ({ row, likeness }: Likely) => ({ entity: toMessage(row), likeness })

/** In the order of the ids; one that was merged away is the one it went into. */
async function getMany(store: EntityReads, owner: string, ids: readonly string[]): Promise<readonly EntityRow[]> {
  const rows = new Map((await store.many(owner, ids)).map(row => [row.id, row]))
  const found = new Map<string, EntityRow>()
  for (const id of ids) {
    const row = rows.get(id)
    const now = row?.mergedInto === undefined ? row : (await store.chain(owner, id)).at(-1)
    if (now) found.set(now.id, now)
  }
  return [...found.values()]
}
