// Spellmesh: every node's end is an entry of the journal, with its outputs, in order and with an identity; kept in memory here.
import type { Entry } from '#graph/journal.ts'
import type { Values } from '#graph/json.ts'
import type { Contender, Shape, Wait } from '../contender.ts'
import { chain, fan, loop, runOnce } from '../kit.ts'

export const contender: Contender = {
  name: 'Spellmesh',
  overlaps: true,
  async open(shape, wait) {
    const plan = planOf(shape, wait)
    const inputs: Values = shape.kind === 'loop' ? { list: Array.from({ length: shape.times }, (_, i) => i) } : {}
    if (wait) return async () => outcomeOf(await runOnce(plan, inputs), shape, 0)
    // What is around the steps is the same in every run: it is counted once, and only the number of entries is looked at from then on.
    const first = await runOnce(plan, inputs)
    const around = first.length - outcomeOf(first, shape, 0).steps
    return async () => outcomeOf(await runOnce(plan, inputs), shape, around)
  },
}

function planOf(shape: Shape, wait: Wait | undefined) {
  if (shape.kind === 'chain') return chain(shape.count, wait)
  return shape.kind === 'fan' ? fan(shape.count) : loop(shape.count)
}

const isStep = (entry: Entry) => entry.kind === 'node.ended' && /^s\d/.test(entry.node) && entry.node !== 'start'

function outcomeOf(journal: readonly Entry[], shape: Shape, around: number) {
  const last = journal.at(shape.kind === 'chain' ? -2 : -3)
  return {
    steps: around > 0 ? journal.length - around : journal.filter(isStep).length,
    last: last?.kind === 'node.ended' ? last.outputs['value'] : undefined,
  }
}
