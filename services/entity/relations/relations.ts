import type { Relation } from '#gen/spellmesh/entity/v1/entity.ts'
import { invalid } from '#mesh/errors.ts'
import { toRelation } from '../answer.ts'
import { inTurn, missing, timeOf } from '../entities.ts'
import { foldName } from '../names.ts'
import type { WantedRelation } from '../request.ts'
import { holdsAt, link, saidAt, unlink } from '../spans.ts'
import { isSame } from '../state.ts'
import type { EntityRow, EntityStore, EntityWrites } from '../store.ts'
import type { RelationKey } from './store.ts'

/** Relates two, or says something else about them. */
export async function relate(
  store: EntityStore,
  owner: string,
  wanted: WantedRelation,
): Promise<{ relation: Relation; created: boolean }> {
  return inTurn(store, async inside => {
    const ends = await lockEnds(inside, owner, wanted)
    if (!ends) return undefined
    const { from, to } = ends
    if (!wanted.toEvent && !to) throw missing(wanted.to)
    const now = await inside.now()
    const at = timeOf(wanted.at, Math.max(now, from.lastAt, to?.lastAt ?? 0), 'since')
    const key: RelationKey = { ...wanted, from: from.id, to: to?.id ?? wanted.to }
    const before = await inside.spans(owner, key)
    const holding = before.find(span => holdsAt(span, at))
    const { attributes } = wanted
    const isNews = !holding || (attributes !== undefined && !isSame(attributes, saidAt(holding, at)))
    const after = isNews ? link(before, { at, attributes }) : before
    const span = after.find(one => holdsAt(one, at))
    if (!span) throw new Error('a relation does not hold since when it was made')
    const relation = toRelation({ ...key, ...namesOf(ends), ...span }, at)
    if (isNews) {
      await inside.putSpans(owner, key, after)
      const told = { ...relation, attributes: saidAt(span, at) }
      await note(inside, owner, ends, { at, now, by: wanted.by, kind: 'linked', relation: told })
    }
    return { relation, created: !holding }
  })
}

/** Ends a relation; false: it did not hold then. */
export async function endRelation(
  store: EntityStore,
  owner: string,
  wanted: Omit<WantedRelation, 'toEvent'>,
): Promise<boolean> {
  return inTurn(store, async inside => {
    const ends = await lockEnds(inside, owner, { ...wanted, toEvent: false })
    if (!ends) return undefined
    const { from, to } = ends
    const now = await inside.now()
    const at = timeOf(wanted.at, Math.max(now, from.lastAt, to?.lastAt ?? 0), 'until')
    let ended = false
    // What is no entity may be an event.
    for (const [toEvent, id] of [...(to ? [[false, to.id] as const] : []), [true, wanted.to] as const]) {
      const key: RelationKey = { from: from.id, kind: wanted.kind, to: id, toEvent }
      const before = await inside.spans(owner, key)
      const held = before.find(span => holdsAt(span, at))
      if (!held) continue
      await inside.putSpans(owner, key, unlink(before, at))
      const known = toEvent ? { from, to: undefined } : { from, to }
      const told = {
        ...toRelation({ ...key, ...namesOf(known), ...held, until: at }, at),
        attributes: saidAt(held, at),
      }
      await note(inside, owner, known, { at, now, by: wanted.by, kind: 'unlinked', relation: told })
      ended = true
      break
    }
    return ended
  })
}

interface Ends {
  readonly from: EntityRow
  /** Undefined: an event, or there is none. */
  readonly to: EntityRow | undefined
}

/** Both ends, or what they were merged into, held for this transaction. Undefined: one of them was merged in this moment. */
async function lockEnds(
  inside: EntityWrites,
  owner: string,
  { from: fromId, to: toId, toEvent }: Pick<RelationKey, 'from' | 'to' | 'toEvent'>,
): Promise<Ends | undefined> {
  const from = (await inside.chain(owner, fromId)).at(-1)
  if (!from) throw missing(fromId)
  const to = toEvent ? undefined : (await inside.chain(owner, toId)).at(-1)
  if (to?.id === from.id)
    throw invalid([{ path: 'toId', message: `"${toId}" is the same as "${fromId}": expected another one` }])
  const ids = [from.id, ...(to ? [to.id] : [])]
  const locked = await inside.lock(owner, ids)
  if (locked.length < ids.length || locked.some(({ mergedInto }) => mergedInto !== undefined)) return undefined
  const byId = new Map(locked.map(row => [row.id, row]))
  return { from: byId.get(from.id) ?? from, to: to && byId.get(to.id) }
}

const namesOf = ({ from, to }: Ends) => ({ fromName: from.name, toName: to?.name ?? '' })

interface Noted {
  readonly at: number
  readonly now: number
  readonly by: string
  readonly kind: 'linked' | 'unlinked'
  readonly relation: Omit<Relation, 'attributes'> & { readonly attributes: object }
}

/** Writes it down with both of them. */
async function note(inside: EntityWrites, owner: string, { from, to }: Ends, noted: Noted): Promise<void> {
  const { at, now, by, kind, relation } = noted
  for (const row of to ? [from, to] : [from]) {
    const version = row.version + 1
    await inside.addChange(owner, row.id, { version, at, writtenAt: now, by, kind, relation, fields: [] })
    const next = { ...row, version, updatedAt: now, lastAt: Math.max(row.lastAt, at) }
    await inside.update(owner, next, foldName(row.name))
  }
}
