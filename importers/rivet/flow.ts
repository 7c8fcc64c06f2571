import type { NodeDocument, Wire } from '#graph/document.ts'

/** A flow output, `node.socket`: it fires, or it does not. */
export type FlowEnd = string

/** Stands for what never happens. */
export const NEVER: FlowEnd = ' never'

interface Owner {
  /** What must all have fired before it can. */
  readonly needs: readonly FlowEnd[]
  /** Where it is one side of a branch: the other one. */
  readonly rival?: FlowEnd
  /** Where it is one side of a branch: what fires before it, whichever side it takes. */
  readonly base?: FlowEnd
}

/** Nodes that are there for the sake of flow, with the node that they stand beside. */
export interface Helper {
  readonly id: string
  readonly beside: string
  readonly node: NodeDocument
}

const MOST_LOOKED_AT = 5_000

/**
 * Makes flow of dependencies. In Rivet a node runs when all that it reads is there, and does not where something of it "did not run"; here flow wires say
 * when. What a node needs is a list of flow outputs that must all have fired.
 */
export class Flow {
  readonly wires: Wire[] = []
  readonly helpers: Helper[] = []
  readonly #owners = new Map<FlowEnd, Owner>()
  readonly #settled = new Map<string, FlowEnd>()
  readonly #taken: Set<string>

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken)
  }

  /** An id that nobody has. */
  name(wanted: string): string {
    let id = wanted
    for (let count = 2; this.#taken.has(id); count++) id = `${wanted}-${count}`
    this.#taken.add(id)
    return id
  }

  add(wanted: string, beside: string, node: NodeDocument): string {
    const id = this.name(wanted)
    this.helpers.push({ id, beside, node })
    return id
  }

  /** Tells what a flow output needs. */
  define(end: FlowEnd, needs: readonly FlowEnd[], branch: Omit<Owner, 'needs'> = {}): void {
    this.#owners.set(end, { needs, ...branch })
  }

  /** Lets flow in where all of these have fired; `otherwise` where there are none. */
  enter(target: string, beside: string, needs: readonly FlowEnd[], otherwise: FlowEnd): void {
    const reduced = this.reduce(needs)
    if (reduced.includes(NEVER)) return
    this.wires.push([reduced.length === 0 ? otherwise : this.#all(reduced, beside), target])
  }

  #all(needs: readonly FlowEnd[], beside: string): FlowEnd {
    const [only, ...more] = needs
    if (only !== undefined && more.length === 0) return only
    const join = this.add(`${beside}-when`, beside, { type: 'flow/join', config: { mode: 'all' } })
    for (const need of needs) this.wires.push([need, `${join}.in`])
    this.define(`${join}.out`, needs)
    return `${join}.out`
  }

  /** Leaves out what follows from the others. */
  reduce(needs: readonly FlowEnd[]): readonly FlowEnd[] {
    const left = new Set(needs)
    if (left.has(NEVER)) return [NEVER]
    if (left.size < 2) return [...left]
    const seen = new Set<FlowEnd>()
    const open = [...left].flatMap(end => this.#owners.get(end)?.needs ?? [])
    for (let end = open.pop(); end !== undefined && seen.size < MOST_LOOKED_AT; end = open.pop()) {
      if (seen.has(end)) continue
      seen.add(end)
      left.delete(end)
      open.push(...(this.#owners.get(end)?.needs ?? []))
    }
    return [...left]
  }

  /** What fires where one of these will not. */
  rivals(needs: readonly FlowEnd[]): readonly FlowEnd[] {
    const found = new Set<FlowEnd>()
    const seen = new Set<FlowEnd>()
    const open = [...needs]
    for (let end = open.pop(); end !== undefined && seen.size < MOST_LOOKED_AT; end = open.pop()) {
      if (seen.has(end)) continue
      seen.add(end)
      const owner = this.#owners.get(end)
      if (owner?.rival !== undefined) found.add(owner.rival)
      open.push(...(owner?.needs ?? []))
    }
    return [...found]
  }

  /** Whether it is certain that all of these fire, in every run that gets there. */
  isSure(needs: readonly FlowEnd[]): boolean {
    return !needs.includes(NEVER) && this.rivals(needs).length === 0
  }

  /** What fires when it is clear whether all of these do. */
  settled(needs: readonly FlowEnd[], beside: string): readonly FlowEnd[] {
    if (needs.includes(NEVER)) return []
    const reduced = this.reduce(needs.map(end => this.#owners.get(end)?.base ?? end))
    const rivals = this.rivals(reduced)
    if (rivals.length === 0) return reduced
    const key = [...reduced.toSorted(), '', ...rivals.toSorted()].join('\n')
    const known = this.#settled.get(key)
    if (known !== undefined) return [known]
    const join = this.#any([this.#all(reduced, beside), ...rivals], beside)
    this.#settled.set(key, join)
    return [join]
  }

  /** What fires with the first of these lists. */
  race(lists: readonly (readonly FlowEnd[])[], beside: string): readonly FlowEnd[] {
    const possible = lists.filter(needs => !needs.includes(NEVER))
    if (possible.length === 0) return [NEVER]
    if (possible.some(needs => needs.length === 0)) return []
    return [
      this.#any(
        possible.map(needs => this.#all(this.reduce(needs), beside)),
        beside,
      ),
    ]
  }

  #any(ends: readonly FlowEnd[], beside: string): FlowEnd {
    const [only, ...more] = ends
    if (only !== undefined && more.length === 0) return only
    const join = this.add(`${beside}-first`, beside, { type: 'flow/join', config: { mode: 'any' } })
    for (const end of ends) this.wires.push([end, `${join}.in`])
    this.define(`${join}.out`, [])
    return `${join}.out`
  }
}
