const STATUS = {
  CANCELLED: { number: 1, http: 499 },
  UNKNOWN: { number: 2, http: 500 },
  INVALID_ARGUMENT: { number: 3, http: 400 },
  DEADLINE_EXCEEDED: { number: 4, http: 504 },
  NOT_FOUND: { number: 5, http: 404 },
  ALREADY_EXISTS: { number: 6, http: 409 },
  PERMISSION_DENIED: { number: 7, http: 403 },
  RESOURCE_EXHAUSTED: { number: 8, http: 429 },
  FAILED_PRECONDITION: { number: 9, http: 400 },
  ABORTED: { number: 10, http: 409 },
  OUT_OF_RANGE: { number: 11, http: 400 },
  UNIMPLEMENTED: { number: 12, http: 501 },
  INTERNAL: { number: 13, http: 500 },
  UNAVAILABLE: { number: 14, http: 503 },
  DATA_LOSS: { number: 15, http: 500 },
  UNAUTHENTICATED: { number: 16, http: 401 },
} as const

/** The name of a gRPC status other than OK. */
export type Code = keyof typeof STATUS

/** One thing that is wrong with a request. */
export interface Problem {
  /** Where, e.g. `nodes.say.config.template` or `wires[2]`; empty: the whole. */
  readonly path: string
  /** What is wrong and what was expected; lower case, no full stop. */
  readonly message: string
  /** The node concerned, where there is one. */
  readonly node?: string
}

/** For programs; it crosses borders as JSON. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** What a coded error carries beside its code and message. */
export interface ErrorParts {
  /** Everything that is wrong with the request, by path. */
  readonly problems?: readonly Problem[]
  /** For programs: e.g. both versions of a conflict. */
  readonly details?: ErrorDetails
  /** A word for programs that tells errors of one code apart. */
  readonly reason?: string
  /** For the log only; never crosses a border. */
  readonly cause?: unknown
}

/** The one error that crosses a border. It arrives as an equal error whatever the transport; its cause stays behind. */
export class CodedError extends Error {
  override readonly name = 'CodedError'
  readonly code: Code
  readonly problems: readonly Problem[]
  readonly details?: ErrorDetails
  readonly reason?: string

  constructor(code: Code, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause })
    this.code = code
    this.problems = parts.problems ?? []
    if (parts.details) this.details = parts.details
    if (parts.reason) this.reason = parts.reason
  }
}

/** Bad input: every problem with its path, or one message for the whole. */
export function invalid(problems: readonly Problem[] | string): CodedError {
  if (typeof problems === 'string') return new CodedError('INVALID_ARGUMENT', problems)
  const message = problems
    .map(problem => (problem.path ? `${problem.path}: ${problem.message}` : problem.message))
    .join('; ')
  return new CodedError('INVALID_ARGUMENT', message, { problems })
}
/** It is not there, or not the caller's. */
export const notFound = (message: string, parts?: ErrorParts) => new CodedError('NOT_FOUND', message, parts)
/** The caller is known and may not. */
export const denied = (message: string, parts?: ErrorParts) => new CodedError('PERMISSION_DENIED', message, parts)
/** The caller has not proved who it is. */
export const unauthenticated = (message: string, parts?: ErrorParts) =>
  new CodedError('UNAUTHENTICATED', message, parts)
/** Somebody else was first (ABORTED); `details` holds both versions. */
export const conflict = (message: string, details?: ErrorDetails) =>
  new CodedError('ABORTED', message, details ? { details } : {})
/** It is there already. */
export const exists = (message: string, parts?: ErrorParts) => new CodedError('ALREADY_EXISTS', message, parts)
/** A limit is reached. */
export const exhausted = (message: string, parts?: ErrorParts) => new CodedError('RESOURCE_EXHAUSTED', message, parts)
/** What answers it is not reachable now; trying again may help. */
export const unavailable = (message: string, parts?: ErrorParts) => new CodedError('UNAVAILABLE', message, parts)
/** It took too long. */
export const deadline = (message = 'the deadline has passed', parts?: ErrorParts) =>
  new CodedError('DEADLINE_EXCEEDED', message, parts)
/** The caller gave up. */
export const cancelled = (message = 'the call was cancelled', parts?: ErrorParts) =>
  new CodedError('CANCELLED', message, parts)
/** Something must happen first. */
export const precondition = (message: string, parts?: ErrorParts) =>
  new CodedError('FAILED_PRECONDITION', message, parts)
/** Our own bug: the caller learns nothing more. */
export const internal = (message = 'internal', parts?: ErrorParts) => new CodedError('INTERNAL', message, parts)

/** Tells whether a caught value is a coded error, of this code where one is given. */
export function isCoded(error: unknown, code?: Code): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code)
}

/** The number that gRPC sends for a code. */
export function toStatusNumber(code: Code): number {
  return STATUS[code].number
}

/** The code of a gRPC status number; UNKNOWN for one that is not listed. */
export function toCode(number: number): Code {
  return CODES.find(code => STATUS[code].number === number) ?? 'UNKNOWN'
}

/** The HTTP status of a code, as google.rpc.Code lists them. */
export function toHttpStatus(code: Code): number {
  return STATUS[code].http
}

const CODES = Object.keys(STATUS) as Code[]
