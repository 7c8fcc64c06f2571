import { createDigest } from '#graph/digest.ts'
import type { Chunk, Entry, TerminalEntry } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { JsonObject, Values } from '#graph/json.ts'
import type { Plan } from '#graph/plan.ts'
import type { Observed, Run, RunHost } from '#graph/run.ts'
import { startRun } from '#graph/run.ts'
import { USER } from './workshop.ts'

/** One run of a plan, and who is told of it. */
export interface Performance {
  readonly plan: Plan
  readonly inputs: Values
  readonly state: JsonObject
  readonly host: RunHost
  readonly seed: number
  readonly startAt?: string
  onEntry?(entry: Entry): void
  onChunk?(chunk: Chunk): void
  onObserved?(observed: Observed): void
  /** It is at work. */
  onStart?(run: Run): void
}

/** Runs a plan to its end; answers the whole journal with its digest. */
export async function perform(performance: Performance): Promise<{ entries: Entry[]; terminal: TerminalEntry }> {
  const { plan, inputs, state, host, seed, startAt, onEntry, onChunk, onObserved, onStart } = performance
  const entries: Entry[] = []
  const digest = createDigest()
  const run = startRun({
    run: `r_${crypto.randomUUID()}`,
    spell: plan.document.name,
    revision: 0,
    user: USER,
    plan,
    inputs,
    state,
    seed,
    host,
    ...(startAt === undefined ? {} : { startAt }),
    append(entry) {
      const text = JSON.stringify(entry)
      entries.push(JSON.parse(text) as Entry)
      if (!isTerminal(entry)) digest.add(text)
      onEntry?.(entry)
    },
    digest(terminal) {
      digest.add(JSON.stringify(terminal))
      return digest.hex()
    },
    ...(onChunk ? { chunk: onChunk } : {}),
    ...(onObserved ? { observe: onObserved } : {}),
  })
  onStart?.(run)
  return { terminal: await run.done, entries }
}
