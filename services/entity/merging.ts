import { invalid, precondition } from '#mesh/errors.ts'
import { MOST_ALIASES } from './checks.ts'
import { inTurn, missing, write } from './entities.ts'
import { foldName } from './names.ts'
import { applyPatch, fieldsOf, reducePatch } from './state.ts'
import type { EntityRow, EntityStore, EntityWrites } from './store.ts'

/** Makes one of two; resolves with it. */
export async function merge(
  store: EntityStore,
  owner: string,
  given: { into: string; from: string; by: string },
): Promise<EntityRow> {
  if (given.into === given.from)
    throw invalid([{ path: 'entityId', message: `"${given.from}" is the same as "intoId": expected another one` }])
  return inTurn(store, async inside => {
    const into = (await inside.chain(owner, given.into)).at(-1)
    const from = (await inside.chain(owner, given.from)).at(-1)
    if (!into) throw missing(given.into)
    if (!from) throw missing(given.from)
    // They are one already.
    if (into.id === from.id) return into
    const locked = await inside.lock(owner, [into.id, from.id])
    const [keeping, going] = [into, from].map(({ id }) => locked.find(row => row.id === id))
    if (!keeping || !going || [keeping, going].some(({ mergedInto }) => mergedInto !== undefined)) return undefined
    return join(inside, owner, { keeping, going, by: given.by })
  })
}

async function join(
  inside: EntityWrites,
  owner: string,
  { keeping, going, by }: { keeping: EntityRow; going: EntityRow; by: string },
): Promise<EntityRow> {
  if (keeping.kind !== going.kind)
    throw invalid([
      {
        path: 'entityId',
        message: `"${going.name}" is of the kind "${going.kind}": expected "${keeping.kind}", as "${keeping.name}" is`,
      },
    ])
  const now = await inside.now()
  const at = Math.max(now, keeping.lastAt, going.lastAt)
  const patch = reducePatch(keeping, {
    aliases: [...keeping.aliases, going.name, ...going.aliases],
    about: keeping.about || going.about,
    attributes: { ...going.attributes, ...keeping.attributes },
  })
  const names = applyPatch(keeping, patch).aliases.length
  if (names > MOST_ALIASES)
    throw precondition(`together they have ${names} other names: at most ${MOST_ALIASES}; take some away first`)
  await inside.repoint(owner, { from: going.id, into: keeping.id, at })
  await leave(inside, owner, { keeping, going, by, at, now, after: applyPatch(keeping, patch) })
  return write(inside, owner, keeping, { at, writtenAt: now, by, kind: 'merged', patch, fields: fieldsOf(patch) })
}

interface Leaving {
  readonly keeping: EntityRow
  readonly going: EntityRow
  readonly by: string
  readonly at: number
  readonly now: number
  readonly after: ReturnType<typeof applyPatch>
}

/** It answers as the other one from now on, and gives its names free. */
async function leave(inside: EntityWrites, owner: string, leaving: Leaving): Promise<void> {
  const { keeping, going, by, at, now, after: state } = leaving
  const version = going.version + 1
  await inside.addChange(owner, going.id, { version, at, writtenAt: now, by, kind: 'merged', state, fields: [] })
  const next = { ...going, version, updatedAt: now, lastAt: at, mergedInto: keeping.id, mergedAt: at }
  await inside.update(owner, next, foldName(going.name))
  await inside.rename(owner, going.id, [], [])
  await inside.mark(owner, [going.id])
}
