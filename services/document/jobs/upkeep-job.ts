import type { Looked, ObjectKey } from '../ingest/store.ts'
import { turn } from '../ingest/turn.ts'
import { writeObjects } from '../ingest/write.ts'
import type { DocumentRow } from '../store.ts'
import { Lost } from './outcome.ts'
import type { JobOptions } from './read-job.ts'
import type { Claim } from './store.ts'

const AT_ONCE = 1_000

/** Brings the vector store and the tables to what people see of a document: what changed is written again, what is gone goes everywhere. */
export async function runUpkeep(row: DocumentRow, claim: Claim, options: JobOptions, signal: AbortSignal) {
  const { jobs, ingest, vectors, blobs } = options
  const isDeleted = row.state === 'deleted'
  // Of no reading there are pieces of a document that was deleted.
  const reading = isDeleted ? -1 : row.shown
  await removeDead(row, claim, reading, options, signal)
  while ((await ingest.dropChunks(claim, reading)) > 0) {
    signal.throwIfAborted()
    await turn()
  }
  if (isDeleted) {
    if (row.blob !== '') await blobs.remove(row.blob)
    return jobs.drop(claim)
  }
  await writeObjects(row, claim, {
    vectors,
    store: ingest,
    of: row,
    reading,
    chunks: row.chunks,
    signal,
    progress: () => Promise.resolve(),
  })
  await jobs.settled(claim, row)
}

async function removeDead(row: DocumentRow, claim: Claim, reading: number, options: JobOptions, signal: AbortSignal) {
  const { dead, isAll } = await options.ingest.dead(claim, reading, row.model, EVERYTHING)
  if (isAll) return remove(row, claim, dead, options, signal)
  for (const range of RANGES)
    for (let looked: Looked = { dead: [], isAll: false }; !looked.isAll; await turn()) {
      looked = await options.ingest.dead(claim, reading, row.model, range)
      await remove(row, claim, looked.dead, options, signal)
      // More than can be looked at, and none of it dead: the next time these would be the same.
      if (looked.dead.length === 0) break
    }
}

/** Ids of pieces begin with `c_`, and go on evenly. */
const EVERYTHING = { from: 'c_', to: 'c`' }
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const RANGES = Array.from(DIGITS, (digit, index) => ({ from: `c_${digit}`, to: `c_${DIGITS[index + 1] ?? '~'}` }))

async function remove(
  row: DocumentRow,
  claim: Claim,
  dead: readonly ObjectKey[],
  { ingest, vectors }: JobOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let from = 0; from < dead.length; from += AT_ONCE) {
    const some = dead.slice(from, from + AT_ONCE)
    // Noted first: should one of these pieces come back while this is cut short, it is written again.
    if (!(await ingest.written(claim, some, 0))) throw new Lost()
    await vectors.remove(row.owner, some, signal)
    if (!(await ingest.removeObjects(claim, some))) throw new Lost()
    signal.throwIfAborted()
    await turn()
  }
}
