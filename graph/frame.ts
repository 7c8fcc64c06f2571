import type { Json, Values } from './json.ts'
import type { Plan, PlanNode, Region } from './plan.ts'
import type { ScopeRun } from './scope-run.ts'

const NO_OUTPUTS: Values = Object.freeze({})
const NO_EXITS: string[] = Object.freeze([]) as unknown as string[]

/** A scope while it runs: the run itself, an iteration, a sub-spell call. Holds the latest outputs of what ran in it. */
export class Frame {
  readonly plan: Plan
  readonly region: Region
  /** Values are looked up here when this frame has none; a sub-spell sees nothing outside. */
  readonly outer: Frame | undefined
  /** The scope node's run that opened it. */
  readonly owner: ScopeRun | undefined
  readonly index: number
  readonly high: number
  readonly low: number
  /** As entries name it; undefined: the run's own. */
  readonly id: string | undefined
  /** Before node ids in entries: the path of sub-spell nodes. */
  readonly prefix: string
  readonly depth: number
  readonly slots: (Values | undefined)[]
  /** When each slot was written last. */
  readonly stamps: number[]
  /** Activations that are queued or running in here, scope nodes included. */
  open = 0
  dead = false
  /** Whether late outputs have been asked for. */
  late = false
  joins: Map<number, JoinCount> | undefined
  /** Of a run or a sub-spell call; an iteration has none of its own: see {@link ofSpell}. */
  readonly outputs: Values
  readonly exits: string[]

  constructor(init: {
    plan: Plan
    region: Region
    outer?: Frame | undefined
    owner?: ScopeRun | undefined
    index?: number
    high: number
    low: number
    id?: string | undefined
    prefix: string
    depth: number
  }) {
    this.plan = init.plan
    this.region = init.region
    this.outer = init.outer
    this.owner = init.owner
    this.index = init.index ?? 0
    this.high = init.high
    this.low = init.low
    this.id = init.id
    this.prefix = init.prefix
    this.depth = init.depth
    this.slots = new Array<Values | undefined>(init.region.size).fill(undefined)
    this.stamps = []
    this.outputs = init.outer ? NO_OUTPUTS : {}
    this.exits = init.outer ? NO_EXITS : []
  }

  /** The frame of the run or of the sub-spell call that this frame belongs to. */
  ofSpell(): Frame {
    let at: Frame = this
    while (at.outer) at = at.outer
    return at
  }

  /** Where this frame keeps the node's outputs, or -1. Of the run's own frame: at its index, the commonest case. */
  placeOf(node: PlanNode): number {
    return this.region.isWhole ? node.index : this.region.place(node.index)
  }

  /** What this frame keeps of the node's outputs. */
  latest(node: PlanNode): Values {
    const place = this.placeOf(node)
    return (place < 0 ? undefined : this.slots[place]) ?? NO_OUTPUTS
  }

  /** The node's latest outputs that can be seen from here and have this socket; `found.stamp` tells when. */
  look(node: PlanNode, socket: string): Json | undefined {
    for (let frame: Frame | undefined = this; frame; frame = frame.outer) {
      const place = frame.placeOf(node)
      const value = place < 0 ? undefined : frame.slots[place]?.[socket]
      // A socket may be named like something every object inherits.
      if (value !== undefined && typeof value !== 'function') return value
    }
    return undefined
  }

  /** When what {@link look} finds was written; -1: never. */
  stampOf(node: PlanNode, socket: string): number {
    for (let frame: Frame | undefined = this; frame; frame = frame.outer) {
      const place = frame.placeOf(node)
      if (place >= 0 && frame.slots[place]?.[socket] !== undefined) return frame.stamps[place] ?? 0
    }
    return -1
  }

  /** Keeps a node's outputs; those it does not name keep what they had. */
  keep(node: PlanNode, outputs: Values, stamp: number): void {
    const place = this.placeOf(node)
    if (place < 0) return
    const before = this.slots[place]
    this.slots[place] = before === undefined ? outputs : { ...before, ...outputs }
    this.stamps[place] = stamp
  }

  /** Whether this or a frame around it was given up. */
  isDead(): boolean {
    for (let frame: Frame | undefined = this; frame; frame = frame.owner?.activation.frame) if (frame.dead) return true
    return false
  }
}

/** Arrivals at a join within one frame. */
export interface JoinCount {
  readonly arrived: number[]
  /** Wires that have arrived at least once. */
  filled: number
  /** How often it fired: part of the activation's identity. */
  fired: number
  /** Mode `any`: whether it fired in this round. */
  open: boolean
}
