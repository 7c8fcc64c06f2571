const DELIMITERS = [',', ';', '\t', '|'] as const
const MOST_LINES = 50

/** What stands between the cells of lines, if the same number of them stands in nearly all. `least`: how many lines there must be. */
export function findDelimiter(text: string, least: number): string | undefined {
  const lines = wholeLines(text)
  if (lines.length < least) return undefined
  let best: { delimiter: string; score: number } | undefined
  for (const delimiter of DELIMITERS) {
    const score = scoreOf(lines.map(line => countOutside(line, delimiter)))
    if (score > (best?.score ?? 0)) best = { delimiter, score }
  }
  return best?.delimiter
}

function wholeLines(text: string): readonly string[] {
  const lines = text.split('\n', MOST_LINES + 1)
  const complete = lines.length > MOST_LINES || text.endsWith('\n') || lines.length === 1
  return (complete || lines.length < 3 ? lines : lines.slice(0, -1))
    .filter(line => line.trim() !== '')
    .slice(0, MOST_LINES)
}

/** How alike the lines are, and then how many cells they have. */
function scoreOf(counts: readonly number[]): number {
  const usual = counts.toSorted((a, b) => a - b)[counts.length >> 1] ?? 0
  if (usual === 0) return 0
  const alike = counts.filter(count => count === usual).length / counts.length
  return alike < 0.8 ? 0 : alike + Math.min(usual, 50) / 1000
}

function countOutside(line: string, delimiter: string): number {
  let [count, quoted] = [0, false]
  for (const character of line) {
    if (character === '"') quoted = !quoted
    else if (character === delimiter && !quoted) count++
  }
  return count
}
