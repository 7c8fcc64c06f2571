import { access } from 'node:fs/promises'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import type { Problem } from '#graph/document.ts'
import type { SpellInterface } from '#graph/interface.ts'
import { checkInputs } from '#graph/interface.ts'
import type { TerminalEntry } from '#graph/journal.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { Plan } from '#graph/plan.ts'
import { startsNamed } from '#graph/plan.ts'
import type { Run } from '#graph/run.ts'
import type { ImportReport } from '#importers/importer.ts'
import { invalid } from '#mesh/errors.ts'
import type { RunArguments } from './arguments.ts'
import { Attendant, readLines } from './attendant.ts'
import { Console, describeFailure } from './console.ts'
import { loadSpell, messageOf, readJsonFile } from './files.ts'
import { perform } from './perform.ts'
import { writeRecording } from './recording.ts'
import type { Workshop } from './workshop.ts'

/** `spell run`: what the spell says goes to standard error, what comes of it to standard output. Answers the status. */
export async function runFile(asked: RunArguments, workshop: Workshop): Promise<number> {
  const { plan, document: spell, library, report } = await loadSpell(asked.file, workshop)
  const shown = new Console(text => void process.stderr.write(text))
  if (report) for (const line of describeImport(report)) tell(line)
  const inputs = await readInputs(asked, plan.interface)
  const state = asked.state === undefined ? {} : await readObject(asked.state)
  const { values, problems = [] } = checkInputs(plan.interface, inputs)
  const all = [...problems, ...problemsOfStart(plan, asked.startAt), ...(await problemsOfTarget(asked.record))]
  if (!values || all.length > 0) throw invalid(all)
  const stopping = new Stopping()
  const lines = readLines(process.stdin, text => void process.stderr.write(text))
  const attendant = new Attendant(asked.said, lines, text => void process.stderr.write(text))
  let begun: Run | undefined
  const { terminal, entries } = await perform({
    ...{ plan, inputs: values, state, host: workshop.host, seed: Math.floor(Math.random() * 2 ** 32) },
    ...(asked.startAt === undefined ? {} : { startAt: asked.startAt }),
    onStart(run) {
      begun = run
      stopping.watch(run)
      attendant.look(run)
    },
    onEntry(entry) {
      if (!asked.json) shown.entry(entry)
      if (begun) attendant.look(begun)
    },
    onChunk: chunk => asked.json || shown.chunk(chunk),
  })
  stopping.end()
  lines.close()
  if (asked.record !== undefined) await writeRecording(asked.record, { spell, library, inputs, state, entries })
  if (attendant.problem !== undefined) {
    tell(attendant.problem)
    return 2
  }
  tellEnd(terminal, asked.json, attendant.isDone)
  if (terminal.kind === 'run.cancelled') return attendant.isDone ? 0 : stopping.status
  return terminal.kind === 'run.completed' ? 0 : 1
}

const tell = (text: string): void => void process.stderr.write(`${text}\n`)

/** Cancels a run when the shell says so: from now on until its end. */
class Stopping {
  #run: Run | undefined
  #signal: NodeJS.Signals | undefined

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, this.#onSignal)
  }

  /** 128 and the signal's number, as shells have it. */
  get status(): number {
    return this.#signal === undefined ? 1 : 128 + constants.signals[this.#signal]
  }

  watch(run: Run): void {
    this.#run = run
    if (this.#signal) this.#onSignal(this.#signal)
  }

  end(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, this.#onSignal)
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    this.#signal ??= name
    this.#run?.cancel(`stopped by ${this.#signal}`)
  }
}

/** What `--inputs` holds, and over it what `--input` says. */
async function readInputs({ given, inputs }: RunArguments, { inputs: declared }: SpellInterface): Promise<JsonObject> {
  const values: Values = inputs === undefined ? {} : { ...(await readObject(inputs)) }
  for (const [name, text] of given)
    values[name] = declared.find(input => input.name === name)?.type === 'string' ? text : readValue(text)
  return values
}

function readValue(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

async function readObject(file: string): Promise<JsonObject> {
  const value = await readJsonFile(file)
  if (!isObject(value)) throw invalid([{ path: file, message: 'expected a JSON object' }])
  return value
}

/** Before the run, not after it. */
async function problemsOfTarget(file: string | undefined): Promise<readonly Problem[]> {
  if (file === undefined) return []
  try {
    await access(dirname(file))
    return []
  } catch (error) {
    return [{ path: file, message: `cannot be written: ${messageOf(error)}` }]
  }
}

function problemsOfStart(plan: Plan, startAt: string | undefined): readonly Problem[] {
  if (startAt === undefined || startsNamed(plan, startAt).length > 0) return []
  return [{ path: '--start', message: `no start is called "${startAt}"` }]
}

/** `isPlayed`: it was ended because all had been said: what it gave until then is what came of it. */
function tellEnd(terminal: TerminalEntry, json: boolean, isPlayed: boolean): void {
  const print = (value: Json, indent?: number) =>
    void process.stdout.write(`${JSON.stringify(value, undefined, indent)}\n`)
  switch (terminal.kind) {
    case 'run.completed':
      return json
        ? print({ status: 'completed', outputs: terminal.outputs, state: terminal.state })
        : print(terminal.outputs, 2)
    case 'run.failed':
      return json ? print({ status: 'failed', error: { ...terminal.error } }) : tell(describeFailure(terminal.error))
    case 'run.cancelled': {
      const { reason, outputs = {}, state = {} } = terminal
      if (isPlayed) return json ? print({ status: 'played', outputs, state }) : print(outputs, 2)
      return json ? print({ status: 'cancelled', reason }) : tell(`cancelled: ${reason}`)
    }
  }
}

function describeImport({ format, nodes, notes }: ImportReport): readonly string[] {
  const count = (outcome: string) => nodes.filter(node => node.outcome === outcome).length
  return [
    `imported from ${format}: ${count('mapped')} nodes mapped, ${count('approximated')} approximated, ${count('missing')} missing`,
    ...nodes
      .filter(({ note }) => note !== '')
      .map(({ node, component, outcome, note }) => `  ${component} (${node}) ${outcome}: ${note}`),
    ...notes.map(note => `  ${note}`),
  ]
}
