import type { Activation } from './activation.ts'
import type { Frame } from './frame.ts'
import type { Json, Values } from './json.ts'
import { NodeFailure } from './define.ts'
import type { InputSet, Plan, PlanInput, PlanNode, PlanSource } from './plan.ts'
import { puresOf } from './plan.ts'
import { show } from './schema.ts'
import { toType } from './sockets.ts'
import { NO_VALUES, PureFailure, toFailure } from './values.ts'

/** Outputs of pure nodes, as evaluated for one consumer: forgotten by a new stamp, not by clearing. */
export class PureValues {
  readonly #outputs: (Values | undefined)[] = []
  readonly #stamps: number[] = []
  #stamp = 0

  forget(): void {
    this.#stamp++
  }
  set(node: PlanNode, outputs: Values | undefined): void {
    this.#outputs[node.index] = outputs
    this.#stamps[node.index] = this.#stamp
  }
  get(node: PlanNode): Values | undefined {
    return this.#stamps[node.index] === this.#stamp ? this.#outputs[node.index] : undefined
  }
}

/** Evaluates a pure node for an activation, or takes what the journal says. */
export type Evaluate = (node: PlanNode, inputs: Values, activation: Activation) => Values

/** Reads a consumer's data inputs (rule 2). Throws a {@link NodeFailure} naming every input that has no value. */
export function gather(
  set: InputSet,
  frame: Frame,
  activation: Activation,
  pureValues: ReadonlyMap<Plan, PureValues>,
  evaluate: Evaluate,
): Values {
  if (set.inputs.length === 0) return NO_VALUES
  const pures = puresOf(set)
  const memo = pures.length > 0 ? pureValues.get(frame.plan) : undefined
  if (memo) {
    memo.forget()
    for (const pure of pures) evaluatePure(pure, frame, activation, memo, evaluate)
  }
  const inputs: Values = {}
  let missing: string[] | undefined
  for (const input of set.inputs) {
    const value = read(input, frame, activation, memo)
    if (value !== undefined) inputs[input.name] = value
    else if (input.socket.required) (missing ??= []).push(describeMissing(input, frame, memo))
  }
  if (missing) throw new NodeFailure('NO_VALUE', missing.join('; '), { retry: false })
  return inputs
}

/** A pure node of which a required input has no value has none itself: its consumer decides what that means. */
function evaluatePure(
  node: PlanNode,
  frame: Frame,
  activation: Activation,
  memo: PureValues,
  evaluate: Evaluate,
): void {
  const inputs: Values = {}
  for (const input of node.inputs.inputs) {
    const value = readFor(node, input, frame, activation, memo)
    if (value !== undefined) inputs[input.name] = value
    else if (input.socket.required) return memo.set(node, undefined)
  }
  memo.set(node, evaluate(node, inputs, activation))
}

/** What is wrong with an input of a pure node is its own failure, not its consumer's. */
function readFor(
  node: PlanNode,
  input: PlanInput,
  frame: Frame,
  activation: Activation,
  memo: PureValues,
): Json | undefined {
  try {
    return read(input, frame, activation, memo)
  } catch (error) {
    throw new PureFailure(toFailure(error, frame.prefix + node.id))
  }
}

function read(input: PlanInput, frame: Frame, activation: Activation, memo: PureValues | undefined): Json | undefined {
  const { sources } = input
  if (sources.length === 0) return input.fallback
  const source = sources.length === 1 ? sources[0] : choose(sources, frame, activation)
  const given = source && givenBy(source, activation)
  const value = given === undefined && source ? valueOf(source, frame, memo) : given
  if (value === undefined) return input.fallback
  if (!source?.convert) return value
  const fitting = toType(value, input.socket.type)
  if (fitting === undefined)
    throw new NodeFailure(
      'WRONG_TYPE',
      `input "${input.name}" expects ${input.socket.type}, got ${show(value)} from "${source.node.id}"`,
      { retry: false },
    )
  return fitting
}

/** Of several wires into one input: the one from the node that caused this activation, else the one written last, else a pure one. */
function choose(sources: readonly PlanSource[], frame: Frame, activation: Activation): PlanSource | undefined {
  const causing = sources.find(
    ({ node, socket }) => node === activation.cause && frame.look(node, socket) !== undefined,
  )
  if (causing) return causing
  let latest: PlanSource | undefined
  let stamp = -1
  for (const source of sources) {
    const written = frame.stampOf(source.node, source.socket)
    if (written > stamp) [latest, stamp] = [source, written]
  }
  return latest ?? sources.find(({ node }) => isPure(node)) ?? sources[0]
}

/** What the node that caused this activation gave with that: it may have run again since. */
function givenBy({ node, socket }: PlanSource, { cause, given }: Activation): Json | undefined {
  if (node !== cause) return undefined
  const value = given[socket]
  return typeof value === 'function' ? undefined : value
}

function valueOf({ node, socket }: PlanSource, frame: Frame, memo: PureValues | undefined): Json | undefined {
  if (!isPure(node)) return frame.look(node, socket)
  const value = memo?.get(node)?.[socket]
  return typeof value === 'function' ? undefined : value
}

function isPure(node: PlanNode): boolean {
  return node.kind === 'pure' && node.type.role === undefined
}

function describeMissing(input: PlanInput, frame: Frame, memo: PureValues | undefined): string {
  const source = input.sources[0]
  if (!source) return `input "${input.name}" has no value: nothing is wired to it`
  const start = rootCause(source, frame, memo)
  const why =
    start.node.type.role === 'input'
      ? `"${start.node.name}" was not given`
      : hasRun(start.node, frame)
        ? `"${start.node.id}" gave no "${start.socket}"`
        : `"${start.node.id}" has not run`
  return `input "${input.name}" has no value: ${why}`
}

function rootCause(source: PlanSource, frame: Frame, memo: PureValues | undefined): PlanSource {
  const seen = new Set<PlanNode>()
  let at = source
  while (isPure(at.node) && !seen.has(at.node)) {
    seen.add(at.node)
    const next = at.node.inputs.inputs.find(
      input =>
        input.socket.required &&
        input.sources.length > 0 &&
        input.sources.every(one => valueOf(one, frame, memo) === undefined),
    )
    if (!next?.sources[0]) break
    at = next.sources[0]
  }
  return at
}

function hasRun(node: PlanNode, frame: Frame): boolean {
  if (isPure(node)) return true
  for (let at: Frame | undefined = frame; at; at = at.outer) {
    const place = at.placeOf(node)
    if (place >= 0 && at.slots[place] !== undefined) return true
  }
  return false
}
