import { defineNode } from '#graph/define.ts'
import { clockOf, problemsOfZone, toTime, zoneOf } from '../language/time.ts'
import type { Clock } from '../language/time.ts'

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

export default defineNode({
  title: 'Format time',
  about:
    'Writes a time as clocks in a time zone show it. Patterns are made of `YYYY` `MM` `DD` `HH` `mm` `ss` `SSS`, shorter `M` `D` `H` `m` `s`, `hh` `h` `A` for twelve hours, `MMMM` `MMM` `dddd` `ddd` for English names, `Z` for the offset; `[…]` stands as it is. The same on every platform.',
  icon: 'calendar-clock',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      pattern: { type: 'string', title: 'Pattern', maxLength: 1000, default: 'YYYY-MM-DD HH:mm' },
      zone: { type: 'string', title: 'Time zone', default: 'UTC', description: 'E.g. Europe/Berlin' },
    },
  },
  inputs: {
    time: {
      type: 'any',
      required: true,
      about: 'Milliseconds since 1970, or ISO 8601; without an offset in the time zone',
    },
  },
  outputs: {
    text: { type: 'string' },
    iso: { type: 'string', about: 'ISO 8601 with the offset of the time zone' },
    parts: {
      type: 'object',
      about: 'Year, month, day, hour, minute, second, ms, weekday (0 is Sunday), offset in minutes',
    },
  },
  check: problemsOfZone,
  run({ time }, { config }) {
    const zone = zoneOf(config)
    const clock = clockOf(toTime(time, zone), zone)
    return { outputs: { text: write(clock, config.pattern), iso: write(clock, ISO), parts: { ...clock } } }
  },
})

const ISO = 'YYYY-MM-DDTHH:mm:ss.SSSZ'

const two = (value: number) => String(value).padStart(2, '0')

const WRITERS: Readonly<Record<string, (clock: Clock) => string>> = {
  YYYY: ({ year }) => String(year).padStart(4, '0'),
  MMMM: ({ month }) => MONTHS[month - 1] ?? '',
  MMM: ({ month }) => MONTHS[month - 1]?.slice(0, 3) ?? '',
  MM: ({ month }) => two(month),
  M: ({ month }) => String(month),
  DD: ({ day }) => two(day),
  D: ({ day }) => String(day),
  dddd: ({ weekday }) => DAYS[weekday] ?? '',
  ddd: ({ weekday }) => DAYS[weekday]?.slice(0, 3) ?? '',
  HH: ({ hour }) => two(hour),
  H: ({ hour }) => String(hour),
  hh: ({ hour }) => two(hour % 12 || 12),
  h: ({ hour }) => String(hour % 12 || 12),
  A: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  mm: ({ minute }) => two(minute),
  m: ({ minute }) => String(minute),
  ss: ({ second }) => two(second),
  s: ({ second }) => String(second),
  SSS: ({ ms }) => String(ms).padStart(3, '0'),
  Z: ({ offset }) => {
    const minutes = Math.round(Math.abs(offset))
    return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
  },
}
const PIECES = new RegExp(String.raw`\[([^\]]*)\]|${Object.keys(WRITERS).join('|')}`, 'g')

function write(clock: Clock, pattern: string): string {
  return pattern.replace(PIECES, (piece, literal?: string) => literal ?? WRITERS[piece]?.(clock) ?? piece)
}
