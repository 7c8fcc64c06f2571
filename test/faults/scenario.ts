// One mesh, one workload, some faults one after the other; then everything must be as it has to be.
import { checkHistory } from './check.ts'
import { FAULTS } from './faults.ts'
import type { Stage } from './faults.ts'
import type { History } from './history.ts'
import { openOracle } from './oracle.ts'
import type { Oracle } from './oracle.ts'
import { openOutside } from './outside.ts'
import { createRandom } from './random.ts'
import { startSystem } from './system.ts'
import type { System } from './system.ts'
import { openWorkload } from './workload.ts'
import type { Workload } from './workload.ts'

export interface ScenarioOptions {
  readonly seed: number
  readonly faults: readonly string[]
  readonly long: boolean
  readonly runners: number
  readonly edges: number
  readonly people: number
  readonly atOnce: number
  readonly leaseMs: number
  readonly settleMs: number
  log(text: string): void
  /** Takes the whole history, to look into it. */
  dump?(history: History): void
}

export interface Report {
  readonly problems: readonly string[]
  readonly runs: number
  readonly entries: number
  /** How many entries applications were told of, all together. */
  readonly told: number
  readonly takenUp: number
  readonly effects: number
  readonly done: ReadonlyMap<string, number>
  /** Times of coming back, in milliseconds. */
  readonly recoveries: ReadonlyMap<string, readonly number[]>
}

export async function playScenario(options: ScenarioOptions): Promise<Report> {
  const random = createRandom(options.seed)
  const opened: AsyncDisposable[] = []
  let said: System['said'] = []
  const keep = <T extends AsyncDisposable>(one: T): T => {
    opened.unshift(one)
    return one
  }
  try {
    const outside = keep(await openOutside())
    const system = keep(await startSystem({ ...options, random, settings: settingsOf(options, outside.url) }))
    said = system.said
    const oracle = keep(openOracle(system.databaseUrl, 500))
    const workload = await openWorkload({ ...options, url: system.url, effectsUrl: outside.url, random })
    keep({ [Symbol.asyncDispose]: async () => workload.close() })
    const recoveries = new Map<string, number[]>()
    await injectAll(options.faults, {
      ...{ system, outside, oracle, long: options.long, log: options.log },
      // Of its own: what is broken does not depend on what people did meanwhile.
      random: createRandom(~options.seed),
      observers: () => workload.observers,
      recovered: (what, ms) => void recoveries.set(what, [...(recoveries.get(what) ?? []), ms]),
    })
    await workload.finish()
    const history = await writeDown(workload, system, oracle, outside.effects)
    options.dump?.(history)
    return { ...toReport(history, workload), recoveries }
  } catch (error) {
    for (const { process, line } of said.slice(-10)) options.log(`${process} said ${line}`)
    throw error
  } finally {
    for (const one of opened) await one[Symbol.asyncDispose]()
  }
}

function settingsOf({ leaseMs }: ScenarioOptions, outside: string): Readonly<Record<string, string>> {
  return {
    REGISTRATION: 'open',
    RUN_LEASE_MS: String(leaseMs),
    RUN_IDLE_MS: '300',
    COMPLETION_LEASE_MS: '3000',
    OPENAI_BASE_URL: `${outside}/v1`,
    RUNS_PER_USER: '200',
  }
}

/** One after the other, with some quiet time between. */
async function injectAll(faults: readonly string[], stage: Stage): Promise<void> {
  for (const name of faults) {
    await new Promise(resolve => setTimeout(resolve, 500 + stage.random.below(1_000)))
    const inject = FAULTS.get(name)
    if (!inject) throw new Error(`there is no fault "${name}"; there are ${[...FAULTS.keys()].join(', ')}`)
    await inject(stage)
  }
  await new Promise(resolve => setTimeout(resolve, 1_000))
}

async function writeDown(
  workload: Workload,
  { said }: System,
  oracle: Oracle,
  effects: History['effects'],
): Promise<History> {
  const { runs } = await oracle.look()
  const counters = new Map<string, { expected: number; found: number }>()
  for (const spell of workload.counters) {
    const expected = [...runs.values()].filter(run => run.spell === spell && run.status === 'completed').length
    counters.set(spell, { expected, found: Number((await oracle.state(spell)).get('n') ?? 0) })
  }
  return {
    clients: workload.observers.map(({ history }) => history),
    samples: oracle.samples,
    effects,
    said,
    users: new Map(workload.people.map(({ name, id }) => [name, id])),
    counters,
  }
}

function toReport(history: History, { done }: Workload): Omit<Report, 'recoveries'> {
  const runs = [...(history.samples.at(-1)?.runs.values() ?? [])]
  return {
    problems: checkHistory(history),
    runs: runs.length,
    entries: runs.reduce((sum, { texts }) => sum + texts.length, 0),
    told: history.clients.reduce((sum, { events }) => sum + events.filter(({ kind }) => kind === 'told').length, 0),
    takenUp: runs.reduce((sum, { attempt }) => sum + attempt - 1, 0),
    effects: history.effects.length,
    done,
  }
}
