import { backOffMs } from '#mesh/back-off.ts'

/** The work is no longer this process's: the document was changed, deleted, or taken over. */
export class Lost extends Error {
  constructor() {
    super('the work is no longer this process’s')
  }
}

/** Smaller documents wait: they go first. */
export class Yielded extends Error {
  constructor() {
    super('smaller documents go first')
  }
}

/** It cannot go on now; the message tells people what it waits for. */
export class Later extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
  }
}

/** Why a document cannot be read, or need not be. */
export class Ended extends Error {
  readonly state: 'failed' | 'skipped'
  readonly code: string
  constructor(state: 'failed' | 'skipped', code: string, message: string) {
    super(message)
    this.state = state
    this.code = code
  }
}

/** What may pass by itself. */
const PASSING = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'CANCELLED',
  'INTERNAL',
  'UNKNOWN',
])

export function mayPass(code: string): boolean {
  return PASSING.has(code)
}

/** How long to wait after so many times in a row: from one second to a minute, never all at once. */
export function backoffMs(waits: number): number {
  return backOffMs(waits, { first: 1_000, most: 60_000 })
}
