import type { Timeline } from '#graph/timeline.ts'

export type MarkKind = 'error' | 'retry' | 'waiting' | 'answered' | 'paused' | 'resumed'

/** A moment of a run that somebody will look for. */
export interface Mark {
  readonly seq: number
  readonly kind: MarkKind
  /** Empty: the run itself. */
  readonly node: string
}

/** The marks of a run, as far as it has come. */
export interface Marks {
  readonly all: readonly Mark[]
  /** Numbers of the entries with errors that nothing tried again. */
  readonly errors: readonly number[]
}

interface Known {
  readonly all: Mark[]
  readonly errors: number[]
  read: number
}

const known = new WeakMap<Timeline, Known>()

/** Finds a run's marks: only what is new is read. */
export function marksOf(timeline: Timeline): Marks {
  const marks: Known = known.get(timeline) ?? { all: [], errors: [], read: 0 }
  known.set(timeline, marks)
  for (; marks.read < timeline.entries.length; marks.read++) {
    const entry = timeline.entries[marks.read]
    const kind = entry && kindOf(entry)
    if (!entry || !kind) continue
    marks.all.push({ seq: entry.seq, kind, node: 'node' in entry ? (entry.node ?? '') : '' })
    if (kind === 'error') marks.errors.push(entry.seq)
  }
  return marks
}

function kindOf(entry: Timeline['entries'][number]): MarkKind | undefined {
  switch (entry.kind) {
    case 'node.failed':
      return entry.final ? 'error' : 'retry'
    case 'run.failed':
      return 'error'
    case 'run.waiting':
      return 'waiting'
    case 'run.answered':
      return 'answered'
    case 'run.paused':
      return 'paused'
    case 'run.resumed':
      return 'resumed'
    default:
      return undefined
  }
}

const RANK: Readonly<Record<MarkKind, number>> = { error: 5, paused: 4, waiting: 3, answered: 2, resumed: 1, retry: 0 }

/** A mark on the slider, which may stand for several that are too near to one another to be told apart. */
export interface ShownMark {
  readonly seq: number
  readonly kind: MarkKind | 'fork'
  readonly title: string
}

interface Branch {
  readonly id: string
  readonly forkedFrom?: string
  readonly forkedAt?: number
}

/** Where runs branched off a run, and where it branched off another itself. `isFollowed`: it begins with the entries of that one. */
export function forksOf(run: Branch, runs: readonly Branch[], isFollowed: boolean): readonly ShownMark[] {
  const own: ShownMark[] =
    run.forkedFrom && isFollowed
      ? [{ seq: run.forkedAt ?? 0, kind: 'fork', title: 'here it branched off another run' }]
      : []
  const counts = new Map<number, number>()
  for (const { forkedFrom, forkedAt = 0 } of runs)
    if (forkedFrom === run.id) counts.set(forkedAt, (counts.get(forkedAt) ?? 0) + 1)
  return [
    ...own,
    ...[...counts].map(([seq, count]) => ({
      ...{ seq, kind: 'fork' as const },
      title: count === 1 ? 'a run branched off here' : `${count} runs branched off here`,
    })),
  ].filter((mark, index, all) => all.findIndex(({ seq }) => seq === mark.seq) === index)
}

/** At most `most` marks that stand for all: of those that would lie on one another, the gravest. */
export function thinned({ all }: Marks, last: number, most: number): readonly ShownMark[] {
  const places = new Map<number, { mark: Mark; count: number }>()
  for (const mark of all) {
    const place = Math.floor((mark.seq / Math.max(1, last)) * most)
    const there = places.get(place)
    if (!there) places.set(place, { mark, count: 1 })
    else {
      there.count++
      if (RANK[mark.kind] > RANK[there.mark.kind]) there.mark = mark
    }
  }
  return [...places.values()].map(({ mark: { seq, kind, node }, count }) => ({
    ...{ seq, kind },
    title: `${node === '' ? 'run' : node}: ${WORDS[kind]}${count > 1 ? `, and ${count - 1} more` : ''}`,
  }))
}

const WORDS: Readonly<Record<MarkKind, string>> = {
  error: 'failed',
  retry: 'failed, tried again',
  waiting: 'waiting',
  answered: 'answered',
  paused: 'paused',
  resumed: 'went on',
}

/** The error after (or before) a position; from the last one on it begins anew. Undefined: there is none. */
export function errorBeside({ errors }: Marks, position: number, direction: 1 | -1): number | undefined {
  return direction > 0
    ? (errors.find(seq => seq > position) ?? errors[0])
    : (errors.findLast(seq => seq < position) ?? errors.at(-1))
}
