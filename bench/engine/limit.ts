// The limit: the same work written by hand, with nothing between the calls but one event object each.
import type { Entry, NodeEnded } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'

type Emit = (entry: Entry) => void

/** The event of one node: everybody who tells of its nodes' ends makes the same of it. */
export const toEvent = (seq: number, node: string, value: Json): NodeEnded => ({
  seq,
  at: Date.now(),
  kind: 'node.ended',
  node,
  activation: '0000000000000000',
  outputs: { value },
  pulses: ['out'],
})

const step = async (value: number, node: string, seq: number, emit: Emit): Promise<number> => {
  const result = value + 1
  emit(toEvent(seq, node, result))
  return result
}

export async function chainByHand(names: readonly string[]): Promise<readonly Entry[]> {
  const events: Entry[] = []
  const emit = (entry: Entry) => void events.push(entry)
  let value = 0
  for (const name of names) value = await step(value, name, events.length + 1, emit)
  return events
}

export async function fanByHand(names: readonly string[]): Promise<readonly Entry[]> {
  const events: Entry[] = []
  const emit = (entry: Entry) => void events.push(entry)
  await Promise.all(names.map((name, index) => step(index, name, index + 1, emit)))
  return events
}

export async function loopByHand(count: number, names: readonly string[]): Promise<readonly Entry[]> {
  const events: Entry[] = []
  const emit = (entry: Entry) => void events.push(entry)
  for (let i = 0; i < count; i++) {
    let value = i
    for (const name of names) value = await step(value, name, events.length + 1, emit)
  }
  return events
}

/** The chain again, with something to wait for in each step. */
export async function chainByHandWaiting(
  names: readonly string[],
  wait: (value: number) => Promise<void>,
): Promise<readonly Entry[]> {
  const events: Entry[] = []
  const emit = (entry: Entry) => void events.push(entry)
  let value = 0
  for (const name of names) {
    await wait(value)
    value = await step(value, name, events.length + 1, emit)
  }
  return events
}
