// What must hold for every spell, tried on random ones.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkDocument } from './check.ts'
import type { SpellDocument } from './document.ts'
import type { Entry, TerminalEntry } from './journal.ts'
import type { Execution } from './kit.suite.ts'
import type { KnownEnd, ResultStore } from './known.ts'
import { createKit, execute, host } from './kit.suite.ts'
import { parseDocument } from './parse.ts'
import { compile, PlanError } from './plan.ts'
import { settledSpells, wildSpells } from './random.suite.ts'
import { replay } from './replay.ts'
import type { Observed } from './run.ts'

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 40)
const LONG = 120_000

async function play(document: SpellDocument, options: Execution = {}) {
  const calls = { made: [] as string[] }
  const plan = compile(document, createKit(calls))
  const observed: Observed[] = []
  const kept = new Map<string, KnownEnd>()
  const results: ResultStore = {
    get: key => Promise.resolve(kept.get(key)),
    put: (key, end) => void kept.set(key, end),
  }
  const played = await execute(plan, {
    observe: one => void observed.push(one),
    ...options,
    host: { results, ...options.host },
  })
  return { ...played, plan, observed, calls: calls.made }
}

/** Whether it runs at all: a random data wire may be refused. */
function compiles(document: SpellDocument): boolean {
  try {
    compile(document, createKit({ made: [] }))
    return true
  } catch (error) {
    if (error instanceof PlanError) return false
    throw error
  }
}

const outcome = (terminal: TerminalEntry) =>
  terminal.kind === 'run.completed'
    ? { outputs: terminal.outputs, state: terminal.state }
    : terminal.kind === 'run.failed'
      ? { code: terminal.error.code }
      : {}

/** What happened, without when and in which order. */
const essence = (entries: readonly Entry[]) =>
  entries
    .flatMap(entry =>
      entry.kind === 'node.ended' ? [`${entry.activation} ${entry.node} ${JSON.stringify(entry.outputs)}`] : [],
    )
    .toSorted()

test(
  'every prefix of every journal resumes to the same outcome, and keeps what it had',
  async () => {
    await fc.assert(
      fc.asyncProperty(settledSpells, fc.nat(), async (document, cut) => {
        const whole = await play(document)
        const length = 1 + (cut % whole.entries.length)
        const journal = whole.entries.slice(0, length)
        const again = await play(document, { journal })
        expect(again.entries.slice(0, length)).toEqual(journal)
        expect(outcome(again.terminal)).toEqual(outcome(whole.terminal))
        expect(essence(again.entries)).toEqual(essence(whole.entries))
      }),
      { numRuns: 4 * RUNS },
    )
  },
  LONG,
)

test(
  'a replay is the run, entry for entry, and reads what the run read',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(settledSpells, wildSpells), async document => {
        if (!compiles(document)) return
        const { plan, entries, observed } = await play(document, { limits: { activations: 300 } })
        const again: Observed[] = []
        expect(await replay(plan, entries, { observe: one => void again.push(one) })).toEqual({
          entries: entries.length,
        })
        expect(again).toEqual(observed)
      }),
      { numRuns: 4 * RUNS },
    )
  },
  LONG,
)

test(
  'a replay is the run however often the event loop takes its turn',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(settledSpells, wildSpells), fc.nat({ max: 3 }), async (document, slowness) => {
        if (!compiles(document)) return
        // Every look at the clock ends the slice.
        let now = 0
        const { plan, entries } = await play(document, {
          limits: { activations: 300, wallClockMs: 1e9 },
          host: { now: () => (now += 10), turn: () => new Promise(resolve => setTimeout(resolve, slowness)) },
        })
        expect(await replay(plan, entries)).toEqual({ entries: entries.length })
      }),
      { numRuns: 2 * RUNS },
    )
  },
  LONG,
)

test(
  'identities and values do not depend on how branches interleave',
  async () => {
    await fc.assert(
      fc.asyncProperty(settledSpells, fc.infiniteStream(fc.nat({ max: 4 })), async (document, delays) => {
        const plain = await play(document)
        const shuffled = await play(document, {
          host: { sleep: (ms, signal) => host.sleep(ms + (delays.next().value ?? 0), signal) },
        })
        expect(outcome(shuffled.terminal)).toEqual(outcome(plain.terminal))
        expect(essence(shuffled.entries)).toEqual(essence(plain.entries))
      }),
      { numRuns: RUNS },
    )
  },
  LONG,
)

test(
  'runs at the same time are as they would be alone',
  async () => {
    await fc.assert(
      fc.asyncProperty(settledSpells, async document => {
        const alone = await play(document)
        const plan = compile(document, createKit({ made: [] }))
        const together = await Promise.all(Array.from({ length: 5 }, () => execute(plan)))
        for (const { terminal, entries } of together) {
          expect(outcome(terminal)).toEqual(outcome(alone.terminal))
          expect(essence(entries)).toEqual(essence(alone.entries))
        }
      }),
      { numRuns: RUNS },
    )
  },
  LONG,
)

test(
  'a pure producer is evaluated once for each activation that reads it, however many ways lead to it',
  async () => {
    await fc.assert(
      fc.asyncProperty(settledSpells, async document => {
        const { observed, entries } = await play(document)
        const times = new Map<string, number>()
        for (const { activation, node } of observed)
          times.set(`${activation} ${node}`, (times.get(`${activation} ${node}`) ?? 0) + 1)
        // The end of an iteration reads again, for what it collects.
        const retried = new Set(entries.flatMap(entry => (entry.kind === 'scope.opened' ? [entry.activation] : [])))
        const more = [...times].filter(([key, count]) => count > 1 && !retried.has(key.split(' ')[0] ?? ''))
        expect(more).toEqual([])
      }),
      { numRuns: RUNS },
    )
  },
  LONG,
)

test(
  'whatever is wired to whatever, a run ends: by itself, or at the limit that it names',
  async () => {
    await fc.assert(
      fc.asyncProperty(wildSpells, async document => {
        if (!compiles(document)) return
        const { terminal, entries } = await play(document, { limits: { activations: 500, depth: 8 } })
        expect(entries.length).toBeLessThan(5_000)
        expect(terminal.lastSeq).toBe(entries.length)
        const why =
          terminal.kind === 'run.failed' && terminal.error.code === 'BUDGET'
            ? terminal.error.message
            : 'limit of 8 scopes'
        expect(why).toMatch(/limit of (500 activations|8 scopes)/)
      }),
      { numRuns: 2 * RUNS },
    )
  },
  LONG,
)

test(
  'a run that is paused, stepped and played ends as it would have, and replays',
  async () => {
    await fc.assert(
      fc.asyncProperty(settledSpells, fc.array(fc.nat({ max: 60 }), { maxLength: 4 }), async (document, pauses) => {
        const plain = await play(document)
        const at = new Set(pauses)
        const { plan, entries, terminal } = await play(document, {
          onEntry(entry, run) {
            if (run.standing === 'ended') return
            if (entry.kind === 'run.paused')
              setImmediate(() => run.standing !== 'ended' && run.play(entry.seq % 3 === 0))
            else if (at.delete(entry.seq)) run.pause()
          },
        })
        expect(outcome(terminal)).toEqual(outcome(plain.terminal))
        expect(essence(entries)).toEqual(essence(plain.entries))
        expect(await replay(plan, entries)).toEqual({ entries: entries.length })
      }),
      { numRuns: 2 * RUNS },
    )
  },
  LONG,
)

test(
  'no input makes parse or check throw: a document, or a list of problems with paths',
  () => {
    const registry = createKit({ made: [] })
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 6 }),
      fc.record(
        {
          format: fc.constantFrom('spell/1', 'spell/2', 1),
          name: fc.oneof(fc.string(), fc.jsonValue()),
          nodes: fc.dictionary(
            fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'a.b', ''), fc.string()),
            fc.oneof(
              fc.record(
                {
                  type: fc.oneof(fc.constantFrom(...registry.keys(), 'missing/x', 'toString'), fc.string()),
                  config: fc.jsonValue(),
                  values: fc.jsonValue(),
                  retry: fc.jsonValue(),
                  reuse: fc.jsonValue(),
                  at: fc.jsonValue(),
                },
                { requiredKeys: [] },
              ),
              fc.jsonValue(),
            ),
          ),
          wires: fc.oneof(
            fc.array(
              fc.tuple(
                fc.constantFrom('a.out', 'b.value', 'a.__proto__', 'x'),
                fc.constantFrom('b.in', 'a.a', '.', ''),
              ),
            ),
            fc.jsonValue(),
          ),
          state: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    )
    fc.assert(
      fc.property(odd, value => {
        const { document, problems } = parseDocument(value)
        expect(problems.length === 0).toBe(document !== undefined)
        expect(problems.filter(problem => typeof problem.path !== 'string' || problem.message === '')).toEqual([])
        const found = document ? checkDocument(document, registry) : []
        expect(found.filter(({ message }) => message === '')).toEqual([])
        expect(document === undefined || !compiles(document) || found.length === 0).toBe(true)
      }),
      { numRuns: 50 * RUNS },
    )
  },
  LONG,
)
