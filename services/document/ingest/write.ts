import { Lost } from '../jobs/outcome.ts'
import type { Claim } from '../jobs/store.ts'
import type { DocumentRow } from '../store.ts'
import { WINDOW } from './store.ts'
import type { IngestStore, ObjectRow } from './store.ts'
import { turn } from './turn.ts'
import type { OfPieces, VectorStore } from './vector-store.ts'

export interface WriteOptions {
  readonly vectors: VectorStore
  readonly store: IngestStore
  readonly of: OfPieces
  /** Whose pieces. */
  readonly reading: number
  readonly chunks: number
  readonly signal: AbortSignal
  progress(fraction: number): Promise<void>
}

const AT_ONCE = 512
/** With room for what is around them in a message. */
const MOST_BYTES = 2_000_000

/** Writes to the vector store what it has not as it is now. Tells how many pieces it refused for good, and why. */
export async function writeObjects(row: DocumentRow, claim: Claim, options: WriteOptions) {
  const { vectors, store, of, reading, signal } = options
  const version = row.object_version
  let [count, why] = [0, '']
  for (let from = 0; from < options.chunks; await turn()) {
    const objects = fitting(await store.unwritten(claim, reading, version, from, AT_ONCE))
    const last = objects.at(-1)
    if (!last) {
      from += WINDOW
      continue
    }
    const refused = await vectors.write(row, of, objects, signal)
    count += refused.length
    why ||= refused[0]?.message ?? ''
    // What is refused would be refused again.
    if (!(await store.written(claim, objects, version))) throw new Lost()
    // A piece may have objects of two models: the other one may have had no room in this batch.
    from = last.position
    await options.progress(from / options.chunks)
  }
  return { count, why }
}

function fitting(objects: readonly ObjectRow[]): readonly ObjectRow[] {
  let room = MOST_BYTES
  return objects.filter(({ text, headings, vector }, index) => {
    room -= 2 * (text.length + headings.join('\n').length) + (vector?.byteLength ?? 0) + 500
    return index === 0 || room >= 0
  })
}
