/** What its client throws: of REST a status, or what `fetch` says; of gRPC a text that has the name of the status. */
const AWAY =
  /UNAVAILABLE|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|ABORTED|CANCELLED|timed out|fetch failed|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|socket hang up|[Cc]hannel has been/
/** What it says of requests and of single objects, and what passes: a full disk, too little memory, a shard that is loading, a cluster that has no leader. */
const PASSING =
  /read-?only|not enough (memory|disk)|memory pressure|leader not found|no leader|context (deadline exceeded|canceled)|(shutting|shut) ?down|tenant (is )?not active|not ready/i
const GONE =
  /\b(class|collection|tenant|prop\w*)\b.*\bnot found|(could not|cannot|can't) find (class|collection|tenant)|no such (class|collection|prop)/i

/** Whether it may be otherwise later. */
export function isAway(error: unknown): boolean {
  const status = statusOf(error)
  if (status === 429 || (status !== undefined && status >= 500)) return true
  // Its client's own limit of time.
  if (error instanceof Error && error.name === 'AbortError') return true
  const message = messageOf(error)
  return AWAY.test(message) || PASSING.test(message)
}

export function isKeyRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    /^Weaviate(Unauthenticated|InsufficientPermissions)Error$/.test(error.name) ||
    /\b(UNAUTHENTICATED|PERMISSION_DENIED)\b/.test(error.message)
  )
}

/** Somebody removed a class, a tenant or a property behind our back. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && isOfWeaviate(error) && GONE.test(error.message)
}

/** Whether it was Weaviate that said so, or its client; otherwise it is a fault of ours. */
export function isOfWeaviate(error: Error): boolean {
  return error.name.startsWith('Weaviate')
}

/** What was said of one object. */
export class WeaviateObjectError extends Error {
  override readonly name = 'WeaviateObjectError'
}

/** The HTTP status that REST answered with. */
export function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number'
    ? error.code
    : undefined
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
