import type { ElkNode } from 'elkjs/lib/elk-api.js'
import { splitEnd } from '#graph/check.ts'
import type { SpellDocument } from '#graph/document.ts'
import { moveNodes } from './edits.ts'
import { edit, tabOf } from './store.ts'

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.layered.spacing.nodeNodeBetweenLayers': '70',
  'elk.spacing.nodeNode': '36',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
}
const SIZE = { width: 220, height: 120 }

/** Lays the nodes out from left to right, in a worker, so that the page goes on. Sizes by id, as they are on the canvas. */
export async function tidy(
  tab: string,
  sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>,
): Promise<void> {
  const current = tabOf(tab)
  if (!current) return
  const [{ default: ELK }, { default: workerUrl }] = await Promise.all([
    import('elkjs/lib/elk-api.js'),
    import('elkjs/lib/elk-worker.min.js?url'),
  ])
  const elk = new ELK({ workerUrl })
  try {
    const laid = await elk.layout(toGraph(current.document, sizes))
    const places = Object.fromEntries(
      (laid.children ?? []).map(({ id, x = 0, y = 0 }) => [
        id,
        [Math.round(x / 10) * 10, Math.round(y / 10) * 10] as const,
      ]),
    )
    edit(tab, 'Tidy', document => moveNodes(document, places))
  } finally {
    elk.terminateWorker()
  }
}

function toGraph(
  { nodes, wires }: SpellDocument,
  sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>,
): ElkNode {
  return {
    id: 'spell',
    layoutOptions: OPTIONS,
    children: Object.keys(nodes).map(id => ({ id, ...(sizes.get(id) ?? SIZE) })),
    edges: wires.map(([from, to], index) => ({
      id: `w${index}`,
      sources: [splitEnd(from).node],
      targets: [splitEnd(to).node],
    })),
  }
}
