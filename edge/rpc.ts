import { CodedError } from '#mesh/errors.ts'
import type { Code } from '#mesh/errors.ts'
import { NOT_JSON } from './json.ts'
import type { RpcError } from './protocol.ts'

/** JSON-RPC codes: the specification's own, and -32000 for what a method refuses. */
export const RPC = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  refused: -32000,
} as const

const RETRIABLE = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'CANCELLED'])

/** An answer is smaller than what it answers can be. */
const MESSAGE_LIMIT = 1_000
const MOST_PROBLEMS = 20

/** An error of the protocol's own. */
export function rpcError(code: number, reason: string, message: string, retry = false): RpcError {
  return { code, message: cut(message), data: { reason, retry } }
}

/** A coded error as a session shows it. */
export function toRpcError(error: unknown): RpcError {
  if (!(error instanceof CodedError)) return rpcError(RPC.internal, 'INTERNAL', 'internal')
  const { code, message, reason = code } = error
  const problems = error.problems.slice(0, MOST_PROBLEMS).map(one => ({
    ...one,
    path: cut(one.path),
    message: cut(one.message),
  }))
  const [first] = problems
  return {
    code: codeOf(code, reason),
    message: cut(message),
    data: {
      reason: reason === NOT_JSON ? code : reason,
      retry: RETRIABLE.has(code),
      ...(first ? { field: first.path, problems } : {}),
    },
  }
}

function codeOf(code: Code, reason: string): number {
  if (code !== 'INVALID_ARGUMENT') return RPC.refused
  return reason === NOT_JSON ? RPC.parse : RPC.params
}

function cut(text: string): string {
  return text.length <= MESSAGE_LIMIT ? text : `${text.slice(0, MESSAGE_LIMIT)}…`
}

/** The frame of an answer. */
export function answerText(id: string | number | null, answer: { result: unknown } | { error: RpcError }): string {
  return JSON.stringify({ jsonrpc: '2.0', id, ...answer })
}

/** The frame of a notification whose parameters are JSON already. */
export function notificationText(method: string, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`
}
