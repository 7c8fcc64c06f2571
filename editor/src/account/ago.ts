const UNITS = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const
const WORDS = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** How long ago a moment was, in words. */
export function agoInWords(at: number, now = Date.now()): string {
  const ms = Math.max(0, now - at)
  for (const [unit, length] of UNITS) if (ms >= length) return WORDS.format(-Math.floor(ms / length), unit)
  return 'just now'
}
