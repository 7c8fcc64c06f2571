import { newId } from '#mesh/ids.ts'
import type { Call } from '#mesh/service.ts'

/** Whether this can be an id at all: another text is no row's, and the database may not even take it. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}

/** The id that the edge has chosen for a new run, so that it can ask for it again; and whether it does. Metadata: `run-id`, `again`. */
export function readRunId({ metadata }: Pick<Call, 'metadata'>): { id: string; again: boolean } {
  const given = metadata.get('run-id')
  return given !== undefined && isRunId(given)
    ? { id: given, again: metadata.get('again') === '1' }
    : { id: newId('r'), again: false }
}

/** Whether this can be the id of a new run: as {@link newId} makes them. */
export function isRunId(text: string): boolean {
  return /^r_[A-Za-z0-9_-]{22}$/.test(text)
}

/** The session that a stream serves, as the edge calls it: the same again at another runner. Metadata: `session`. */
export function sessionOf({ metadata }: Pick<Call, 'metadata'>): string {
  const given = metadata.get('session') ?? ''
  return isId(given) ? given : newId('r')
}
