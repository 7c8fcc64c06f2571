import type { DeepPartial, Entity } from '#gen/spellmesh/entity/v1/entity.ts'
import { conflict, exists, invalid, notFound, precondition } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import { toMessage, toRelation } from './answer.ts'
import { ATTRIBUTES_BYTES } from './checks.ts'
import { foldName, gramsOf } from './names.ts'
import type { Wanted } from './request.ts'
import { applyPatch, fieldsOf, foldChanges, isSame, reducePatch, replacing } from './state.ts'
import type { EntityState, Patch } from './state.ts'
import type { ChangeRow, EntityReads, EntityRow, EntityStore, EntityWrites } from './store.ts'

/** What became of an upsert. */
export interface Upserted {
  readonly row: EntityRow
  readonly created: boolean
  readonly changed: boolean
}

const TRIES = 10
/** States in one statement: each may be large. */
const RESTATED = 100
/** How far clocks may be apart. */
const AHEAD_MS = 60_000
const UNIQUE_VIOLATION = '23505'

/** Makes an entity, or changes the one that is meant. */
export async function upsert(store: EntityStore, owner: string, wanted: Wanted): Promise<Upserted> {
  return inTurn(store, async inside => {
    const row = await findMeant(inside, owner, wanted)
    if (row === 'moved') return undefined
    return row ? change(inside, owner, row, wanted) : create(inside, owner, wanted)
  })
}

/** Again where somebody else was quicker: `work` resolves with undefined, or what it wrote is there already. */
export async function inTurn<T>(
  store: EntityStore,
  work: (inside: EntityWrites) => Promise<T | undefined>,
): Promise<T> {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const done = await store.transaction(work)
      if (done !== undefined) return done
    } catch (error) {
      if (!isViolation(error)) throw error
    }
  }
  throw conflict('others change the same entities all the time: try again later')
}

function isViolation(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === UNIQUE_VIOLATION
}

/** The one that an id or a name means, held for this transaction. `moved`: it was merged or renamed in this moment. */
async function findMeant(
  inside: EntityWrites,
  owner: string,
  { id, kind, name }: Wanted,
): Promise<EntityRow | 'moved' | undefined> {
  const meant = id === '' ? await meantByName(inside, owner, kind, name) : (await inside.chain(owner, id)).at(-1)
  if (!meant) return undefined
  const [row] = await inside.lock(owner, [meant.id])
  if (!row || row.mergedInto !== undefined) return 'moved'
  return id === '' && ![row.name, ...row.aliases].some(called => foldName(called) === foldName(name)) ? 'moved' : row
}

async function meantByName(inside: EntityWrites, owner: string, kind: string, name: string) {
  const folded = foldName(name)
  const called = await inside.named(owner, folded, kind)
  const exact = called.find(row => foldName(row.name) === folded)
  if (exact || called.length < 2) return exact ?? called[0]
  const shown = called.map(row => `"${row.id}" (${row.name})`).join(', ')
  throw precondition(`several of the kind "${kind}" are also called "${name}": ${shown}; give the id of one`, {
    details: { ids: called.map(row => row.id) },
  })
}

async function create(inside: EntityWrites, owner: string, wanted: Wanted): Promise<Upserted | undefined> {
  const { id, kind, name, by, expectVersion } = wanted
  if (expectVersion > 0)
    throw conflict(`there is no such entity: expected version ${expectVersion}`, {
      expected: expectVersion,
      version: 0,
    })
  const missing = Object.entries({ kind, name }).filter(([, value]) => value === '')
  if (missing.length > 0)
    throw invalid(
      missing.map(([field]) => ({ path: `entity.${field}`, message: `is required: there is no entity "${id}" yet` })),
    )
  const now = await inside.now()
  const at = timeOf(wanted.at, now, 'at')
  const attributes = wanted.patch.attributes ?? {}
  const patch = { ...wanted.patch, attributes: applyPatch(EMPTY, { attributes }).attributes }
  const state = applyPatch(EMPTY, patch)
  const row: EntityRow = {
    ...{ id: id || newId('en'), ...state, version: 1, createdAt: at, updatedAt: now, lastAt: at },
    ...{ mergedInto: undefined, mergedAt: 0 },
  }
  if (!(await inside.insert(owner, row, foldName(name)))) {
    // Without an id, the one that was quicker is meant.
    if (id !== '') await refuseTaken(inside, owner, row)
    return undefined
  }
  const fields = fieldsOf(patch)
  await inside.addChange(owner, row.id, { version: 1, at, writtenAt: now, by, kind: 'created', patch, state, fields })
  await writeNames(inside, owner, row)
  await inside.mark(owner, [row.id])
  return { row, created: true, changed: true }
}

const EMPTY: EntityState = { kind: '', name: '', aliases: [], about: '', attributes: {} }

async function change(inside: EntityWrites, owner: string, row: EntityRow, wanted: Wanted): Promise<Upserted> {
  const { expectVersion, replaceAttributes, by } = wanted
  if (expectVersion > 0 && expectVersion !== row.version)
    throw conflict(`"${row.name}" was changed: it is at version ${row.version}, not ${expectVersion}`, {
      expected: expectVersion,
      version: row.version,
    })
  const now = await inside.now()
  const at = timeOf(wanted.at, Math.max(now, row.lastAt), 'at')
  const then =
    at >= row.lastAt ? row : ((await inside.stateAt(owner, row.id, at))?.state ?? { ...EMPTY, kind: row.kind })
  // A name that it was found by is no new name.
  const { name: _, ...unnamed } = wanted.patch
  const given = wanted.id === '' ? unnamed : wanted.patch
  const patch = reducePatch(
    then,
    replaceAttributes ? { ...given, attributes: replacing(then, given.attributes ?? {}) } : given,
  )
  const fields = fieldsOf(patch)
  if (fields.length === 0) return { row, created: false, changed: false }
  const changed = await write(inside, owner, row, { at, writtenAt: now, by, kind: 'changed', patch, fields })
  return { row: changed, created: false, changed: true }
}

/** Writes down a change of what an entity is, in its place in time. */
export async function write(
  inside: EntityWrites,
  owner: string,
  row: EntityRow,
  given: Omit<ChangeRow, 'version' | 'state' | 'relation'> & { readonly patch: Patch },
): Promise<EntityRow> {
  const version = row.version + 1
  const change = { ...given, version }
  const isLatest = change.at >= row.lastAt
  const known = isLatest ? [] : foldChanges([...(await inside.stateChanges(owner, row.id)), change])
  const place = known.findIndex(one => one.change === change)
  const state = isLatest ? applyPatch(row, change.patch) : known[place]?.state
  const last = known.at(-1)?.state ?? state ?? row
  for (const one of [last, ...(isLatest ? [] : known.map(({ state: then }) => then))]) refuseLarge(one)
  await inside.addChange(owner, row.id, { ...change, state })
  if (!isLatest) {
    const others = known.filter(one => one.change !== change)
    for (let from = 0; from < others.length; from += RESTATED)
      await inside.restate(
        owner,
        row.id,
        others.slice(from, from + RESTATED).map(one => ({ version: one.change.version, state: one.state })),
      )
  }
  const { kind, name, aliases, about, attributes } = last
  const next: EntityRow = {
    ...row,
    ...{ kind, name, aliases, about, attributes, version, updatedAt: change.writtenAt },
    ...{ createdAt: Math.min(row.createdAt, change.at), lastAt: Math.max(row.lastAt, change.at) },
  }
  if (foldName(next.name) !== foldName(row.name) || next.kind !== row.kind) await refuseTaken(inside, owner, next)
  await inside.update(owner, next, foldName(next.name))
  if (!isSame([next.name, ...next.aliases], [row.name, ...row.aliases])) await writeNames(inside, owner, next)
  await inside.mark(owner, [row.id])
  return next
}

async function writeNames(inside: EntityWrites, owner: string, row: EntityRow): Promise<void> {
  const folded = [row.name, ...row.aliases].map(foldName)
  await inside.rename(owner, row.id, folded, gramsOf(folded))
}

async function refuseTaken(inside: EntityWrites, owner: string, row: EntityRow): Promise<void> {
  const folded = foldName(row.name)
  const called = await inside.named(owner, folded, row.kind)
  const other = called.find(one => one.id !== row.id && foldName(one.name) === folded)
  if (other)
    throw exists(
      `"${other.id}" of the kind "${row.kind}" has the name "${other.name}" already: merge them if they are one`,
      {
        details: { entityId: other.id },
      },
    )
}

function refuseLarge({ attributes }: EntityState): void {
  const bytes = Buffer.byteLength(JSON.stringify(attributes))
  if (bytes > ATTRIBUTES_BYTES)
    throw invalid([
      { path: 'entity.attributes', message: `all together have ${bytes} bytes: at most ${ATTRIBUTES_BYTES}` },
    ])
}

/** The time that something counts from: as given, or now. Throws INVALID_ARGUMENT where it lies in the future. */
export function timeOf(given: number, now: number, path: string): number {
  if (given > now + AHEAD_MS)
    throw invalid([{ path, message: `${new Date(given).toISOString()} lies in the future: expected a time until now` }])
  return given === 0 ? now : Math.min(given, now)
}

const MOST_RELATIONS = 500
/** Later than any time. */
const EVER = 9_000_000_000_000_000

/** As it is now, with its relations; `mergedFrom`: the id that was asked for, where it is another one. */
export async function get(
  store: EntityReads,
  owner: string,
  { id, asOf }: { id: string; asOf: number },
): Promise<{ entity: DeepPartial<Entity>; mergedFrom: string }> {
  const chain = await store.chain(owner, id)
  const at = asOf === 0 ? EVER : asOf
  const row = chain.find(({ mergedInto, mergedAt }) => mergedInto === undefined || at < mergedAt)
  if (!row) throw missing(id)
  const relations = async () =>
    (await store.relationsAt(owner, row.id, at, MOST_RELATIONS)).map(relation => toRelation(relation, at))
  const mergedFrom = row.id === id ? '' : id
  if (asOf === 0) return { entity: toMessage(row, await relations()), mergedFrom }
  const then = await store.stateAt(owner, row.id, asOf)
  if (!then)
    throw notFound(
      `"${row.name}" was not known at ${new Date(asOf).toISOString()}: it is since ${new Date(row.createdAt).toISOString()}`,
    )
  const { state, version, writtenAt } = then
  return { entity: toMessage({ ...row, ...state, version, updatedAt: writtenAt }, await relations()), mergedFrom }
}

export function missing(id: string) {
  return notFound(`there is no entity "${id}"`)
}

/** Removes it, and all that was merged into it. */
export async function remove(store: EntityStore, owner: string, id: string): Promise<void> {
  await inTurn(store, async inside => {
    const root = (await inside.chain(owner, id)).at(-1)
    if (!root) throw missing(id)
    const [row] = await inside.lock(owner, [root.id])
    if (!row || row.mergedInto !== undefined) return undefined
    await inside.remove(owner, row.id)
    return true
  })
}
