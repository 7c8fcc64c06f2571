import { checkDocument } from '#graph/check.ts'
import type { Registry } from '#graph/define.ts'
import type { Problem, SpellDocument } from '#graph/document.ts'
import { MISSING } from '#graph/registry.ts'
import type { ImportReport } from '#importers/importer.ts'

/** A converted document and what is told of it. */
export interface Converted {
  readonly document: SpellDocument
  readonly report: ImportReport
}

/**
 * Makes a converted document one that may be stored: wires that are not possible here are left out, and a node that is wrong here is kept as missing, with its data. The report says so. Answers
 * the problems instead where that does not help.
 */
export function repair(
  converted: Converted,
  registry: Registry,
): Converted | { readonly problems: readonly Problem[] } {
  let { document, report } = converted
  // What is wrong with a node may hide what is wrong with another; each round mends at least one.
  for (;;) {
    const problems = checkDocument(document, registry)
    if (problems.length === 0) return { document, report }
    const wires = new Map(
      problems.flatMap(problem => (wireOf(problem) === undefined ? [] : [[wireOf(problem), problem]])),
    )
    const nodes = Map.groupBy(
      problems.filter(problem => wireOf(problem) === undefined && isOwn(problem, document)),
      ({ node = '' }) => node,
    )
    if (wires.size === 0 && nodes.size === 0) return { problems }
    const notes = [...wires].map(
      ([index, { message }]) => `the wire ${showWire(document, index)} was left out: ${message}`,
    )
    report = { ...report, notes: [...report.notes, ...notes], nodes: report.nodes.map(one => toMissing(one, nodes)) }
    document = {
      ...document,
      wires: document.wires.filter((_, index) => !wires.has(index)),
      nodes: Object.fromEntries(
        Object.entries(document.nodes).map(([id, node]) => {
          if (!nodes.has(id)) return [id, node]
          const { version: _, ...kept } = node
          return [id, { ...kept, type: `${MISSING}${node.type}` }]
        }),
      ),
    }
  }
}

function wireOf({ path }: Problem): number | undefined {
  const index = /^wires\[(\d+)\]/.exec(path)?.[1]
  return index === undefined ? undefined : Number(index)
}

/** Whether the problem is a node's own, and the node not given up already. */
function isOwn({ node }: Problem, document: SpellDocument): boolean {
  return node !== undefined && document.nodes[node]?.type.startsWith(MISSING) === false
}

function showWire({ wires }: SpellDocument, index: number | undefined): string {
  return wires[index ?? -1]?.join(' → ') ?? ''
}

function toMissing(one: ImportReport['nodes'][number], nodes: ReadonlyMap<string, readonly Problem[]>) {
  // A foreign node may have become several: they carry its id in front of theirs.
  const wrong = [...nodes].filter(([id]) => id === one.node || id.startsWith(`${one.node}-`)).flatMap(([, all]) => all)
  if (wrong.length === 0) return one
  const note = wrong.map(({ path, message }) => `${path}: ${message}`).join('; ')
  return {
    ...one,
    outcome: 'missing' as const,
    note: `${one.note === '' ? '' : `${one.note}; `}it is kept, and the spell cannot run until it is mended: ${note}`,
  }
}
