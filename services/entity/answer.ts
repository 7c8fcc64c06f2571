import type { Change, DeepPartial, Entity, Relation } from '#gen/spellmesh/entity/v1/entity.ts'
import type { RelationRow } from './relations/store.ts'
import { saidAt } from './spans.ts'
import type { Span } from './spans.ts'
import type { EntityState, JsonObject } from './state.ts'
import type { ChangeRow, EntityRow } from './store.ts'

/** An entity as answers carry it. */
export function toMessage(
  row: Omit<EntityRow, 'lastAt' | 'mergedInto' | 'mergedAt'>,
  relations: readonly Relation[] = [],
): DeepPartial<Entity> {
  const { id, version, createdAt, updatedAt } = row
  return { id, ...ofState(row), relations: [...relations], version, createdAt, updatedAt }
}

/** A relation as it was at a time. */
export function toRelation(row: Omit<RelationRow, keyof Span> & Span, at: number): Relation {
  return {
    ...{ fromId: row.from, kind: row.kind, toId: row.to, toEvent: row.toEvent },
    attributes: toBytes(saidAt(row, at)),
    since: row.began,
    until: row.until ?? 0,
    fromName: row.fromName,
    toName: row.toName,
  }
}

/** A change as a history shows it. */
export function toChange(id: string, createdAt: number, row: ChangeRow): DeepPartial<Change> {
  const { version, at, writtenAt, by, kind, state, relation, fields } = row
  return {
    ...{ version, at, writtenAt, by, kind, fields: [...fields] },
    ...(state ? { entity: { id, ...ofState(state), version, createdAt, updatedAt: writtenAt } } : {}),
    ...(relation ? { relation: { ...relation, attributes: toBytes((relation.attributes ?? {}) as JsonObject) } } : {}),
  }
}

function ofState({ kind, name, aliases, about, attributes }: EntityState) {
  return { kind, name, aliases: [...aliases], about, attributes: toBytes(attributes) }
}

const toBytes = (value: JsonObject): Uint8Array => Buffer.from(JSON.stringify(value))
