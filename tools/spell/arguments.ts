import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Said } from './attendant.ts'

export const USAGE = `usage: npm run spell -- run FILE [--input NAME=VALUE …] [--inputs FILE] [--state FILE] [--record FILE] [--json]
           [--answer NODE=VALUE …] [--message NAME=VALUE …] [--start NAME]
       npm run spell -- test FOLDER   replays the recordings (*.run.json, *.run) below it, and runs the spells beside them
       npm run spell -- check FILE…   tells what is wrong with spells
       npm run spell -- export FILE [--format FORMAT]   gives an imported spell in the format that it came from
       npm run spell -- convert FILE.rivet-recording --project FILE.rivet-project   gives a recording of Rivet as one of ours`

/** What `run` was asked. Paths are absolute. */
export interface RunArguments {
  readonly command: 'run'
  readonly file: string
  /** Values by name, as texts. */
  readonly given: readonly (readonly [name: string, text: string])[]
  readonly inputs: string | undefined
  readonly state: string | undefined
  readonly record: string | undefined
  readonly json: boolean
  /** What the run is told while it waits or listens. */
  readonly said: Said
  /** The `flow/start` to begin at. */
  readonly startAt: string | undefined
}

export type Arguments =
  | RunArguments
  | { readonly command: 'test'; readonly folder: string }
  | { readonly command: 'check'; readonly files: readonly string[] }
  | { readonly command: 'export'; readonly file: string; readonly format: string }
  | { readonly command: 'convert'; readonly file: string; readonly project: string }
  | { readonly command: 'help' }

/** The command line is not one that is understood here. */
export class WrongUse extends Error {}

const TEXT = { type: 'string' } as const
const RUN_OPTIONS = {
  input: { type: 'string', multiple: true },
  inputs: TEXT,
  state: TEXT,
  record: TEXT,
  json: { type: 'boolean' },
  answer: { type: 'string', multiple: true },
  message: { type: 'string', multiple: true },
  start: TEXT,
} as const

/** Reads the command line. `--from FOLDER` in front says what paths are relative to. Throws {@link WrongUse}. */
export function readArguments(args: readonly string[]): Arguments {
  const [folder = process.cwd(), rest] = args[0] === '--from' ? [args[1], args.slice(2)] : [undefined, args]
  const [command, ...more] = rest
  const path = (given: string) => resolve(folder, given)
  switch (command) {
    case 'run':
      return readRun(more, path)
    case 'test': {
      const [first, ...others] = positionalsOf(more)
      if (first === undefined || others.length > 0) throw new WrongUse('"test" expects one folder')
      return { command, folder: path(first) }
    }
    case 'check': {
      const files = positionalsOf(more)
      if (files.length === 0) throw new WrongUse('"check" expects at least one file')
      return { command, files: files.map(path) }
    }
    case 'export': {
      const { values, positionals } = understood(() =>
        parseArgs({ args: [...more], options: { format: TEXT }, allowPositionals: true }),
      )
      const [file, ...others] = positionals
      if (file === undefined || others.length > 0) throw new WrongUse('"export" expects one file')
      return { command, file: path(file), format: values.format ?? '' }
    }
    case 'convert': {
      const { values, positionals } = understood(() =>
        parseArgs({ args: [...more], options: { project: TEXT }, allowPositionals: true }),
      )
      const [file, ...others] = positionals
      if (file === undefined || others.length > 0 || values.project === undefined)
        throw new WrongUse('"convert" expects one file, and --project FILE')
      return { command, file: path(file), project: path(values.project) }
    }
    case 'help':
    case '--help':
    case '-h':
      return { command: 'help' }
    default:
      throw new WrongUse(command === undefined ? 'expected a command' : `there is no command "${command}"`)
  }
}

function readRun(args: readonly string[], path: (given: string) => string): RunArguments {
  const { values, positionals } = understood(() =>
    parseArgs({ args: [...args], options: RUN_OPTIONS, allowPositionals: true }),
  )
  const [file, ...more] = positionals
  if (file === undefined) throw new WrongUse('"run" expects a file')
  // `--input a=1 b=2`: what follows the first is meant alike.
  const texts = [...(values.input ?? []), ...more]
  const { answer = [], message = [] } = values
  const wrong = [...texts, ...answer, ...message].filter(text => text.indexOf('=') < 1)
  if (wrong.length > 0)
    throw new WrongUse(`expected NAME=VALUE, got ${wrong.map(text => JSON.stringify(text)).join(', ')}`)
  const optional = (given: string | undefined) => (given === undefined ? undefined : path(given))
  return {
    command: 'run',
    file: path(file),
    given: texts.map(toPair),
    inputs: optional(values.inputs),
    state: optional(values.state),
    record: optional(values.record),
    json: values.json ?? false,
    said: { answers: answer.map(toPair), messages: message.map(toPair) },
    startAt: values.start,
  }
}

function toPair(text: string): readonly [name: string, text: string] {
  return [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]
}

function positionalsOf(args: readonly string[]): readonly string[] {
  return understood(() => parseArgs({ args: [...args], options: {}, allowPositionals: true })).positionals
}

function understood<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
      throw new WrongUse(error.message)
    throw error
  }
}
