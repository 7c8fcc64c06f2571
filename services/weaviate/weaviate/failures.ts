/** What its client throws: of REST a status, or what `fetch` says; of gRPC a text that has the name of the status. */
const AWAY =
  /UNAVAILABLE|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|ABORTED|CANCELLED|timed out|fetch failed|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|socket hang up|[Cc]hannel has been/
/** What it says of requests and of single objects, and what passes. */
const PASSING = new RegExp(
  [
    // A full disk, too little memory, a backup that is made.
    'read-?only|no space left|not enough (memory|disk)|memory pressure|protected for backup',
    // A shard or the server that begins or ends; a tenant that sleeps.
    '(shutting|shut) ?down|not ready|store not open|tenant (is )?not active|no usable entrypoint|flagged for cleanup',
    // A cluster without a leader, or with nodes away.
    'leader not found|no leader|not the leader|leadership|enough replicas|consistency level|no (read|write) replica found',
    'deadline exceeded|context canceled',
  ].join('|'),
  'i',
)
/** A message that is too large, which has the same status as too little memory, does not pass. */
const TOO_LARGE = /message larger than max|with a size larger than/i
const GONE = new RegExp(
  [
    '\\b(class|collection|tenant|prop\\w*)\\b.*\\b(not found|not present in|does not exist|doesn.t exist)',
    "(could not|cannot|can't) find (index for )?(class|collection|tenant)",
    'no such (class|collection|prop)|non-existing index',
  ].join('|'),
  'i',
)
/** Over gRPC a key that is not known has no status of its own: only its words tell. */
const KEY = /\b(UNAUTHENTICATED|PERMISSION_DENIED)\b|\bextract auth: /

/** Whether it may be otherwise later. */
export function isAway(error: unknown): boolean {
  const status = statusOf(error)
  if (status === 429 || (status !== undefined && status >= 500)) return true
  // Its client's own limit of time.
  if (error instanceof Error && error.name === 'AbortError') return true
  const message = messageOf(error)
  if (TOO_LARGE.test(message)) return false
  return AWAY.test(message) || PASSING.test(message)
}

export function isKeyRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return /^Weaviate(Unauthenticated|InsufficientPermissions)Error$/.test(error.name) || KEY.test(error.message)
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
