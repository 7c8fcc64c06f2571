import { cancelled } from './errors.ts'
import type { CodedError } from './errors.ts'
import type { Identity } from './identity.ts'
import type { Call } from './service.ts'

/** A call on the serving side, whatever brought it. Its signal is made when first asked for: most unary handlers never do. */
export class ServedCall implements Call {
  readonly caller: Identity
  readonly metadata: ReadonlyMap<string, string>
  #controller: AbortController | undefined
  #reason: CodedError | undefined

  constructor(caller: Identity, metadata: ReadonlyMap<string, string>) {
    this.caller = caller
    this.metadata = metadata
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Why it was aborted; undefined while it was not. */
  get reason(): CodedError | undefined {
    return this.#reason
  }

  abort(reason: CodedError = cancelled()): void {
    if (this.#reason) return
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}

/** Metadata as handlers see it: lower-case names. */
export function toMetadata(metadata: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, string> {
  if (!metadata) return NO_METADATA
  return new Map(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]))
}

const NO_METADATA: ReadonlyMap<string, string> = new Map()
