import type { RestClient } from '#client/types.ts'
import type { ChunkRecord } from '../knowledge/records.ts'
import { listChunks } from '../knowledge/rest.ts'

/** The pieces before and after one; undefined: there is none. */
export interface Neighbours {
  readonly before: ChunkRecord | undefined
  readonly after: ChunkRecord | undefined
}

/** Finds what stands around a piece: a list may begin at any position. */
export async function readAround(rest: RestClient, { documentId, position }: ChunkRecord): Promise<Neighbours> {
  const { chunks } = await listChunks(rest, documentId, { limit: 3, pageToken: String(Math.max(0, position - 1)) })
  const at = (wanted: number) => chunks.find(one => one.position === wanted)
  return { before: at(position - 1), after: at(position + 1) }
}
