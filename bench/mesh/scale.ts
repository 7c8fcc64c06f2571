/** Counts and times of the suites are multiplied by `BENCH_SCALE` (absent: 1), for a look while writing them. */
const scale = Number(process.env['BENCH_SCALE'] ?? 1)

export function scaled(count: number, least = 1): number {
  return Math.max(least, Math.round(count * scale))
}
