import type { InPort, Making, OutPort, Piece } from './piece.ts'
import { noted, textOf, titled } from './piece.ts'

/** A port that a piece of code gives. */
export interface CodeOut {
  readonly name: string
  readonly kind?: OutPort['kind']
  /** It may give none, and then nothing after it runs. `lazy`: only where what it reads may be absent. */
  readonly conditional?: boolean | 'lazy'
}

/** What {@link codePiece} is made of. */
export interface CodeParts {
  readonly ins: readonly string[]
  /** Those that may be absent. */
  readonly settles?: readonly string[]
  /** Those that are texts. */
  readonly texts?: readonly string[]
  readonly outs: readonly CodeOut[]
  /** Reads `v`, the values by port; returns an object with those of the outputs. */
  readonly body: string
  /** Stands before all, on the first line, so that lines of a person's code keep their numbers. */
  readonly head?: string
  readonly note?: string | undefined
}

const FLOW_IN = new Set(['in'])
const FLOW_OUT = new Set(['out', 'error', 'failure'])

/** Flow and data sockets have one space of names here: a port that is called like a flow socket gets another one. */
const apart = (taken: ReadonlySet<string>, name: string) => (taken.has(name) ? `${name} (value)` : name)
const flagOf = (name: string) => `${name} ran`

/** A node of code that does what a node of Rivet does. */
export function codePiece(making: Making, parts: CodeParts): Piece {
  const { id, node } = making
  const { ins, outs, body, head = '', settles = [], texts = [] } = parts
  const taken = new Set(ins.map(name => apart(FLOW_IN, name)))
  const conditional = outs.filter(one => one.conditional).map(one => one.name)
  const outputs = [...new Set([...outs.map(one => apart(FLOW_OUT, one.name)), ...conditional.map(flagOf)])]
  const code = [
    head,
    ...(ins.some(name => FLOW_IN.has(name)) ? [RENAMED_INPUTS] : ['const v = inputs']),
    `const found = await (async () => {\n${body}\n})()`,
    `return ${toResult(outs, conditional)}`,
  ]
    .filter(Boolean)
    .join('\n')
  return {
    nodes: { [id]: { type: 'code/javascript', ...titled(node), config: { code, inputs: [...taken], outputs } } },
    inputs: Object.fromEntries(
      ins.map((name): [string, InPort] => [
        name,
        {
          end: `${id}.${apart(FLOW_IN, name)}`,
          ...(settles.includes(name) ? { mayBeAbsent: true } : {}),
          ...(texts.includes(name) ? { wants: 'text' } : {}),
        },
      ]),
    ),
    outputs: Object.fromEntries(
      outs.map((one): [string, OutPort] => [
        one.name,
        {
          end: `${id}.${apart(FLOW_OUT, one.name)}`,
          ...(one.kind ? { kind: one.kind } : {}),
          ...(one.conditional
            ? { when: { flag: `${id}.${flagOf(one.name)}`, side: 'yes', isLazy: one.conditional === 'lazy' } }
            : {}),
        },
      ]),
    ),
    flow: { in: `${id}.in`, out: `${id}.out` },
    ...noted(parts.note),
  }
}

const RENAMED_INPUTS =
  "const { 'in (value)': own, ...others } = inputs, v = own === undefined ? others : { ...others, in: own }"

function toResult(outs: readonly CodeOut[], conditional: readonly string[]): string {
  const renamed = outs.filter(({ name }) => FLOW_OUT.has(name))
  const names = renamed.map(({ name }) => `${JSON.stringify(apart(FLOW_OUT, name))}: found[${JSON.stringify(name)}]`)
  const flags = conditional.map(name => `${JSON.stringify(flagOf(name))}: ${JSON.stringify(name)} in found`)
  return names.length + flags.length === 0 ? 'found' : `{ ${['...found', ...names, ...flags].join(', ')} }`
}

/** What Rivet's own code node gets and gives: `{type, value}` by port. */
export function userCode(making: Making): Piece {
  const { data } = making.node
  const source = textOf(data, 'code')
  const [ins, outs] = [namesOf(data['inputNames']), namesOf(data['outputNames'])]
  const mayExclude = source.includes('control-flow-excluded')
  return codePiece(making, {
    ins,
    outs: outs.map(name => ({ name, kind: 'mixed', conditional: mayExclude })),
    head: `const code = inputs => { ${source}\n}`,
    body: [
      TYPED,
      'const given = code(Object.fromEntries(Object.entries(v).map(([name, value]) => [name, { type: typeOf(value), value }])))',
      "if (typeof given !== 'object' || given === null || typeof given.then === 'function') throw new Error('the code must return an object with output values')",
      `const missing = ${JSON.stringify(outs)}.filter(name => !(name in given))`,
      "if (missing.length > 0) throw new Error(`the code must return values for all outputs: ${missing.join(', ')}`)",
      "return Object.fromEntries(Object.entries(given).flatMap(([name, one]) => one?.type === 'control-flow-excluded' ? [] : [[name, one?.value ?? null]]))",
    ].join('\n'),
    note: usesHost(source) ? 'its code uses what the sandbox has not: network, files or modules' : undefined,
  })
}

const TYPED = `const typeOf = value => Array.isArray(value) ? (value.length > 0 ? typeOf(value[0]) : 'any') + '[]' : value === null ? 'any' : typeof value`

function usesHost(source: string): boolean {
  return /\b(fetch|require|process|Rivet|XMLHttpRequest)\s*[(.]|\bimport\s*\(/.test(source)
}

function namesOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return [...new Set(list.flatMap(one => (typeof one === 'string' && one.trim() !== '' ? [one.trim()] : [])))]
}
