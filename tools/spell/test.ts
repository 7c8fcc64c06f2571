import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { digestOfEntries } from '#graph/digest.ts'
import { checkInputs } from '#graph/interface.ts'
import type { Answer } from '#graph/activation.ts'
import type { Entry, RunStarted } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { Problem } from '#graph/document.ts'
import { DivergenceError } from '#graph/replay.ts'
import type { Run } from '#graph/run.ts'
import { invalid, isCoded } from '#mesh/errors.ts'
import { Answers } from './answers.ts'
import { compareRuns } from './compare.ts'
import { isRecordingName, loadSpell, messageOf, planOf, RECORDINGS } from './files.ts'
import { perform } from './perform.ts'
import { readRecording } from './recording.ts'
import type { Recording } from './recording.ts'
import type { Workshop } from './workshop.ts'

/** What is told of one recording. */
interface Verdict {
  readonly summary: string
  /** What is wrong, or differs. */
  readonly differences: readonly string[]
}

/** `spell test`: replays every recording, and runs the spells beside them with what was recorded. Answers the status: 1 where anything differs. */
export async function testFolder(folder: string, workshop: Workshop, print: (text: string) => void): Promise<number> {
  const files = await findRecordings(folder)
  if (files.length === 0)
    throw invalid([{ path: folder, message: `has no recording: expected *${RECORDINGS.join(', *')}` }])
  let different = 0
  for (const file of files) {
    const { summary, differences } = await testRecording(join(folder, file), workshop)
    if (differences.length > 0) different++
    print(`${differences.length > 0 ? 'FAIL' : 'ok  '} ${file}: ${summary}`)
    for (const line of differences) print(`       ${line}`)
  }
  print(`${files.length - different} as recorded, ${different} not`)
  return different > 0 ? 1 : 0
}

async function findRecordings(folder: string): Promise<readonly string[]> {
  try {
    const files = await readdir(folder, { recursive: true })
    return files.filter(file => isRecordingName(file) && !file.split(/[\\/]/).includes('node_modules')).toSorted()
  } catch (error) {
    throw invalid([{ path: folder, message: `cannot be read: ${messageOf(error)}` }])
  }
}

async function testRecording(file: string, workshop: Workshop): Promise<Verdict> {
  try {
    const recording = await readRecording(file)
    const answers = await reproduce(recording, workshop)
    const summary = `${recording.entries.length} entries reproduced`
    const beside = file.replace(/\.run(\.json)?$/, '.json')
    if (!existsSync(beside)) return { summary, differences: [] }
    const name = relative(join(file, '..'), beside)
    if (recording.entries.at(-1)?.kind === 'run.cancelled')
      return { summary: `${summary}; it was stopped, so ${name} is not compared`, differences: [] }
    const differences = await runAnew(recording, answers, beside, workshop)
    const anew = [...answers.anew].map(([node, times]) => `${node} × ${times}`).join(', ')
    const asked = anew === '' ? '' : `; executed anew: ${anew}`
    return {
      summary: `${summary}; ${name} ${differences.length > 0 ? 'differs' : 'does the same'}${asked}`,
      differences,
    }
  } catch (error) {
    if (error instanceof DivergenceError) return { summary: 'is not what its spell does', differences: [error.message] }
    if (!isCoded(error, 'INVALID_ARGUMENT')) throw error
    return { summary: 'cannot be repeated', differences: error.problems.map(describeProblem) }
  }
}

/** Follows the record to its end through its own spell. */
async function reproduce(recording: Recording, workshop: Workshop): Promise<Answers> {
  const { spell, library, entries } = recording
  const plan = planOf(spell, library, workshop)
  const last = entries.at(-1)
  if (!last || !isTerminal(last)) throw invalid([{ path: 'entries', message: 'have no end' }])
  const digest = digestOfEntries(entries)
  if (last.digest !== digest || last.lastSeq !== entries.length)
    throw invalid([
      {
        path: 'entries',
        message: `are not those that were recorded: the digest is ${digest}, expected ${last.digest}`,
      },
    ])
  const { answers, followed } = await Answers.of(plan, recording)
  if (followed !== entries.length) throw new DivergenceError(followed + 1, 'the run has ended before it')
  return answers
}

/** Runs the spell as it is now: with the recorded inputs, state, chance and time of day, and with the recorded answers where the same is asked. */
async function runAnew(
  recording: Recording,
  answers: Answers,
  file: string,
  workshop: Workshop,
): Promise<readonly string[]> {
  const { document, library } = await loadSpell(file, workshop)
  const plan = planOf(document, library, { registry: answers.within(workshop.registry) })
  const { values, problems = [] } = checkInputs(plan.interface, recording.inputs)
  if (!values) return problems.map(describeProblem)
  const { seed, at, startAt } = startOf(recording.entries)
  const shift = at - Date.now()
  const people = answersOf(recording.entries)
  let begun: Run | undefined
  const { entries } = await perform({
    ...{ plan, inputs: values, state: recording.state, seed, onObserved: answers.observe },
    ...(startAt === undefined ? {} : { startAt }),
    host: { ...workshop.host, now: () => Date.now() + shift },
    onStart(run) {
      begun = run
      answerAgain(run, people)
    },
    onEntry: () => void setImmediate(() => begun && answerAgain(begun, people)),
  })
  return compareRuns(recording.entries, entries)
}

/** What people answered, by node, in order. */
function answersOf(entries: readonly Entry[]): Map<string, Answer[]> {
  const answers = new Map<string, Answer[]>()
  for (const entry of entries)
    if (entry.kind === 'run.answered') answers.set(entry.node, [...(answers.get(entry.node) ?? []), entry])
  return answers
}

/** Answers as was recorded; what was not asked then nobody answers: the run is ended, and differs. */
function answerAgain(run: Run, people: Map<string, Answer[]>): void {
  for (const { activation, node, reason } of run.standing === 'waiting' ? run.waits : []) {
    const answer = people.get(node)?.shift()
    try {
      if (answer) run.answer(activation, toAnswer(answer))
      else if (reason === 'question') run.cancel(`"${node}" asks what was not asked then`)
    } catch (error) {
      run.cancel(`"${node}" does not take what was answered then: ${messageOf(error)}`)
    }
  }
}

function toAnswer({ choice, outputs, value }: Answer): Answer {
  return { choice, ...(outputs === undefined ? {} : { outputs }), ...(value === undefined ? {} : { value }) }
}

function startOf([first]: readonly Entry[]): RunStarted {
  if (first?.kind !== 'run.started') throw invalid([{ path: 'entries[0]', message: 'expected run.started' }])
  return first
}

function describeProblem({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`
}
