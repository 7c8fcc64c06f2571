import { CodedError } from '#mesh/errors.ts'
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

/** An error of the protocol's own. */
export function rpcError(code: number, reason: string, message: string, retry = false): RpcError {
  return { code, message, data: { reason, retry } }
}

/** A coded error as a session shows it. */
export function toRpcError(error: unknown): RpcError {
  if (!(error instanceof CodedError)) return rpcError(RPC.internal, 'INTERNAL', 'internal')
  const { code, message, problems } = error
  const [first] = problems
  return {
    code: code === 'INVALID_ARGUMENT' ? RPC.params : RPC.refused,
    message,
    data: {
      reason: error.reason ?? code,
      retry: RETRIABLE.has(code),
      ...(first ? { field: first.path, problems } : {}),
    },
  }
}

/** The frame of an answer. */
export function answerText(id: string | number | null, answer: { result: unknown } | { error: RpcError }): string {
  return JSON.stringify({ jsonrpc: '2.0', id, ...answer })
}

/** The frame of a notification whose parameters are JSON already. */
export function notificationText(method: string, params: string): string {
  return `{"jsonrpc":"2.0","method":"${method}","params":${params}}`
}
