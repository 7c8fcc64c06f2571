import { LRUCache } from 'lru-cache'
import type { Registry } from '#graph/define.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { JsonObject } from '#graph/json.ts'
import type { Bus } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import { conflict, invalid, notFound } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import { toJson } from '../json.ts'
import { documentText, readDocument } from './documents.ts'
import type { SpellRow, SpellStore, SpellWithDocument } from './store.ts'

/** A spell as answers carry it. */
export interface SpellMessage {
  readonly id: string
  readonly revision: number
  readonly name: string
  readonly description: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly document?: Uint8Array
}

/** A stored spell and its parsed document. */
export interface LoadedSpell {
  readonly row: SpellWithDocument
  readonly document: SpellDocument
}

/** People's spells. */
export interface Spells {
  /** `id`: one of {@link newId}, where it had to be known before. */
  create(owner: string, document: Uint8Array | SpellDocument, id?: string): Promise<SpellMessage>
  get(owner: string, id: string, revision: number): Promise<SpellMessage>
  list(owner: string, pageSize: number, page: string): Promise<{ spells: SpellMessage[]; nextPage: string }>
  update(owner: string, id: string, base: number, document: Uint8Array): Promise<SpellMessage>
  remove(owner: string, id: string): Promise<void>
  /** For running it: from memory where nothing has changed. NOT_FOUND for what is not there and for what is somebody else's. */
  load(owner: string, id: string, revision: number): Promise<LoadedSpell>
}

const decoder = new TextDecoder()

export function createSpells(store: SpellStore, registry: Registry, bus: Bus, now: () => number): Spells {
  const latest = createLatest(bus)
  const announce = (owner: string, spell: string, revision: number) => {
    latest.delete(spell)
    bus.publish(subject('chg.v1', owner, spell, String(revision)), toJson({ spell, revision, by: owner }))
  }
  return {
    async create(owner, given, id = newId('s')) {
      const document = given instanceof Uint8Array ? readDocument(given, registry) : given
      const row = toNewRow(id, owner, document, now())
      await store.insert(row)
      return toMessage(row)
    },
    async get(owner, id, revision) {
      const row = await store.find(owner, id, revision || undefined)
      if (row) return toMessage(row)
      const isThere = revision > 0 && (await store.find(owner, id))
      throw isThere ? notFound(`spell "${id}" has no revision ${revision}`) : missing(id)
    },
    async list(owner, pageSize, page) {
      const limit = Math.min(200, pageSize || 50)
      const rows = await store.list(owner, limit + 1, readPage(page))
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return { spells: rows.slice(0, limit).map(toMessage), nextPage: last ? `${last.updated_at}.${last.id}` : '' }
    },
    async update(owner, id, base, bytes) {
      const document = readDocument(bytes, registry)
      if (base < 1)
        throw invalid([{ path: 'baseRevision', message: 'is required: the revision that the change started from' }])
      const text = documentText(document)
      const row = await store.update(owner, id, base, {
        name: document.name,
        description: document.description,
        document: text,
        now: now(),
      })
      if (row) {
        announce(owner, id, row.revision)
        return toMessage({ ...row, document: text })
      }
      const current = await store.find(owner, id)
      if (!current) throw missing(id)
      throw wasChanged(current, base, document)
    },
    async remove(owner, id) {
      if (!(await store.remove(owner, id))) throw missing(id)
      announce(owner, id, 0)
    },
    async load(owner, id, revision) {
      const known = revision === 0 ? latest.get(id) : undefined
      if (known?.row.owner === owner) return known
      const row = await store.find(owner, id, revision || undefined)
      if (!row) throw missing(id)
      const loaded = { row, document: JSON.parse(row.document) as SpellDocument }
      if (revision === 0) latest.set(id, loaded)
      return loaded
    },
  }
}

/** The latest revisions that were run last. */
function createLatest(bus: Bus): LRUCache<string, LoadedSpell> {
  const latest = new LRUCache<string, LoadedSpell>({ max: 2000, ttl: 60_000 })
  // Every runner of the mesh hears of changes; a lost message costs at most the time to live.
  bus.subscribe('chg.v1.*.*.*', ({ payload }) => {
    const { spell } = JSON.parse(decoder.decode(payload)) as { spell: string }
    latest.delete(spell)
  })
  bus.onGap(() => latest.clear())
  return latest
}

function toNewRow(id: string, owner: string, document: SpellDocument, at: number): SpellWithDocument {
  return {
    id,
    owner,
    name: document.name,
    description: document.description,
    revision: 1,
    created_at: at,
    updated_at: at,
    document: documentText(document),
  }
}

function wasChanged(current: SpellWithDocument, base: number, document: SpellDocument) {
  return conflict(`"${current.name}" was changed: the latest revision is ${current.revision}, not ${base}`, {
    current: { ...asJson(current), document: JSON.parse(current.document) as JsonObject },
    yours: { document, baseRevision: base },
  })
}

function missing(id: string) {
  return notFound(`there is no spell "${id}"`)
}

function readPage(page: string): { updatedAt: number; id: string } | undefined {
  if (page === '') return undefined
  const [, updatedAt, id] = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/.exec(page) ?? []
  if (!updatedAt || !id) throw invalid([{ path: 'page', message: 'is not the nextPage of a list' }])
  return { updatedAt: Number(updatedAt), id }
}

function asJson({ id, revision, name, description, created_at, updated_at }: SpellRow) {
  return { id, revision, name, description, createdAt: Number(created_at), updatedAt: Number(updated_at) }
}

function toMessage(row: SpellRow | SpellWithDocument): SpellMessage {
  return { ...asJson(row), ...('document' in row ? { document: toJson(row.document) } : {}) }
}
