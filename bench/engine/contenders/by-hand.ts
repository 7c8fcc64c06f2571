// The limit: see limit.ts.
import type { Contender } from '../contender.ts'
import { namesOf } from '../contender.ts'
import { chainByHand, chainByHandWaiting, fanByHand, loopByHand } from '../limit.ts'

export const contender: Contender = {
  name: 'by hand (async calls, an event each)',
  overlaps: true,
  open(shape, wait) {
    const names = namesOf(shape.count)
    const run = wait
      ? () => chainByHandWaiting(names, wait)
      : shape.kind === 'chain'
        ? () => chainByHand(names)
        : shape.kind === 'fan'
          ? () => fanByHand(names)
          : () => loopByHand(shape.times, names)
    return async () => {
      const events = await run()
      const last = events.at(-1)
      return { steps: events.length, last: last?.kind === 'node.ended' ? last.outputs['value'] : undefined }
    }
  },
}
