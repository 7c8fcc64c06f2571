import type { Timeline } from '#graph/timeline.ts'

/** The entry after a position that holds a text, round the end; and how many there are. Case does not matter. */
export function findEntries(
  { entries }: Timeline,
  text: string,
  position: number,
): { readonly next: number | undefined; readonly count: number } {
  const wanted = text.toLowerCase()
  let count = 0
  let first: number | undefined
  let after: number | undefined
  for (const { seq, at: _, ...rest } of entries) {
    if (!holds(rest, wanted)) continue
    count++
    first ??= seq
    if (seq > position) after ??= seq
  }
  return { next: after ?? first, count }
}

/** What people see of an entry: its node and values, not its ids. */
const UNSEEN = new Set(['activation', 'scope', 'opened', 'digest', 'lastSeq', 'seed', 'index'])

function holds(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(wanted)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value) === wanted
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(one => holds(one, wanted))
  return Object.entries(value).some(([name, one]) => !UNSEEN.has(name) && holds(one, wanted))
}
