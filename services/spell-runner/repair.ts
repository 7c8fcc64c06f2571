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

/** What is wrong with a node may hide what is wrong with another, though not endlessly. */
const MOST_ROUNDS = 10

/**
 * Makes a converted document one that may be stored: wires that are not possible here are left out, and a node that is wrong here is kept as missing,
 * with its data. The report says so. Answers the problems instead where that does not help.
 */
export function repair(
  converted: Converted,
  registry: Registry,
): Converted | { readonly problems: readonly Problem[] } {
  let current = converted
  for (let round = 0; ; round++) {
    const problems = checkDocument(current.document, registry)
    if (problems.length === 0) return current
    const mended = round < MOST_ROUNDS ? mend(current, problems) : undefined
    if (!mended) return { problems }
    current = mended
  }
}

/** Undefined: nothing can be done about these problems. */
function mend({ document, report }: Converted, problems: readonly Problem[]): Converted | undefined {
  const wires = new Map<number, Problem>()
  const nodes = new Map<string, Problem[]>()
  for (const problem of problems) {
    const wire = wireOf(problem)
    const node = problem.node ?? ''
    if (wire !== undefined) wires.set(wire, problem)
    else if (document.nodes[node]?.type.startsWith(MISSING) === false)
      nodes.set(node, [...(nodes.get(node) ?? []), problem])
  }
  if (wires.size === 0 && nodes.size === 0) return undefined
  const leftOut = [...wires].map(
    ([index, { message }]) => `the wire ${document.wires[index]?.join(' → ') ?? ''} was left out: ${message}`,
  )
  return {
    report: {
      ...report,
      notes: [...report.notes, ...leftOut],
      nodes: report.nodes.map(one => toMissing(one, nodes)),
    },
    document: {
      ...document,
      wires: document.wires.filter((_, index) => !wires.has(index)),
      nodes: Object.fromEntries(
        Object.entries(document.nodes).map(([id, node]) => {
          const { version: _, ...kept } = node
          return [id, nodes.has(id) ? { ...kept, type: `${MISSING}${node.type}` } : node]
        }),
      ),
    },
  }
}

function wireOf({ path }: Problem): number | undefined {
  const index = /^wires\[(\d+)\]/.exec(path)?.[1]
  return index === undefined ? undefined : Number(index)
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
