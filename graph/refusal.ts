import type { Problem } from './document.ts'

/** A run cannot do what it was asked; nothing has changed. */
export class RunRefusal extends Error {
  /** `NOT_WAITING`, `NOT_LISTENING`: nothing there to answer or to send to. `INVALID`: what came does not fit. `BUSY`: try again. */
  readonly code: 'NOT_WAITING' | 'NOT_LISTENING' | 'INVALID' | 'BUSY'
  readonly problems: readonly Problem[]
  constructor(code: RunRefusal['code'], problems: readonly Problem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('; '))
    this.code = code
    this.problems = problems
  }
}
