// For tests: the service as its callers see it, and what they all do with it.
import type { Entry } from '#graph/journal.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

export const system = (settings: Record<string, string> = {}): Promise<TestSystem> =>
  embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0', ...settings } })

export type Runner = ReturnType<typeof as>
/** The service as this user calls it. */
export const as = (running: TestSystem, user: string) => running.as(user).client(SpellRunnerServiceDefinition)

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
export const read = (bytes: Uint8Array | undefined): unknown =>
  JSON.parse(Buffer.from(bytes ?? []).toString() || 'null') as unknown

export async function create(runner: Runner, spell: object): Promise<string> {
  const { spell: made } = await runner.createSpell({ document: json(spell) })
  return made?.id ?? ''
}

export async function start(runner: Runner, spellId: string, more: object = {}) {
  const { run, ignoredPins } = await runner.startRun({ spellId, inputs: json({}), ...more })
  if (!run) throw new Error('no run')
  return { ...run, ignoredPins }
}

export async function entriesOf(runner: Runner, runId: string): Promise<Entry[]> {
  const { entries } = await runner.listEntries({ runId, limit: 2_000 })
  return read(entries) as Entry[]
}

/** Resolves when an entry fits; entries are watched from the first on. */
export async function until(runner: Runner, runId: string, fits: (entry: Entry) => boolean): Promise<Entry> {
  for await (const { entries } of runner.watchRun({ runId }))
    for (const bytes of entries) {
      const entry = read(bytes) as Entry
      if (fits(entry)) return entry
    }
  throw new Error('the run ended without such an entry')
}
export const ofKind =
  (kind: Entry['kind']) =>
  (entry: Entry): boolean =>
    entry.kind === kind
