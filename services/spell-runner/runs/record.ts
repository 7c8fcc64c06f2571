import { externalizeValues } from '#graph/blob.ts'
import type { Failure } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { toJson } from '../json.ts'
import { hashOfBlob } from './blobs.ts'
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

/** Bytes of inputs and outputs that an answer has room for, of 4 MB; and one of many in a list. */
const ROOM = 3 * 1024 * 1024
const ROOM_IN_LIST = 8 * 1024

/** What a stored run looks like to its owner. Where its values take much, references stand for the large ones (graph/blob.ts). */
export function toRunMessage(row: RunRow): RunMessage {
  const isLarge = bytesOf(row) > ROOM
  return isLarge ? toMessage({ ...row, inputs: referred(row.inputs), outputs: referred(row.outputs) }) : toMessage(row)
}

/** The same in a list: where its values take much, they are left out. */
export function toListedRun(row: RunRow): RunMessage {
  const isLarge = bytesOf(row) > ROOM_IN_LIST
  return toMessage(isLarge ? { ...row, inputs: '{}', outputs: '{}' } : row)
}

function bytesOf({ inputs, outputs }: RunRow): number {
  return Buffer.byteLength(inputs) + Buffer.byteLength(outputs)
}

function referred(values: string): string {
  return JSON.stringify(externalizeValues(JSON.parse(values) as JsonObject, hashOfBlob))
}

function toMessage(row: RunRow): RunMessage {
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
