import type { EventRecord } from '../knowledge/records.ts'

/** Events of one day. */
export interface Day {
  /** Its midnight, milliseconds since 1970. */
  readonly at: number
  readonly events: readonly EventRecord[]
}

/** Events by their day, in the order that they come in. */
export function daysOf(events: readonly EventRecord[]): readonly Day[] {
  const days: { at: number; events: EventRecord[] }[] = []
  for (const event of events) {
    const at = dayOf(event.at)
    const last = days.at(-1)
    if (last?.at === at) last.events.push(event)
    else days.push({ at, events: [event] })
  }
  return days
}

function dayOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

/** `Today`, `Yesterday`, `Friday, 20 November 2026`. */
export function dayInWords(at: number, now = Date.now()): string {
  const today = dayOf(now)
  if (at === today) return 'Today'
  if (at === dayOf(today - 1)) return 'Yesterday'
  return new Date(at).toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
}

/** `14:05`. */
export function clockOf(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

/** What is shown, newest first, after the newest page was read anew: what came is there, what is gone is not, older pages stay. */
export function withNewest(
  shown: readonly EventRecord[],
  page: readonly EventRecord[],
  isAll: boolean,
): { readonly events: readonly EventRecord[]; readonly isWhole: boolean } {
  const oldest = page.at(-1)
  if (!oldest || isAll) return { events: page, isWhole: true }
  const inPage = new Set(page.map(({ id }) => id))
  const meets = shown.some(({ id }) => inPage.has(id))
  if (!meets) return { events: page, isWhole: true }
  return { events: [...page, ...shown.filter(({ id, at }) => at <= oldest.at && !inPage.has(id))], isWhole: false }
}

/** The different values of a field, as they come. */
export function valuesOf(events: readonly EventRecord[], field: 'channel' | 'sender' | 'type'): readonly string[] {
  return [...new Set(events.map(one => one[field]))].filter(Boolean)
}
