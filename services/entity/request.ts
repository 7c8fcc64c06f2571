import type {
  LinkRequest,
  ListRequest,
  MergeRequest,
  UnlinkRequest,
  UpsertRequest,
} from '#gen/spellmesh/entity/v1/entity.ts'
import { invalid } from '#mesh/errors.ts'
import { createChecks, MOST_ALIASES, readJsonOrText } from './checks.ts'
import { foldName } from './names.ts'
import type { RelationKey } from './relations/store.ts'
import type { JsonObject, Patch } from './state.ts'
import type { ListFilter } from './store.ts'

const MOST_BY = 200
const PAGE = { usual: 50, most: 200 }

/** What is to be known of an entity. */
export interface Wanted {
  /** Empty: the one of that kind and name. */
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly patch: Patch
  readonly by: string
  /** 0: now. */
  readonly at: number
  readonly expectVersion: number
  readonly replaceAttributes: boolean
}

/** Checks a request. Throws INVALID_ARGUMENT with every bad field, like all of these. */
export function readUpsert({ entity, by, at, expectVersion, replaceAttributes }: UpsertRequest): Wanted {
  if (!entity) throw invalid([{ path: 'entity', message: 'is required: what is to be known' }])
  const checks = createChecks()
  const { id, kind, name, aliases, about } = entity
  if (id !== '') checks.id('entity.id', id)
  if (id === '' && kind === '') checks.refuse('entity.kind', 'is required where no id is given')
  if (kind !== '') checks.kind('entity.kind', kind)
  if (id === '' && name === '') checks.refuse('entity.name', 'is required where no id is given')
  if (name !== '') checks.name('entity.name', name)
  if (aliases.length > MOST_ALIASES)
    checks.refuse('entity.aliases', `${aliases.length} other names: at most ${MOST_ALIASES}`)
  else aliases.forEach((alias, index) => checks.name(`entity.aliases[${index}]`, alias))
  checks.text('entity.about', about, { most: 2_000 })
  const attributes = checks.object('entity.attributes', entity.attributes)
  checks.text('by', by, { most: MOST_BY })
  checks.time('at', at)
  checks.end()
  const patch: Patch = {
    ...(kind === '' ? {} : { kind }),
    ...(name === '' ? {} : { name: name.trim() }),
    ...(aliases.length === 0 ? {} : { aliases: aliases.map(alias => alias.trim()) }),
    ...(about === '' ? {} : { about }),
    ...(attributes === undefined ? {} : { attributes }),
  }
  return { id, kind, name: name.trim(), patch, by, at, expectVersion, replaceAttributes }
}

/** A relation to begin or end. */
export interface WantedRelation extends RelationKey {
  readonly by: string
  /** 0: now. */
  readonly at: number
  readonly attributes: JsonObject | undefined
}

export function readLink({ fromId, kind, toId, toEvent, attributes, since, by }: LinkRequest): WantedRelation {
  const checks = createChecks()
  checks.id('fromId', fromId)
  checks.relationKind('kind', kind)
  checks.id('toId', toId)
  const said = checks.object('attributes', attributes)
  checks.time('since', since)
  checks.text('by', by, { most: MOST_BY })
  checks.end()
  return { from: fromId, kind, to: toId, toEvent, by, at: since, attributes: said }
}

export function readUnlink({ fromId, kind, toId, until, by }: UnlinkRequest): Omit<WantedRelation, 'toEvent'> {
  const checks = createChecks()
  checks.id('fromId', fromId)
  checks.relationKind('kind', kind)
  checks.id('toId', toId)
  checks.time('until', until)
  checks.text('by', by, { most: MOST_BY })
  checks.end()
  return { from: fromId, kind, to: toId, by, at: until, attributes: undefined }
}

export function readMerge({ intoId, entityId, by }: MergeRequest): { into: string; from: string; by: string } {
  const checks = createChecks()
  checks.id('intoId', intoId)
  checks.id('entityId', entityId)
  checks.text('by', by, { most: MOST_BY })
  checks.end()
  return { into: intoId, from: entityId, by }
}

export function readId(id: string): string {
  const checks = createChecks()
  checks.id('entityId', id)
  checks.end()
  return id
}

export function readGet({ entityId, asOf }: { entityId: string; asOf: number }): { id: string; asOf: number } {
  const checks = createChecks()
  checks.id('entityId', entityId)
  checks.time('asOf', asOf)
  checks.end()
  return { id: entityId, asOf }
}

const MOST_IDS = 200

/** What cannot be an id is none of anything. */
export function readIds(ids: readonly string[]): readonly string[] {
  if (ids.length > MOST_IDS) throw invalid([{ path: 'entityIds', message: `${ids.length} ids: at most ${MOST_IDS}` }])
  return [...new Set(ids)].filter(id => /^[A-Za-z0-9_-]{1,64}$/.test(id))
}

export function readFind({ name, kind }: { name: string; kind: string }): { name: string; kind: string } {
  const checks = createChecks()
  checks.name('name', name)
  if (kind !== '') checks.kind('kind', kind)
  checks.end()
  return { name, kind }
}

export function readList({ kind, text, attribute, value, relatedTo, limit, pageToken }: ListRequest): ListFilter {
  const checks = createChecks()
  if (kind !== '') checks.kind('kind', kind)
  checks.text('text', text, { most: 200 })
  checks.text('attribute', attribute, { most: 1_000 })
  checks.text('value', value, { most: 10_000 })
  if (value !== '' && attribute === '') checks.refuse('attribute', 'is required where a value is given')
  if (relatedTo !== '') checks.id('relatedTo', relatedTo)
  const [, updatedAt, id] = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/.exec(pageToken) ?? []
  if (pageToken !== '' && !id) checks.refuse('pageToken', 'is not the nextPageToken of a list')
  checks.end()
  return {
    ...{ kind, text: foldName(text), attribute, relatedTo },
    value: value === '' ? undefined : JSON.stringify(readJsonOrText(value)),
    limit: checks.limit(limit, PAGE),
    after: id === undefined ? undefined : { updatedAt: Number(updatedAt), id },
  }
}

export function readHistory(request: { entityId: string; limit: number; pageToken: string }) {
  const checks = createChecks()
  checks.id('entityId', request.entityId)
  if (!/^(?:[1-9]\d{0,8})?$/.test(request.pageToken))
    checks.refuse('pageToken', 'is not the nextPageToken of a history')
  checks.end()
  const before = request.pageToken === '' ? undefined : Number(request.pageToken)
  return { id: request.entityId, limit: checks.limit(request.limit, PAGE), before }
}
