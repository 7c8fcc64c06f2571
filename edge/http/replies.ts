import { CodedError, toHttpStatus } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import { wholeReply } from '../whole.ts'

/** An error as every door of the edge shows it. */
export function errorText(error: CodedError): string {
  const { code, message, problems, details, reason } = error
  return JSON.stringify({
    error: { code, message, problems, ...(reason ? { reason } : {}), ...(details ? { details } : {}) },
  })
}

/** The reply to a failed request. What is not coded is our bug: the log has its cause. */
export function errorReply(error: unknown, log: Log): Response {
  if (error instanceof CodedError)
    return jsonReply(errorText(error), toHttpStatus(error.code) === 499 ? 503 : toHttpStatus(error.code))
  log.error({ error }, 'a request failed')
  return jsonReply(errorText(new CodedError('INTERNAL', 'internal')), 500)
}

/** A reply that is JSON already. */
export function jsonReply(text: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return wholeReply(text, {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
  })
}
