import { isCoded } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import { toJson } from '../json.ts'

/** An error as sessions are told of it. */
export function toFailed(error: unknown, log: Log): { code: string; message: string; problems: Uint8Array } {
  if (isCoded(error)) return { code: error.code, message: error.message, problems: toJson(error.problems) }
  log.error({ error }, 'a command of a session failed')
  return { code: 'INTERNAL', message: 'internal', problems: toJson([]) }
}
