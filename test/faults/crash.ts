// A run is interrupted at every point between its effects and their commits, and taken up by the next process: nothing may be lost or done twice.
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Run } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Entry } from '#graph/journal.ts'
import type { Database } from '#mesh/database.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import type { Host } from '#mesh/host.ts'
import type { Client } from '#mesh/service.ts'
import { spellOf } from '#nodes/examples.suite.ts'
import type { Effect } from './history.ts'
import type { Life } from './mortal.ts'
import { createLife, mortalDatabase } from './mortal.ts'
import { openOutside } from './outside.ts'
import type { Outside } from './outside.ts'

/** A loop, two branches, a model, a change of state, something that must not be repeated, and a question. */
export const everything = (sendTo: string) =>
  spellOf(
    {
      start: { type: 'flow/start' },
      list: { type: 'text/split', config: { separator: '' }, values: { text: 'ab' } },
      each: { type: 'flow/for-each', config: { concurrency: 2 } },
      log: { type: 'debug/log' },
      wait: { type: 'flow/delay', config: { ms: 1 } },
      now: { type: 'time/now' },
      prompt: { type: 'text/template', config: { template: 'At {{time}}' } },
      ask: { type: 'ai/complete', config: { model: 'openai/tiny-1' } },
      read: { type: 'state/read', config: { key: 'n' } },
      add: { type: 'math/calculate', config: { expression: 'n + 1' } },
      write: { type: 'state/write', config: { key: 'n' } },
      send: { type: 'web/send', config: { method: 'POST', key: true, url: sendTo }, values: { body: 'pay' } },
      question: { type: 'flow/ask', config: { prompt: 'Well?' } },
      out: { type: 'flow/output', config: { name: 'said' } },
      model: { type: 'flow/output', config: { name: 'model' } },
    },
    [
      ['start.out', 'each.in'],
      ['list.list', 'each.list'],
      ['each.each', 'wait.in'],
      ['wait.out', 'log.in'],
      ['each.item', 'log.value'],
      ['each.done', 'now.in'],
      ['now.out', 'ask.in'],
      ['now.iso', 'prompt.time'],
      ['prompt.text', 'ask.prompt'],
      ['ask.out', 'write.in'],
      ['read.value', 'add.n'],
      ['add.result', 'write.value'],
      ['write.out', 'send.in'],
      ['send.out', 'question.in'],
      ['question.answered', 'out.in'],
      ['question.text', 'out.value'],
      ['out.out', 'model.in'],
      ['ask.text', 'model.value'],
    ],
    { state: { n: { initial: 0 } } },
  )

/** One process: a spell-runner and what it uses. */
interface Process {
  readonly life: Life
  readonly host: Host
  readonly runner: Client<typeof SpellRunnerServiceDefinition>
}

/** What became of a run that was interrupted at a point. */
export interface Outcome {
  /** Where it was interrupted; undefined: it came to its end before. */
  readonly interrupted: string | undefined
  readonly run: Run
  readonly texts: readonly string[]
  /** What was committed when it was interrupted. */
  readonly before: readonly string[]
  /** The key's value in the spell's state. */
  readonly count: unknown
  /** What had happened outside when it ended. */
  readonly effects: readonly Effect[]
}

const USER = 'ada'
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const read = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString() || 'null') as unknown

/** Runs the spell to its end, on a process that dies at this point, 1 first, and then on another. */
export async function interruptAt(database: Database, point: number): Promise<Outcome> {
  const outside = await openOutside()
  const processes: Process[] = []
  const begin = async (last: number) => {
    const process = await openProcess(database, outside, last)
    processes.push(process)
    return process
  }
  try {
    const first = await begin(point)
    const { spell } = await first.runner.createSpell({ document: json(everything(`${outside.url}/send`)) })
    const spellId = spell?.id ?? ''
    first.life.begin()
    // A dead process asks for nothing: what comes then is from the next one.
    outside.watch(what => (first.life.isOver ? Promise.resolve() : first.life.pass(what)))
    const done = perform(first, spellId, outside)
    await Promise.race([done, first.life.over])
    const before = await textsOf(database, spellId)
    const isInterrupted = first.life.isOver
    const run = isInterrupted ? await perform(await begin(0), spellId, outside) : await done
    return {
      interrupted: isInterrupted ? first.life.passed.at(-1) : undefined,
      run,
      texts: await textsOf(database, spellId),
      before,
      count: await countOf(database, spellId),
      // Before the dead are buried: their ends are heard outside.
      effects: [...outside.effects],
    }
  } finally {
    for (const { life } of processes) life.bury()
    await Promise.all(processes.map(({ host }) => host.stop()))
    await outside[Symbol.asyncDispose]()
  }
}

async function openProcess(database: Database, outside: Outside, last: number): Promise<Process> {
  const life = createLife(last)
  const host = await startHost({
    // With all that these ask: for what is not there they would wait.
    services: await loadServices(['user', 'cache', 'huggingface', 'completion', 'spell-runner']),
    source: {
      ...{ LOG_LEVEL: 'silent', DRAIN_MS: '500', RUN_DRAIN_MS: '0', RUN_IDLE_MS: '0', OUTBOUND_ALLOW: '127.0.0.1' },
      ...{ OPENAI_BASE_URL: `${outside.url}/v1`, COMPLETION_LEASE_MS: '200' },
    },
    serve: false,
    database: mortalDatabase(database, life),
  })
  return { life, host, runner: host.client(SpellRunnerServiceDefinition, { user: USER, service: 'edge' }) }
}

/** What a careful person does: starts the run, once; answers what it asks; and looks outside before anything is repeated. */
async function perform({ runner }: Process, spellId: string, outside: Outside): Promise<Run> {
  const request = { spellId, inputs: json({}), idempotencyKey: `once ${spellId}`, detached: true }
  const { run: begun } = await runner.startRun(request, { deadlineMs: 60_000 })
  const runId = begun?.id ?? ''
  const answered = new Set<string>()
  for (;;) {
    const { run } = await runner.getRun({ runId }, { deadlineMs: 60_000 })
    if (run && run.endedAt > 0) return run
    const { entries } = await runner.listEntries({ runId, limit: 2_000 }, { deadlineMs: 60_000 })
    for (const wait of read(entries) as Entry[]) {
      if (wait.kind !== 'run.waiting' || answered.has(wait.activation)) continue
      const answer = answerTo(wait, runId, outside)
      await runner
        .answerRun({ runId, activation: wait.activation, ...answer }, { deadlineMs: 60_000 })
        .catch(() => undefined)
      answered.add(wait.activation)
    }
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

function answerTo({ reason, activation }: { reason: string; activation: string }, run: string, { effects }: Outside) {
  if (reason === 'question') return { value: json({ text: 'well' }) }
  const happened = effects.some(({ key }) => key === `${run}:${activation}`)
  return happened ? { choice: 'use', outputs: json({ status: 200, text: 'taken' }) } : { choice: 'retry' }
}

async function textsOf(database: Database, spell: string): Promise<readonly string[]> {
  const rows = await database.transaction(session =>
    session.query<{ texts: string }>(
      'select b.texts from spell_runner.batches b join spell_runner.runs r on r.id = b.run where r.spell = $1 order by b.first_seq',
      [spell],
    ),
  )
  return rows.flatMap(({ texts }) => texts.split('\n'))
}

async function countOf(database: Database, spell: string): Promise<unknown> {
  const [row] = await database.transaction(session =>
    session.query<{ value: unknown }>("select value from spell_runner.state where spell = $1 and key = 'n'", [spell]),
  )
  return row?.value
}
