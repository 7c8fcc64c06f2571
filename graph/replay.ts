import { NodeFailure } from './define.ts'
import type { NodeServices } from './define.ts'
import { Engine } from './engine.ts'
import type { Entry } from './journal.ts'
import type { Values } from './json.ts'
import type { Plan } from './plan.ts'
import type { Observed } from './run.ts'

export { DivergenceError } from './cursor.ts'

/** How to replay. */
export interface ReplayOptions {
  /** Tells of every activation with what it read, in the order of the run. */
  observe?(observed: Observed): void
  /** With both, the event loop turns at least every 5 ms. */
  now?(): number
  turn?(): Promise<void>
}

const nothing = (): never => {
  throw new NodeFailure('REPLAY', 'a replay reaches nothing outside')
}

/**
 * Runs the graph from its record alone: the same engine, with every node answering what it answered then. Resolves with the entries followed,
 * all of them. Rejects with {@link DivergenceError} where the record does not follow from this plan. A record without its end is followed as far as it goes.
 */
export async function replay(
  plan: Plan,
  entries: readonly Entry[],
  options: ReplayOptions = {},
): Promise<{ entries: number }> {
  const first = entries[0]
  if (first?.kind !== 'run.started') return { entries: 0 }
  const engine = new Engine({
    run: first.run,
    spell: first.spell,
    revision: first.revision,
    user: '',
    plan,
    inputs: first.inputs as Values,
    state: first.state,
    seed: first.seed,
    ...(first.startAt === undefined ? {} : { startAt: first.startAt }),
    journal: entries,
    replayOnly: true,
    append: nothing,
    ...(options.observe ? { observe: options.observe } : {}),
    limits: { activations: Infinity, outputBytes: Infinity, depth: 1000 },
    host: {
      now: options.now ?? (() => 0),
      turn: options.turn ?? (() => Promise.resolve()),
      sleep: () => new Promise(() => undefined),
      services: {} as NodeServices,
      sandbox: { run: nothing },
      fetch: nothing,
    },
  })
  engine.start()
  while (!engine.ended) await (options.turn?.() ?? Promise.resolve())
  if (engine.error) throw engine.error
  return { entries: engine.seq }
}
