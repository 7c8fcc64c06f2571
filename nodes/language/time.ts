// Times as numbers and texts, the same wherever a spell runs: only the rules of time zones come from the platform (Intl), no language does.
import { NodeFailure } from '#graph/define.ts'

/** From the year 1000 to the end of the year 9999: what four digits tell. */
const LEAST = -30_610_224_000_000
const MOST = 253_402_300_799_999

/** A time on the clocks of a zone. */
export interface Clock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly ms: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** Minutes ahead of UTC; with a fraction where a zone had seconds, before the twentieth century. */
  readonly offset: number
}

/** ISO 8601 in UTC. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

/** A time zone. */
export interface Zone {
  /** Milliseconds that its clocks are ahead of UTC at a time. */
  offsetAt(ms: number): number
}

const UTC: Zone = { offsetAt: () => 0 }
const zones = new WeakMap<object, Zone>()

/** The time zone of a config, made once for as long as that config lives. Throws where there is none of that name. */
export function zoneOf(config: { readonly zone: string }): Zone {
  const known = zones.get(config) ?? createZone(config.zone)
  zones.set(config, known)
  return known
}

/** What is wrong with a time zone of a config. */
export function problemsOfZone(config: { readonly zone: string }): { path: string; message: string }[] {
  try {
    zoneOf(config)
    return []
  } catch {
    return [{ path: 'zone', message: `"${config.zone}" is no time zone such as UTC or Europe/Berlin` }]
  }
}

/** What clocks in a zone show at a time. */
export function clockOf(ms: number, zone: Zone): Clock {
  const offsetMs = zone.offsetAt(ms)
  const local = new Date(ms + offsetMs)
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    ms: local.getUTCMilliseconds(),
    weekday: local.getUTCDay(),
    offset: offsetMs / 60_000,
  }
}

/**
 * A time from a text: ISO 8601 (`2026-11-21`, `2026-11-21T09:25`, `2026-11-21 09:25:00.5+01:00`) or milliseconds since 1970 of at least
 * five digits. Without an offset it is
 * what clocks in the zone show: the first time where they show it twice, and as much later as they were put on where they never show it. Undefined: it is none.
 */
export function parseTime(text: string, zone: Zone): number | undefined {
  const bare = text.trim()
  if (/^-?\d{5,15}$/.test(bare)) return within(Number(bare))
  const found =
    /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/.exec(
      bare,
    )
  if (!found) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map(one => Number(one ?? '0'))
  const ms = Number((found[7] ?? '').padEnd(3, '0').slice(0, 3))
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const local = utcOf(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000 + ms
  const offset = found[8] === undefined ? undefined : offsetOf(found[8])
  if (offset !== undefined && Math.abs(offset) > 18 * 60) return undefined
  return within(offset === undefined ? fromLocal(local, zone) : local - offset * 60_000)
}

/** A time from what a wire carries: milliseconds or a text. Throws `NOT_A_TIME`. */
export function toTime(value: unknown, zone: Zone): number {
  const ms =
    typeof value === 'number'
      ? within(Math.floor(value))
      : typeof value === 'string'
        ? parseTime(value, zone)
        : undefined
  if (ms !== undefined) return ms
  throw new NodeFailure(
    'NOT_A_TIME',
    `${JSON.stringify(value).slice(0, 80)} is not a time of the years 1000 to 9999, as ISO 8601 or in milliseconds since 1970`,
    { retry: false },
  )
}

function within(ms: number): number | undefined {
  return ms >= LEAST && ms <= MOST ? ms : undefined
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** `Date.UTC` takes the years 0 to 99 for 1900 to 1999. */
function utcOf(year: number, month: number, day: number): number {
  const date = new Date(0)
  return date.setUTCFullYear(year, month - 1, day)
}

/** `Z`, `+01`, `+0100`, `+01:00` in minutes. */
function offsetOf(text: string): number {
  if (text.toUpperCase() === 'Z') return 0
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(3).replace(':', '') || '0')
  return text.startsWith('-') ? -minutes : minutes
}

/** The same rule as Temporal's `compatible`. */
function fromLocal(local: number, zone: Zone): number {
  const day = 86_400_000
  const [before, after] = [zone.offsetAt(local - day), zone.offsetAt(local + day)]
  if (zone.offsetAt(local - before) === before) return local - before
  if (zone.offsetAt(local - after) === after) return local - after
  return local - before
}

/** Of Intl only the figures are used: they are the same in every version of it. */
function createZone(name: string): Zone {
  if (name.toUpperCase() === 'UTC') return UTC
  // An offset such as +01:00 is a zone to some platforms only.
  if (!/^[A-Za-z]/.test(name)) throw new RangeError(`no zone "${name}"`)
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return {
    offsetAt(ms) {
      const seconds = Math.floor(ms / 1000)
      const parts = new Map(formatter.formatToParts(seconds * 1000).map(one => [one.type, Number(one.value)]))
      const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
      const minutes = of('hour') * 60 + of('minute')
      return utcOf(of('year'), of('month'), of('day')) + (minutes * 60 + of('second') - seconds) * 1000
    },
  }
}
