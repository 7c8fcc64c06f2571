import type { Failure } from '#graph/journal.ts'
import { toJson } from '../json.ts'
import type { RunMode } from './mode.ts'
import type { RunRow } from './store.ts'

export type RunStatus = 'running' | 'paused' | 'waiting' | 'completed' | 'failed' | 'cancelled'

/** A run as answers carry it. */
export interface RunMessage {
  readonly id: string
  readonly spellId: string
  readonly spellRevision: number
  readonly status: RunStatus
  readonly inputs: Uint8Array
  readonly outputs: Uint8Array
  readonly error?: { readonly code: string; readonly message: string; readonly node: string }
  readonly lastSeq: number
  readonly digest: string
  readonly attempt: number
  readonly startedAt: number
  readonly endedAt: number
  readonly forkedFrom: string
  readonly forkedAt: number
}

/** What a stored run looks like to its owner. */
export function toRunMessage(row: RunRow): RunMessage {
  const { fork } = JSON.parse(row.mode) as RunMode
  const error = row.error === null ? undefined : (JSON.parse(row.error) as Failure)
  return {
    id: row.id,
    spellId: row.spell,
    spellRevision: row.revision,
    status: row.status,
    inputs: toJson(row.inputs),
    outputs: toJson(row.outputs),
    ...(error ? { error: { code: error.code, message: error.message, node: error.node ?? '' } } : {}),
    lastSeq: Number(row.last_seq),
    digest: row.digest,
    attempt: row.attempt,
    startedAt: Number(row.started_at),
    endedAt: Number(row.ended_at),
    forkedFrom: fork?.run ?? '',
    forkedAt: fork?.seq ?? 0,
  }
}
