import type { RivetEdge, RivetGraph } from './project.ts'

/** A loop: what its controller runs again and again, and what comes after. */
export interface Loop {
  readonly controller: string
  readonly body: ReadonlySet<string>
  /** Edges from the body back to the controller. */
  readonly back: readonly RivetEdge[]
  /** Edges from the body to what comes after, but by the controller. */
  readonly crossing: readonly RivetEdge[]
  /** Edges into the body from outside. */
  readonly outer: readonly RivetEdge[]
}

/** Finds the loops of a graph. Rivet knows none within each other. */
export function findLoops(graph: RivetGraph, edges: readonly RivetEdge[]): readonly Loop[] {
  const outs = Map.groupBy(edges, ({ from }) => from)
  const taken = new Set<string>()
  return graph.nodes.flatMap(({ id, type, isDisabled }) => {
    if (type !== 'loopController' || isDisabled || taken.has(id)) return []
    const own = outs.get(id) ?? []
    const after = reach(
      own.filter(({ output }) => output === 'break').map(({ to }) => to),
      outs,
      id,
    )
    const body = new Set(
      [
        ...reach(
          own.filter(({ output }) => output !== 'break').map(({ to }) => to),
          outs,
          id,
        ),
      ].filter(one => !after.has(one)),
    )
    for (const one of body) taken.add(one)
    return [
      {
        controller: id,
        body,
        back: edges.filter(({ from, to }) => to === id && body.has(from)),
        crossing: edges.filter(({ from, to }) => body.has(from) && to !== id && !body.has(to)),
        outer: edges.filter(({ from, to }) => body.has(to) && from !== id && !body.has(from)),
      },
    ]
  })
}

function reach(starts: readonly string[], outs: ReadonlyMap<string, readonly RivetEdge[]>, but: string): Set<string> {
  const seen = new Set<string>()
  const open = [...starts]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === but || seen.has(at)) continue
    seen.add(at)
    open.push(...(outs.get(at)?.map(({ to }) => to) ?? []))
  }
  return seen
}

/** The end of a loop's round, in the order of things. */
export const roundOf = (controller: string) => `${controller}\nround`

/** Nodes in an order in which each comes after what it reads, with the ends of rounds among them; and the edges that have no place in any such order. */
export function orderOf(
  ids: readonly string[],
  edges: readonly RivetEdge[],
  loops: readonly Loop[],
): { readonly order: readonly string[]; readonly cycles: ReadonlySet<RivetEdge> } {
  const sources = new Map<string, { readonly id: string; readonly edge?: RivetEdge }[]>()
  const add = (to: string, id: string, edge?: RivetEdge) => {
    const list = sources.get(to) ?? []
    list.push({ id, ...(edge ? { edge } : {}) })
    sources.set(to, list)
  }
  const back = new Map(loops.flatMap(loop => loop.back.map(edge => [edge, loop] as const)))
  const crossing = new Map(loops.flatMap(loop => loop.crossing.map(edge => [edge, loop] as const)))
  const controllers = new Set(loops.map(({ controller }) => controller))
  for (const edge of edges) {
    const around = back.get(edge)
    const across = crossing.get(edge)
    if (around) add(roundOf(around.controller), edge.from)
    else if (across) {
      add(roundOf(across.controller), edge.from)
      add(edge.to, roundOf(across.controller), edge)
    } else if (controllers.has(edge.from) && edge.output === 'break') add(edge.to, roundOf(edge.from), edge)
    else add(edge.to, edge.from, edge)
  }
  for (const { controller, outer } of loops) {
    add(roundOf(controller), controller)
    for (const edge of outer) add(controller, edge.from)
  }
  return sort([...ids, ...loops.map(({ controller }) => roundOf(controller))], sources)
}

function sort(
  ids: readonly string[],
  sources: ReadonlyMap<string, readonly { readonly id: string; readonly edge?: RivetEdge }[]>,
): { order: string[]; cycles: Set<RivetEdge> } {
  const order: string[] = []
  const cycles = new Set<RivetEdge>()
  const state = new Map<string, 'open' | 'done'>()
  for (const root of ids) {
    const path = state.has(root) ? [] : [{ id: root, next: 0 }]
    state.set(root, state.get(root) ?? 'open')
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const source = sources.get(top.id)?.[top.next++]
      if (!source) {
        state.set(top.id, 'done')
        order.push(top.id)
        path.pop()
      } else if (!state.has(source.id)) {
        state.set(source.id, 'open')
        path.push({ id: source.id, next: 0 })
      } else if (state.get(source.id) === 'open' && source.edge) cycles.add(source.edge)
    }
  }
  return { order, cycles }
}
