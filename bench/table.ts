import type { Result } from './harness.ts'

const columns = ['', 'what', 'ours', 'spread', 'against', 'ratio', 'goal'] as const

/** The results as text in columns. */
export function toTable(results: readonly Result[]): string {
  const rows = [columns.map(String), ...results.map(toRow)]
  const widths = columns.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function toRow({ name, unit, ours, against, ratio, goal, met, spread }: Result): string[] {
  return [
    met ? 'ok' : 'NO',
    name,
    `${toText(ours)} ${unit}`,
    `${toText(spread[0])} – ${toText(spread[1])}`,
    against ? `${toText(against.value)} (${against.name})` : '–',
    ratio === null ? '–' : ratio.toFixed(ratio < 10 ? 2 : 0),
    goal,
  ]
}

/** Three digits that matter. */
function toText(value: number): string {
  if (!Number.isFinite(value)) return '?'
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)} k`
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toPrecision(2)
}
