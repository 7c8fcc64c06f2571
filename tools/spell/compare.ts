import type { Entry, TerminalEntry } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { canonical } from './answers.ts'

const MOST_PER_NODE = 3
const SHOWN_CHARACTERS = 160

/** What a run did otherwise than another: of each node, and at its end. A line each; none where they agree. */
export function compareRuns(before: readonly Entry[], after: readonly Entry[]): readonly string[] {
  return [...compareNodes(before, after), ...compareEnds(endOf(before), endOf(after))]
}

function compareNodes(before: readonly Entry[], after: readonly Entry[]): readonly string[] {
  const [old, now] = [outcomesOf(before), outcomesOf(after)]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap(node => {
    const [gone, come] = without(old.get(node) ?? [], now.get(node) ?? [])
    const lines = Array.from({ length: Math.max(gone.length, come.length) }, (_, index) =>
      describe(gone[index], come[index]),
    )
    const more =
      lines.length > MOST_PER_NODE ? [`node "${node}": ${lines.length - MOST_PER_NODE} more differences`] : []
    return [...lines.slice(0, MOST_PER_NODE).map(line => `node "${node}" ${line}`), ...more]
  })
}

function describe(gone: string | undefined, come: string | undefined): string {
  if (gone === undefined) return `extra: ${excerpt(come ?? '', 0)}`
  if (come === undefined) return `missing: ${excerpt(gone, 0)}`
  return `other: ${instead(gone, come)}`
}

/**
 * What each node gave, whenever that was: the order of concurrent nodes means nothing. A pure node is evaluated as often as somebody asks: each of its results
 * counts once.
 */
function outcomesOf(entries: readonly Entry[]): ReadonlyMap<string, readonly string[]> {
  const outcomes = new Map<string, { readonly pure: boolean; readonly all: string[] }>()
  for (const entry of entries) {
    const outcome = outcomeOf(entry)
    if (outcome === undefined || !('node' in entry)) continue
    const known = outcomes.get(entry.node) ?? { pure: entry.kind === 'node.value', all: [] }
    outcomes.set(entry.node, known)
    known.all.push(outcome)
  }
  return new Map([...outcomes].map(([node, { pure, all }]) => [node, pure ? [...new Set(all)] : all]))
}

function outcomeOf(entry: Entry): string | undefined {
  switch (entry.kind) {
    case 'node.value':
      return canonical(entry.outputs)
    case 'node.emitted':
    case 'node.ended':
      return canonical(entry.outputs) + toFlow(entry.pulses)
    case 'node.failed':
      return entry.final ? `${entry.error.code}: ${entry.error.message}${toFlow(entry.pulses ?? [])}` : undefined
    default:
      return undefined
  }
}

function toFlow(pulses: readonly string[]): string {
  return pulses.length === 0 ? '' : ` → ${pulses.join(', ')}`
}

/** What only the first has, and what only the second has. */
function without(first: readonly string[], second: readonly string[]): readonly [string[], string[]] {
  return [takeOut(second, first), takeOut(first, second)]
}

/** What is left of `all` when each of `known` is taken out once. */
function takeOut(known: readonly string[], all: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const one of known) counts.set(one, (counts.get(one) ?? 0) + 1)
  return all.filter(one => {
    const count = counts.get(one) ?? 0
    counts.set(one, count - 1)
    return count <= 0
  })
}

function endOf(entries: readonly Entry[]): TerminalEntry | undefined {
  return entries.findLast(entry => 'lastSeq' in entry)
}

function compareEnds(before: TerminalEntry | undefined, after: TerminalEntry | undefined): readonly string[] {
  if (before?.kind === 'run.completed' && after?.kind === 'run.completed')
    return [
      ...compareValues('output', before.outputs, after.outputs),
      ...compareValues('state', before.state, after.state),
    ]
  const [old, now] = [describeEnd(before), describeEnd(after)]
  return old === now ? [] : [`the run ${instead(old, now)}`]
}

function describeEnd(end: TerminalEntry | undefined): string {
  if (end?.kind === 'run.completed') return 'completed'
  if (end?.kind === 'run.failed')
    return `failed: ${end.error.code}${end.error.node === undefined ? '' : ` in "${end.error.node}"`}: ${end.error.message}`
  return end ? `was cancelled: ${end.reason}` : 'has no end'
}

function compareValues(what: string, before: JsonObject, after: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap(name => {
    const [old, now] = [textOf(before, name), textOf(after, name)]
    return old === now ? [] : [`${what} "${name}" ${describe(old, now)}`]
  })
}

function textOf(values: JsonObject, name: string): string | undefined {
  const value: Json | undefined = Object.hasOwn(values, name) ? values[name] : undefined
  return value === undefined ? undefined : canonical(value)
}

/** Both, from shortly before where they part. */
function instead(before: string, after: string): string {
  let at = 0
  while (at < before.length && before[at] === after[at]) at++
  return `${excerpt(after, at)} instead of ${excerpt(before, at)}`
}

function excerpt(text: string, at: number): string {
  if (text.length <= SHOWN_CHARACTERS) return text
  const from = Math.max(0, Math.min(at - 40, text.length - SHOWN_CHARACTERS))
  const to = from + SHOWN_CHARACTERS
  return `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`
}
