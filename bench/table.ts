import type { Result } from './harness.ts'

const columns = ['', 'what', 'ours', 'spread', 'against', 'ratio', 'goal'] as const

/** The results as text in columns. */
export function toTable(results: readonly Result[]): string {
  return toColumns([columns.map(String), ...results.map(toRow)])
}

/** What was measured against several, each in a column: its median, and how many times ours is that. Empty where nothing was. */
export function toSideBySide(results: readonly Result[]): string {
  const names = [...new Set(results.map(({ name }) => name))].filter(
    each => results.filter(({ name }) => name === each).length > 1,
  )
  const opponents = [...new Set(results.filter(({ name }) => names.includes(name)).map(({ against }) => against?.name))]
  if (names.length === 0) return ''
  const rows = names.map(name => {
    const lines = results.filter(result => result.name === name)
    const { ours = Number.NaN, unit = '' } = lines[0] ?? {}
    const cells = opponents.map(opponent => {
      const line = lines.find(({ against }) => against?.name === opponent)
      if (!line?.against) return '–'
      const { value } = line.against
      return value === null ? 'failed' : `${toText(value)} (×${toText(line.ratio ?? Number.NaN)})`
    })
    return [name, `${toText(ours)} ${unit}`, ...cells]
  })
  return toColumns([['', 'ours', ...opponents.map(opponent => opponent?.replace(/[ ,]*[(,].*$/, '') ?? '')], ...rows])
}

function toColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function toRow({ name, unit, ours, against, ratio, ratioSpread, goal, met, spread }: Result): string[] {
  return [
    met ? 'ok' : 'NO',
    name,
    `${toText(ours)} ${unit}`,
    `${toText(spread[0])} – ${toText(spread[1])}`,
    against ? `${against.value === null ? (against.failure ?? '?') : toText(against.value)} (${against.name})` : '–',
    ratio === null ? '–' : `${toText(ratio)}${ratioSpread ? ` (${ratioSpread.map(toText).join(' – ')})` : ''}`,
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
