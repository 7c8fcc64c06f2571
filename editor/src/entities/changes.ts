import type { Json } from '#graph/json.ts'
import type { ChangeRecord, EntityRecord, RelationRecord } from '../knowledge/records.ts'

/** Moments at which something became different, oldest first, each once. */
export function momentsOf(changes: readonly ChangeRecord[]): readonly number[] {
  return [...new Set(changes.map(({ at }) => at))].toSorted((a, b) => a - b)
}

/** Changes by the time that they tell of, newest first: what was told late stands where it belongs. */
export function byTime(changes: readonly ChangeRecord[]): readonly ChangeRecord[] {
  return changes.toSorted((a, b) => b.at - a.at || b.version - a.version)
}

/** What a change did to one field. Undefined: there was nothing. */
export interface FieldChange {
  readonly field: string
  readonly before: Json | undefined
  readonly after: Json | undefined
}

/** The fields of a change with what they were and became. `changes`: newest first. */
export function fieldsOf(changes: readonly ChangeRecord[], index: number): readonly FieldChange[] {
  const change = changes[index]
  if (!change?.entity) return []
  const before = changes.slice(index + 1).find(({ entity }) => entity)?.entity
  return change.fields.map(field => ({
    field,
    before: before && valueAt(before, field),
    after: change.entity && valueAt(change.entity, field),
  }))
}

function valueAt(entity: EntityRecord, field: string): Json | undefined {
  const key = /^attributes\.(.+)$/.exec(field)?.[1]
  if (key !== undefined) return entity.attributes?.[key]
  const value = (entity as unknown as Readonly<Record<string, Json | undefined>>)[field]
  return value === '' || (Array.isArray(value) && value.length === 0) ? undefined : value
}

/** A change in a few words. */
export function changeInWords({ kind, relation, fields }: ChangeRecord, entity: string): string {
  switch (kind) {
    case 'created':
      return 'First known'
    case 'merged':
      return 'Another one was merged into it'
    case 'linked':
    case 'unlinked': {
      const words = relation ? relationInWords(relation, entity) : 'a relation'
      return kind === 'linked' ? `Since then: ${words}` : `No longer: ${words}`
    }
    default:
      return fields.length === 0
        ? 'Changed'
        : `Changed: ${fields.map(field => field.replace(/^attributes\./, '')).join(', ')}`
  }
}

/** `works at Acme`, or from its other end `Ada works at it`. */
export function relationInWords(
  { fromId, kind, toName, toId, fromName, toEvent }: RelationRecord,
  entity: string,
): string {
  const verb = kind.replaceAll(/[_-]/g, ' ')
  if (fromId === entity) return `${verb} ${toEvent ? 'an event' : toName || toId}`
  return `${fromName || fromId} ${verb} this`
}

/** What somebody typed for an attribute: JSON, or the text itself. */
export function toAttribute(text: string): Json {
  if (!/^(?:-?\d|true$|false$|null$|["[{])/.test(text.trim())) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** An attribute for people to read and to edit: {@link toAttribute} gives the same value again. */
export function fromAttribute(value: Json): string {
  return typeof value === 'string' && toAttribute(value) === value ? value : JSON.stringify(value)
}
