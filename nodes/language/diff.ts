// What changed between two lists of lines. E. W. Myers 1986, "An O(ND) difference algorithm and its variations".

/** A stretch of lines. */
export interface Change {
  readonly kind: 'same' | 'removed' | 'added'
  readonly lines: readonly string[]
}

/** Beyond these the lines between the first and the last difference are told as replaced: the work is bounded, not the texts. */
const MOST_EDITS = 1000
const MOST_STEPS = 5_000_000

/** The lines of a text, each with its line break. */
export function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** The fewest changes that make one list the other, in order; of what is replaced the removed lines come first. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly Change[] {
  const least = Math.min(before.length, after.length)
  let start = 0
  while (start < least && before[start] === after[start]) start++
  let end = 0
  while (end < least - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  const [a, b] = [before.slice(start, before.length - end), after.slice(start, after.length - end)]
  const script = shortest(a, b) ?? [...a.map(() => 'removed' as const), ...b.map(() => 'added' as const)]
  return inStretches(
    [
      ...before.slice(0, start).map(() => 'same' as const),
      ...script,
      ...before.slice(before.length - end).map(() => 'same' as const),
    ],
    before,
    after,
  )
}

/** One step per line of either; undefined where that takes too long. */
function shortest(a: readonly string[], b: readonly string[]): readonly Change['kind'][] | undefined {
  const [x, y] = numbered(a, b)
  const most = Math.min(MOST_EDITS, x.length + y.length)
  const furthest = new Int32Array(2 * most + 3)
  const at = (diagonal: number) => diagonal + most + 1
  const trace: Int32Array[] = []
  let steps = 0
  for (let edits = 0; edits <= most; edits++) {
    trace.push(furthest.slice(at(-edits) - 1, at(edits) + 2))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const [less, more] = [furthest[at(diagonal - 1)] ?? 0, furthest[at(diagonal + 1)] ?? 0]
      let i = diagonal === -edits || (diagonal !== edits && less < more) ? more : less + 1
      const began = i
      while (i < x.length && i - diagonal < y.length && x[i] === y[i - diagonal]) i++
      furthest[at(diagonal)] = i
      if (i >= x.length && i - diagonal >= y.length) return walkBack(trace, x.length, y.length)
      steps += i - began + 1
      if (steps > MOST_STEPS) return undefined
    }
  }
  return undefined
}

/** From the end to the start along the trace: `trace[d]` holds diagonals -d-1 to d+1 as they were before the edit d. */
function walkBack(trace: readonly Int32Array[], ends: number, endsAfter: number): readonly Change['kind'][] {
  const script: Change['kind'][] = []
  let [i, j] = [ends, endsAfter]
  for (let edits = trace.length - 1; edits > 0; edits--) {
    const furthest = trace[edits] ?? new Int32Array()
    const at = (diagonal: number) => furthest[diagonal + edits + 1] ?? 0
    const diagonal = i - j
    const down = diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1))
    const from = down ? at(diagonal + 1) : at(diagonal - 1)
    const target = down ? from : from + 1
    while (i > target) {
      script.push('same')
      i--
      j--
    }
    script.push(down ? 'added' : 'removed')
    if (down) j--
    else i--
  }
  while (i-- > 0) script.push('same')
  return script.reverse()
}

/** Lines as numbers: comparing is then as cheap for long lines as for short ones. */
function numbered(a: readonly string[], b: readonly string[]): readonly [Int32Array, Int32Array] {
  const numbers = new Map<string, number>()
  const numberOf = (line: string) => {
    const number = numbers.get(line) ?? numbers.size
    numbers.set(line, number)
    return number
  }
  return [Int32Array.from(a, numberOf), Int32Array.from(b, numberOf)]
}

function inStretches(
  script: readonly Change['kind'][],
  before: readonly string[],
  after: readonly string[],
): readonly Change[] {
  const changes: Change[] = []
  let [i, j, at] = [0, 0, 0]
  while (at < script.length) {
    const same = at
    while (script[at] === 'same') at++
    if (at > same) changes.push({ kind: 'same', lines: before.slice(i, i + at - same) })
    i += at - same
    j += at - same
    const changed = script.slice(at, nextSame(script, at))
    const removed = changed.filter(kind => kind === 'removed').length
    const added = changed.length - removed
    if (removed > 0) changes.push({ kind: 'removed', lines: before.slice(i, i + removed) })
    if (added > 0) changes.push({ kind: 'added', lines: after.slice(j, j + added) })
    i += removed
    j += added
    at += changed.length
  }
  return changes
}

function nextSame(script: readonly Change['kind'][], at: number): number {
  const next = script.indexOf('same', at)
  return next < 0 ? script.length : next
}

interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** The changes as a unified diff, as `patch` reads it, with so many lines around each; empty: there are none. */
export function unified(changes: readonly Change[], context: number): string {
  const signs = { same: ' ', removed: '-', added: '+' } as const
  const lines = changes.flatMap(({ kind, lines: of }): Line[] => of.map(text => ({ sign: signs[kind], text })))
  const pieces: string[] = []
  let [at, old, fresh] = [0, 0, 0]
  const count = (to: number, sign: Line['sign']) => lines.slice(at, to).filter(one => one.sign !== sign).length
  for (const { from, to } of hunks(lines, context)) {
    old += count(from, '+')
    fresh += count(from, '-')
    at = from
    const [removed, added] = [count(to, '+'), count(to, '-')]
    pieces.push(`@@ -${range(old, removed)} +${range(fresh, added)} @@\n`)
    for (const { sign, text } of lines.slice(from, to))
      pieces.push(text.endsWith('\n') ? sign + text : `${sign}${text}\n\\ No newline at end of file\n`)
  }
  return pieces.length === 0 ? '' : `--- before\n+++ after\n${pieces.join('')}`
}

/** Of no lines the number of the line before is told. */
function range(before: number, length: number): string {
  return `${length === 0 ? before : before + 1},${length}`
}

function hunks(lines: readonly Line[], context: number): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = []
  lines.forEach(({ sign }, index) => {
    if (sign === ' ') return
    const last = found.at(-1)
    if (last && index - context <= last.to) last.to = Math.min(lines.length, index + 1 + context)
    else found.push({ from: Math.max(0, index - context), to: Math.min(lines.length, index + 1 + context) })
  })
  return found
}
