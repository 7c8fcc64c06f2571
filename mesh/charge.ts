import type { Origin, SpendLimit } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Identity } from './identity.ts'

/** What a model's work is charged to, and what may be spent on it: of the run that asks. */
export interface Charge {
  readonly origin?: Origin
  readonly limits?: SpendLimit[]
}

/** Who says what a call is charged to: the spell-runner, and services that pass on what it said to them. */
const SAYING: ReadonlySet<string> = new Set(['spell-runner', 'search', 'event', 'entity'])

/** Whether a caller is believed about what its call is charged to. */
export const saysCharge = ({ service }: Identity): boolean => SAYING.has(service)

/** What a service passes on to completion, of a request that it was sent. Empty, unless the spell-runner sent it. */
export function chargeOf(
  { origin, limits }: { readonly origin?: Origin | undefined; readonly limits?: SpendLimit[] },
  caller: Identity,
): Charge {
  if (caller.service !== 'spell-runner') return {}
  return { ...(origin ? { origin } : {}), ...(limits && limits.length > 0 ? { limits } : {}) }
}
