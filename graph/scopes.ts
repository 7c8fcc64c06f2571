import type { Activation } from './activation.ts'
import { Context } from './context.ts'
import type { Engine } from './engine.ts'
import type { JoinCount } from './frame.ts'
import { Frame } from './frame.ts'
import { mixHigh, mixLow, toHex } from './hash.ts'
import type { Values } from './json.ts'
import type { FlowWire, Plan, PlanNode, Region } from './plan.ts'
import { ScopeRun } from './scope-run.ts'
import type { NodeResult } from './define.ts'
import { checkOutputs, NO_VALUES, readOutputs, readPulses } from './values.ts'

/** Opens and closes scopes: iterations, sub-spells, the run itself. And counts arrivals at joins. */
export class Scopes {
  readonly #engine: Engine
  /** Frames in which nothing is open any more, to be closed in this order. */
  #closing: Frame[] = []
  #head = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Whether a frame is due to be closed. */
  get isClosing(): boolean {
    return this.#closing.length > 0
  }

  /** Nothing is queued or running in this frame. */
  quiesce(frame: Frame): void {
    this.#closing.push(frame)
  }

  /** Closes the next frame, if one is due. */
  closeNext(): boolean {
    const frame = this.#closing[this.#head]
    if (!frame) return false
    if (++this.#head === this.#closing.length) {
      this.#closing = []
      this.#head = 0
    }
    if (frame.open === 0 && !frame.isDead()) this.#close(frame)
    return true
  }

  /** Starts a scope node or a sub-spell. */
  begin(activation: Activation): void {
    const { node, inputs = NO_VALUES } = activation
    this.#engine.record.nodeStarted(activation)
    if (node.inner) {
      this.#call(new ScopeRun(activation, undefined), node.inner, inputs)
      return
    }
    let run: ScopeRun
    try {
      run = new ScopeRun(activation, node.type.scope?.(inputs, new Context(this.#engine, activation, node)))
    } catch (error) {
      this.#engine.executor.failed(activation, error)
      return
    }
    this.#advance(run)
  }

  #call(run: ScopeRun, plan: Plan, inputs: Values): void {
    const { activation } = run
    const frame = this.#open(run, plan, plan.region, 0, inputs, `${activation.path}/`)
    if (frame) this.#engine.open(frame, inputs, activation.socket)
  }

  /** Opens a child scope; undefined: the run has ended at one of its limits. */
  #open(
    run: ScopeRun,
    plan: Plan,
    region: Region,
    index: number,
    values: Values,
    callPrefix?: string,
  ): Frame | undefined {
    const { activation } = run
    const { frame: outer, node } = activation
    if (this.#engine.record.replaying && this.#endedHere()) return undefined
    if (outer.depth >= this.#engine.limits.depth) {
      this.#engine.end({
        kind: 'failed',
        failure: {
          code: 'BUDGET',
          message: `the run reached its limit of ${this.#engine.limits.depth} scopes within scopes`,
          node: activation.path,
        },
      })
      return undefined
    }
    if (!this.#engine.spend(activation)) return undefined
    const high = mixHigh(activation.high, activation.low, node.hash, index + 1)
    const low = mixLow(activation.high, activation.low, node.hash, index + 1)
    const id = toHex(high, low)
    const frame = new Frame({
      plan,
      region,
      high,
      low,
      index,
      owner: run,
      id,
      depth: outer.depth + 1,
      outer: callPrefix === undefined ? outer : undefined,
      prefix: callPrefix ?? outer.prefix,
    })
    this.#engine.record.opened(activation, id, index, values)
    run.frames.add(frame)
    return frame
  }

  /** While the journal is followed: whether the run reached a limit here. Whoever follows it may have other limits. */
  #endedHere(): boolean {
    const { record } = this.#engine
    const entry = record.peek()
    if (entry?.kind !== 'run.failed') return false
    record.next()
    this.#engine.finish(entry)
    return true
  }

  /** Opens as many child scopes as may be open. Ends the scope node when there are no more. */
  #advance(run: ScopeRun): void {
    const { activation, driver, results } = run
    const { node, frame: outer } = activation
    while (driver && node.body && !run.exhausted && run.frames.size < Math.max(1, driver.concurrency)) {
      const index = run.next
      let values: Values | undefined
      try {
        values = driver.next(index, results[index - 1])
        if (values) checkOutputs(values, this.#engine.limits.outputBytes)
      } catch (error) {
        return this.#fail(run, error)
      }
      if (!values) {
        run.exhausted = true
        break
      }
      const frame = this.#open(run, outer.plan, node.body, index, values)
      if (!frame) return
      frame.keep(node, values, this.#engine.record.seq)
      if (!this.#enters(run, frame)) break
      run.next++
      for (const wire of node.wires.get('each') ?? []) this.#fire(wire, frame, node)
      if (frame.open === 0) this.quiesce(frame)
    }
    if (run.exhausted && run.frames.size === 0) this.#end(run)
  }

  /** Whether the body runs: what the driver makes of the inputs read beforehand. */
  #enters(run: ScopeRun, frame: Frame): boolean {
    const { activation, driver } = run
    const { before } = activation.node
    if (!driver?.enter || before.inputs.length === 0) return true
    try {
      if (driver.enter(this.#engine.gather(before, frame, activation))) return true
    } catch (error) {
      this.#fail(run, error)
      return false
    }
    run.frames.delete(frame)
    run.exhausted = true
    return false
  }

  #fire(wire: FlowWire, frame: Frame, cause: PlanNode): void {
    if (wire.target.kind === 'join') this.arrive(wire, frame, cause, NO_VALUES)
    else
      this.#engine.activate(
        wire.target,
        frame,
        cause,
        wire.socket,
        mixHigh(frame.high, frame.low, wire.hash, 0),
        mixLow(frame.high, frame.low, wire.hash, 0),
        NO_VALUES,
      )
  }

  #close(frame: Frame): void {
    const { owner, plan } = frame
    if (!frame.outer && !frame.late) {
      frame.late = true
      for (const node of plan.lateOutputs) {
        this.#engine.activate(
          node,
          frame,
          undefined,
          'in',
          mixHigh(frame.high, frame.low, node.hash, 0),
          mixLow(frame.high, frame.low, node.hash, 0),
          NO_VALUES,
        )
      }
      if (plan.lateOutputs.length > 0) return
    }
    if (!owner) {
      this.#engine.end({ kind: 'completed' })
      return
    }
    owner.frames.delete(frame)
    const { activation } = owner
    if (!owner.driver) {
      const pulses =
        frame.exits.length > 0 ? frame.exits : plan.interface.exits.length > 0 ? [] : activation.node.endPulses
      this.#engine.finishNow(activation, frame.outputs, pulses)
      return
    }
    try {
      owner.results[frame.index] = this.#engine.gather(activation.node.after, frame, activation)
    } catch (error) {
      this.#fail(owner, error)
      return
    }
    this.#advance(owner)
  }

  #end({ activation, driver, results }: ScopeRun): void {
    let result: NodeResult | undefined
    let outputs: Values
    try {
      result = driver?.end(results)
      outputs = readOutputs(result, this.#engine.limits)
    } catch (error) {
      this.#engine.executor.failed(activation, error)
      return
    }
    this.#engine.finishNow(activation, outputs, readPulses(result, activation.node.endPulses))
  }

  #fail(run: ScopeRun, error: unknown): void {
    this.abandon(run)
    this.#engine.executor.failed(run.activation, error)
  }

  /** Gives up everything inside a scope node: what runs is aborted, what is queued will not run. */
  abandon(run: ScopeRun): void {
    for (const frame of run.frames) frame.dead = true
    run.frames.clear()
    for (const activation of this.#engine.pending.values()) {
      if (!activation.frame.isDead()) continue
      this.#engine.pending.delete(activation.id)
      this.#engine.executor.drop(activation)
    }
  }

  /** A flow wire fired into a join: it is activated when all its wires have fired, or at the first of each round. */
  arrive(wire: FlowWire, frame: Frame, cause: PlanNode, given: Values): void {
    const { target } = wire
    const joins = (frame.joins ??= new Map<number, JoinCount>())
    let count = joins.get(target.index)
    if (!count)
      joins.set(
        target.index,
        (count = { arrived: new Array<number>(target.incoming).fill(0), filled: 0, fired: 0, open: false }),
      )
    const any = target.waitsForAny
    const arrived = count.arrived[wire.position] ?? 0
    count.arrived[wire.position] = arrived + 1
    if (arrived === 0) count.filled++
    const complete = count.filled === target.incoming
    const fires = any ? !count.open : complete
    count.open = any
    if (complete) {
      count.open = false
      count.filled = 0
      for (let i = 0; i < target.incoming; i++) {
        const left = (count.arrived[i] ?? 0) - 1
        count.arrived[i] = left
        if (left > 0) count.filled++
      }
    }
    if (!fires) return
    const turn = ++count.fired
    this.#engine.activate(
      target,
      frame,
      cause,
      wire.socket,
      mixHigh(frame.high, frame.low, target.hash, turn),
      mixLow(frame.high, frame.low, target.hash, turn),
      given,
    )
  }
}
