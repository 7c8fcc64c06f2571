// What NATS may do to messages, and seldom does: bring them twice, late, in another order, or not at all.
import type { Filter } from './link.ts'
import type { Random } from './random.ts'

/** How often, of all messages: 0 to 1. */
export interface Mischief {
  readonly twice: number
  readonly late: number
  readonly never: number
}
export const NO_MISCHIEF: Mischief = { twice: 0, late: 0, never: 0 }

const MOST_LATE = 5
const HEAD = /^(H?MSG) [^\r\n]*? (\d+)$/

/** Reads NATS's protocol from the server and plays tricks on its messages. Everything else goes through as it came. */
export function natsFilter(random: Random, mischief: () => Mischief, onTrick: () => void): Filter {
  let rest = Buffer.alloc(0)
  let late: { readonly message: Buffer; after: number }[] = []
  const trick = (message: Buffer): Buffer[] => {
    const { twice, late: delayed, never } = mischief()
    const drawn = random.next()
    const out: Buffer[] = []
    if (drawn < twice) out.push(message, message)
    else if (drawn < twice + delayed) late.push({ message, after: 1 + random.below(MOST_LATE) })
    else if (drawn >= twice + delayed + never) out.push(message)
    if (drawn < twice + delayed + never) onTrick()
    for (const one of late) one.after--
    out.push(...late.filter(({ after }) => after < 0).map(one => one.message))
    late = late.filter(({ after }) => after >= 0)
    return out
  }
  return chunk => {
    rest = Buffer.concat([rest, chunk])
    const out: Buffer[] = []
    for (;;) {
      const end = rest.indexOf('\r\n')
      if (end < 0) break
      const bytes = HEAD.exec(rest.toString('latin1', 0, end))?.[2]
      const length = end + 2 + (bytes === undefined ? 0 : Number(bytes) + 2)
      if (rest.length < length) break
      // Kept beyond this call: a copy.
      const piece = Buffer.from(rest.subarray(0, length))
      rest = rest.subarray(length)
      out.push(...(bytes === undefined ? [piece] : trick(piece)))
    }
    return Buffer.concat(out)
  }
}
