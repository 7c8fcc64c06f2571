// The limit: the same work written by hand, with nothing between the calls but one event object each.
import type { Entry } from '#graph/journal.ts'

type Emit = (entry: Entry) => void

const step = async (value: number, node: string, seq: number, emit: Emit): Promise<number> => {
  const result = value + 1
  emit({
    seq,
    at: Date.now(),
    kind: 'node.ended',
    node,
    activation: '0000000000000000',
    outputs: { value: result },
    pulses: ['out'],
  })
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
