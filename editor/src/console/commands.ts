import type { NodeSockets, Registry } from '#graph/define.ts'
import type { NodeDocument, SpellDocument } from '#graph/document.ts'
import { interfaceOf } from '#graph/interface.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { socketsOf } from '#graph/registry.ts'
import { checkSchema } from '#graph/schema.ts'
import type { Timeline } from '#graph/timeline.ts'
import type { RunView } from '#graph/view.ts'
import { jsonInWords } from '../media/media.ts'
import { errorBeside, marksOf } from '../timeline/marks.ts'
import { describeEntry } from '../timeline/words.ts'
import { findEntries } from './find.ts'

/** What a console command reaches. */
export interface CommandHost {
  readonly document: SpellDocument
  readonly registry: Registry
  readonly view: RunView
  readonly timeline: Timeline
  /** Number of the entry that the slider stands at. */
  readonly position: number
  /** Why nothing can be run or changed; undefined: it can. */
  readonly fixed: string | undefined
  run(inputs?: JsonObject, startAt?: string): void
  cancel(): void
  pause(): void
  play(step: boolean): void
  /** The status of the run now; undefined: there is none. */
  readonly status: string | undefined
  setConfig(node: string, field: string, value: Json): void
  setValue(node: string, input: string, value: Json): void
  seek(position: number | 'live'): void
  clear(): void
}

/** A line that the console itself prints. */
export interface CommandAnswer {
  readonly level: 'info' | 'error'
  readonly text: string
}

interface Command {
  readonly usage: string
  readonly about: string
  execute(rest: string, host: CommandHost): readonly CommandAnswer[]
}

/** By name, in the order of the help. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  run: {
    usage: 'run [{"input": "value"}]',
    about: 'run the spell, asking for inputs that have no default',
    execute: runWith,
  },
  trigger: { usage: 'trigger <start>', about: 'run the spell from this start node', execute: trigger },
  pause: { usage: 'pause', about: 'let nothing more start', execute: (_, host) => steer(host, 'running', host.pause) },
  play: {
    usage: 'play',
    about: 'let a paused run go on',
    execute: (_, host) => steer(host, 'paused', () => host.play(false)),
  },
  step: {
    usage: 'step',
    about: 'let a paused run go on by one node',
    execute: (_, host) => steer(host, 'paused', () => host.play(true)),
  },
  cancel: {
    usage: 'cancel',
    about: 'stop the run',
    execute: (_, host) => (host.fixed ? [readOnly()] : (host.cancel(), [])),
  },
  set: {
    usage: 'set <node> <field> <value>',
    about: 'change a setting or an unwired input of a node; the value is JSON or plain text',
    execute: setField,
  },
  state: {
    usage: 'state',
    about: 'the state of the spell at the slider',
    execute: (_, { view }) => [info(jsonInWords(view.state, 2))],
  },
  value: { usage: 'value <node>', about: 'the last values of a node at the slider', execute: showValue },
  goto: {
    usage: 'goto <entry>|start|live|error',
    about: 'move the slider',
    execute: goTo,
  },
  find: {
    usage: 'find <text>',
    about: 'go to the next entry that holds the text, in its node, its values or its message',
    execute: find,
  },
  clear: { usage: 'clear', about: 'empty this list of answers', execute: (_, host) => (host.clear(), []) },
  help: { usage: 'help', about: 'this list', execute: () => help() },
}

function help(): CommandAnswer[] {
  return Object.values(COMMANDS).map(({ usage, about }) => info(`${usage.padEnd(31)}${about}`))
}

/** Carries out a console line; answers what to print. Nothing that is typed does harm: every refusal says what was expected. */
export function runCommand(line: string, host: CommandHost): readonly CommandAnswer[] {
  const [, name = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*?)\s*$/.exec(line) ?? []
  if (name === '') return []
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  return (
    command?.execute(rest, host) ?? [error(`no command "${name}"; expected one of ${Object.keys(COMMANDS).join(', ')}`)]
  )
}

function runWith(text: string, host: CommandHost): CommandAnswer[] {
  if (host.fixed) return [readOnly()]
  if (text === '') {
    host.run()
    return []
  }
  const inputs = parse(text)
  if (!isObject(inputs)) return [error('run takes its inputs as a JSON object, e.g. run {"who": "you"}')]
  host.run(inputs)
  return []
}

function trigger(name: string, host: CommandHost): CommandAnswer[] {
  const { starts } = interfaceOf(host.document)
  const known = starts.map(one => one.name).join(', ') || 'none'
  if (name === '') return [error(`${expected('trigger')}; there are ${known}`)]
  if (host.fixed) return [readOnly()]
  const found = starts.find(one => one.name === name || one.node === name)
  if (!found) return [error(`no start "${name}"; there are ${known}`)]
  host.run(undefined, found.node)
  return []
}

function steer(host: CommandHost, status: 'running' | 'paused', act: () => void): CommandAnswer[] {
  if (host.fixed) return [readOnly()]
  const fits = host.status === status || (status === 'running' && host.status === 'waiting')
  if (!fits) return [error(`expected a ${status} run; ${host.status ? `this one is ${host.status}` : 'there is none'}`)]
  act()
  return []
}

function showValue(node: string, { document, view }: CommandHost): CommandAnswer[] {
  if (node === '') return [error(expected('value'))]
  const run = Object.hasOwn(view.nodes, node) ? view.nodes[node] : undefined
  if (run) return [info(jsonInWords(run.outputs, 2))]
  return [Object.hasOwn(document.nodes, node) ? info(`"${node}" has not run`) : unknown(node, document)]
}

function setField(rest: string, host: CommandHost): CommandAnswer[] {
  const [, id = '', field = '', text = ''] = /^(\S+)\s+(\S+)\s+([\s\S]+)$/.exec(rest) ?? []
  if (text === '') return [error(expected('set'))]
  if (host.fixed) return [readOnly()]
  const node = Object.hasOwn(host.document.nodes, id) ? host.document.nodes[id] : undefined
  if (!node) return [unknown(id, host.document)]
  const { settings, inputs } = fieldsOf(node, host)
  const schema = Object.hasOwn(settings, field) ? settings[field] : undefined
  if (!schema && !Object.hasOwn(inputs, field)) {
    const known = [...Object.keys(settings), ...Object.keys(inputs)]
    return [error(`"${id}" has no "${field}"; expected ${known.length > 0 ? `one of ${known.join(', ')}` : 'none'}`)]
  }
  // Text is text, also where it looks like a number; in quotes it is JSON.
  const isText = (schema ? schema.type : inputs[field]?.type) === 'string'
  const value = isText && !text.startsWith('"') ? text : (parse(text) ?? text)
  const [wrong] = schema ? checkSchema(value, schema, field) : []
  if (wrong) return [error(`${wrong.path}: ${wrong.message}`)]
  if (schema) host.setConfig(id, field, value)
  else host.setValue(id, field, value)
  return [info(`${id}.${field} = ${JSON.stringify(value)}`)]
}

/** What can be set of a node: its settings, and its inputs. */
export function fieldsOf(
  node: NodeDocument,
  { registry }: Pick<CommandHost, 'registry'>,
): {
  readonly settings: NonNullable<NonNullable<ReturnType<Registry['get']>>['config']>['properties'] & object
  readonly inputs: NodeSockets['inputs']
} {
  return {
    settings: registry.get(node.type)?.config?.properties ?? {},
    inputs: socketsOf(registry, node)?.inputs ?? {},
  }
}

function goTo(where: string, { timeline, position, seek }: CommandHost): CommandAnswer[] {
  if (timeline.last === 0) return [error('there is no run yet')]
  const wanted = placeOf(where, timeline, position)
  if (wanted === undefined)
    return [
      where === 'error'
        ? info('no entry of this run is an error')
        : error(`${expected('goto')}, an entry from 0 to ${timeline.last}`),
    ]
  seek(wanted)
  return [told(wanted === 'live' ? timeline.last : wanted, timeline)]
}

function placeOf(where: string, timeline: Timeline, position: number): number | 'live' | undefined {
  if (where === 'start') return 0
  if (where === 'live' || where === 'end') return 'live'
  if (where === 'error') return errorBeside(marksOf(timeline), position, 1)
  const seq = Number(where)
  return /^\d+$/.test(where) && seq <= timeline.last ? seq : undefined
}

function find(text: string, { timeline, position, seek }: CommandHost): CommandAnswer[] {
  if (text === '') return [error(expected('find'))]
  const { next, count } = findEntries(timeline, text, position)
  if (next === undefined) return [info(`no entry holds "${text}"`)]
  seek(next)
  return [told(next, timeline), info(`${count} ${count === 1 ? 'entry holds' : 'entries hold'} "${text}"`)]
}

function told(seq: number, timeline: Timeline): CommandAnswer {
  return info(`${seq} / ${timeline.last}  ${describeEntry(timeline.entries[seq - 1], timeline.entries[0]?.at ?? 0)}`)
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function expected(name: keyof typeof COMMANDS): string {
  return `expected: ${COMMANDS[name]?.usage}`
}
function readOnly(): CommandAnswer {
  return error('this is a recorded run: it can be looked at, not run or changed; open its spell for that')
}
function unknown(node: string, document: SpellDocument): CommandAnswer {
  return error(`no node "${node}"; there are ${Object.keys(document.nodes).slice(0, 20).join(', ') || 'none'}`)
}
function info(text: string): CommandAnswer {
  return { level: 'info', text }
}
function error(text: string): CommandAnswer {
  return { level: 'error', text }
}
