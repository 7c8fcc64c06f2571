import type { Answer } from '#graph/activation.ts'
import type { AnswerChoice } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import { invalid, notFound } from '#mesh/errors.ts'
import type { Call } from '#mesh/service.ts'
import { finished, settled, userOf } from './calls.ts'
import type { RunnerHandlers } from './handlers.ts'
import { readRunId } from './ids.ts'
import { readJson, toJson } from './json.ts'
import { BLOB_HASH } from './runs/blobs.ts'
import type { RunCommand } from './runs/commands.ts'
import { checkBreakpoints, howOf } from './runs/mode.ts'
import { toRunMessage } from './runs/record.ts'
import type { ForkRequest } from './runs/runs.ts'
import type { Runner } from './runner.ts'
import { documentText } from './spells/documents.ts'
import type { Library } from './spells/plans.ts'
import { hashOf } from './spells/plans.ts'

type Controls =
  | 'cancelRun'
  | 'pauseRun'
  | 'playRun'
  | 'answerRun'
  | 'sendToRun'
  | 'forkRun'
  | 'getBlob'
  | 'getRunDocuments'

/** What is done with runs that are there: asked, branched off, looked into. */
export function controlHandlers(runner: Runner): Pick<RunnerHandlers, Controls> {
  const { runs, store, stored, spells } = runner
  const ask = async (call: Call, id: string, command: RunCommand) => ({
    run: await runs.ask(userOf(call), id, command),
  })
  const find = async (call: Call, id: string) => {
    const row = await store.find(userOf(call), id)
    if (!row) throw notFound(`there is no run "${id}"`)
    return row
  }
  return {
    cancelRun: ({ runId }, call) => ask(call, runId, { kind: 'cancel', reason: 'cancelled by its user' }),
    pauseRun: ({ runId }, call) => ask(call, runId, { kind: 'pause' }),
    async playRun({ runId, step, breakpoints, setBreakpoints }, call) {
      checkBreakpoints(breakpoints)
      return ask(call, runId, { kind: 'play', step, ...(setBreakpoints ? { breakpoints } : {}) })
    },
    answerRun: ({ runId, activation, choice, value, outputs }, call) =>
      ask(call, runId, { kind: 'answer', activation, answer: readAnswer(choice, value, outputs) }),
    sendToRun: ({ runId, name, message }, call) =>
      ask(call, runId, { kind: 'send', name, message: (readJson(message, 'message') ?? null) as Json }),
    async forkRun({ runId, document, detached, limits, ...rest }, call) {
      const owner = userOf(call)
      const { id, again } = readRunId(call)
      if (again && (await store.find(owner, id))) return earlierFork(runner, call, id, detached)
      const changed = document.length > 0 ? await compileDraft(runner, owner, document) : undefined
      const { run, ignoredPins, how } = await runs.fork({
        ...{ owner, run: runId, id, ...rest },
        ...(changed ? { changed } : {}),
        ...(limits ? { limits } : {}),
      })
      await settled(run, detached, call.signal)
      return { run: toRunMessage(run.row()), ignoredPins, how }
    },
    async getBlob({ runId, hash }, call) {
      await find(call, runId)
      const value = BLOB_HASH.test(hash) ? (await store.blobs(runId, [hash])).get(hash) : undefined
      if (value === undefined) throw notFound(`the run "${runId}" has no value "${hash}"`)
      return { value: toJson(value) }
    },
    async getRunDocuments({ runId }, call) {
      const row = await find(call, runId)
      const library = Object.entries(JSON.parse(row.library) as Library)
      const documents = await Promise.all(
        library.map(async ([name, [spell, revision]]) => {
          const found = await spells.load(row.owner, spell, revision)
          return [name, found.document] as const
        }),
      )
      return {
        document: toJson(JSON.stringify(await stored.document(row))),
        library: toJson(JSON.stringify(Object.fromEntries(documents))),
      }
    },
  }
}

/** A branch that an earlier call has started. */
async function earlierFork(runner: Runner, call: Call, id: string, detached: boolean) {
  const owner = userOf(call)
  const run = await finished(runner, owner, id, detached, call.signal)
  return { run, ignoredPins: [], how: howOf((await runner.store.find(owner, id))?.mode ?? '{}') }
}

const CHOICES: readonly string[] = ['answer', 'retry', 'use', 'fail', 'expired'] satisfies readonly AnswerChoice[]

function readAnswer(choice: string, value: Uint8Array, outputs: Uint8Array): Answer {
  if (choice !== '' && !CHOICES.includes(choice))
    throw invalid([{ path: 'choice', message: `expected ${CHOICES.join(', ')}; got "${choice}"` }])
  const [given, set] = [readJson(value, 'value'), readJson(outputs, 'outputs')]
  if (set !== undefined && !isObject(set)) throw invalid([{ path: 'outputs', message: 'expected an object' }])
  return {
    choice: (choice || 'answer') as AnswerChoice,
    ...(given === undefined ? {} : { value: given as Json }),
    ...(set === undefined ? {} : { outputs: set }),
  }
}

/** The spell that a branch goes on with: kept as a draft, so that the run can be taken up. */
async function compileDraft(
  { plans, store }: Runner,
  owner: string,
  document: Uint8Array,
): Promise<NonNullable<ForkRequest['changed']>> {
  const parsed = parseDocument(readJson(document, 'document'))
  if (!parsed.document) throw invalid(parsed.problems)
  const text = documentText(parsed.document)
  const draft = hashOf(text)
  const compiled = await plans.compile(owner, parsed.document, text)
  await store.putDraft(draft, text)
  return { compiled, draft }
}
